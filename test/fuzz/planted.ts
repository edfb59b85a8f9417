// Targets with known faults: a campaign has to find each of them.

import { mutateBytes } from '../../fuzz/mutate-bytes.ts'
import type { Target } from '../../fuzz/target.ts'

const planted = (name: string, run: Target['run']): Target => ({
  name,
  seeds: [Buffer.from('{"a":1}')],
  limitMs: 4000,
  weight: 1,
  mutate: mutateBytes,
  run,
})

export const targets: readonly Target[] = [
  planted('sound', input => `length ${input.length}`),
  planted('throws', input => {
    if (input.length > 9) throw new RangeError('read past the end')
    return 'read'
  }),
  planted('hangs', input => {
    while (input.length < 4);
    return 'read'
  }),
  planted('swallows memory', input => {
    const all: unknown[] = []
    while (input[0] !== 0x7b) all.push(new Array(10_000).fill(all.length))
    return 'read'
  }),
]

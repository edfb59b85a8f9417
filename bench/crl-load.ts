// crl-load.ts FOLDER READER ENTRIES: loads the list of a folder, watches the event loop meanwhile, and tells its parent what it cost.
import { setTimeout as sleep } from 'node:timers/promises'
import { serialAt } from '../test/support/large-crl.ts'
import type { CrlReader } from './crl-readers/reader.ts'

export interface CrlFigures {
  readonly loadMs: number
  readonly longestPauseMs: number
  /** octets of buffers and of the heap that stay */
  readonly bytes: number
  readonly residentBytes: number
  readonly lookupUs: number
}

const [, , folder = '.', name = 'countersign', entries = '0'] = process.argv
const { reader } = (await import(`./crl-readers/${name}.ts`)) as { reader: CrlReader }
await settle()
const before = process.memoryUsage()

// A timer that should come each millisecond: how late it comes is how long nobody was served.
let last = performance.now()
let longest = 0
const watch = setInterval(() => {
  const now = performance.now()
  longest = Math.max(longest, now - last)
  last = now
}, 1)
const start = performance.now()
const listed = await reader.read(folder)
const loadMs = performance.now() - start
await sleep(5)
clearInterval(watch)

await settle()
const after = process.memoryUsage()
process.send?.({
  loadMs,
  longestPauseMs: longest,
  bytes: after.arrayBuffers + after.heapUsed - before.arrayBuffers - before.heapUsed,
  residentBytes: after.rss - before.rss,
  lookupUs: lookUps(),
} satisfies CrlFigures)

/** Microseconds of one look-up: serial numbers all over the list, every other one not in it. */
function lookUps(): number {
  const size = Number(entries)
  const indexes = Array.from({ length: reader.lookUps }, (_, i) => (i % 2) * size + ((i * 7919) % size))
  const serials = indexes.map(serialAt)
  const begin = performance.now()
  const found = serials.filter(listed).length
  const us = ((performance.now() - begin) / serials.length) * 1000
  if (found !== reader.lookUps / 2) throw new Error(`${name} found ${found} of ${reader.lookUps / 2} serial numbers`)
  return us
}

async function settle(): Promise<void> {
  for (let i = 0; i < 3; i++) {
    globalThis.gc?.()
    await sleep(50)
  }
}

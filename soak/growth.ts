export interface Sample {
  readonly seconds: number
  readonly rssMegabytes: number
  readonly handles: number
}

/**
 * What grew, in words; nothing when nothing did. The first third is left out: caches fill, and code is compiled. Of what is left, the
 * middle value of the last half is compared with that of the first: a leak grows by its nature, a heap goes up and down.
 */
export function growth(samples: readonly Sample[]): string[] {
  const settled = samples.slice(Math.ceil(samples.length / 3))
  if (settled.length < 4) return []
  const half = Math.floor(settled.length / 2)
  const [first, last] = [settled.slice(0, half), settled.slice(-half)]
  const faults: string[] = []
  const memory = [first, last].map(part => median(part.map(({ rssMegabytes }) => rssMegabytes)))
  if (memory[1]! > memory[0]! * 1.15 + 8)
    faults.push(`memory grew from ${memory[0]!.toFixed(0)} to ${memory[1]!.toFixed(0)} MB`)
  const handles = [first, last].map(part => median(part.map(sample => sample.handles)))
  if (handles[1]! > handles[0]! * 1.2 + 10) faults.push(`handles grew from ${handles[0]} to ${handles[1]}`)
  return faults
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!
}

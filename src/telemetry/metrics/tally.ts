import { Counter, type Registry } from 'prom-client'

/** Counts by the values of its labels, each look-up a Map's: cheap enough for every request. Poured into prom-client when scraped. */
export interface Tally {
  add(...labels: string[]): void
}

export interface TallySource {
  readonly name: string
  readonly help: string
  readonly labels: readonly string[]
  /** label values that are there, at 0, from the start: a rate of something that never happened yet is 0, not absent */
  readonly zero?: readonly (readonly string[])[]
}

/** Labels carry no more than this many different combinations; what comes after is counted under `other`. */
const limit = 200

export function createTally(registry: Registry, { name, help, labels, zero = [] }: TallySource): Tally {
  const counts = new Map<string, { values: readonly string[]; count: number }>()
  const entry = (values: readonly string[]) => {
    const key = values.length === 1 ? values[0]! : values.join('\n')
    const found = counts.get(key)
    if (found !== undefined) return found
    if (counts.size >= limit && values[0] !== 'other') return entry(labels.map(() => 'other'))
    const made = { values, count: 0 }
    counts.set(key, made)
    return made
  }
  for (const values of zero) entry(values)
  if (labels.length === 0) entry([])
  new Counter({
    name,
    help,
    labelNames: labels,
    registers: [registry],
    collect() {
      this.reset()
      for (const { values, count } of counts.values()) this.labels(...values).inc(count)
    },
  })
  return {
    add(...values) {
      entry(values).count++
    },
  }
}

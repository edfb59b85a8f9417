import { Counter, type Registry } from 'prom-client'

/**
 * Counts by the values of its labels. A tree of maps, because this is called for every request, where joining the labels to one key would
 * cost more than everything else. Poured into prom-client when somebody scrapes.
 */
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

/** Different combinations of labels; what comes after is counted under `other`. A bound for mistakes: labels are few by design. */
const limit = 200

interface Node {
  readonly below: Map<string, Node>
  count: number
}

export function createTally(registry: Registry, { name, help, labels, zero = [] }: TallySource): Tally {
  const root: Node = { below: new Map(), count: 0 }
  const counted: { readonly values: readonly string[]; readonly node: Node }[] = []

  function leaf(values: readonly string[]): Node {
    let node = root
    for (const value of values) {
      const next = node.below.get(value)
      if (next === undefined) return grow(values)
      node = next
    }
    return node
  }

  function grow(values: readonly string[]): Node {
    if (counted.length >= limit && values.some(value => value !== 'other')) return leaf(values.map(() => 'other'))
    let node = root
    for (const value of values) {
      const next = node.below.get(value) ?? { below: new Map(), count: 0 }
      node.below.set(value, next)
      node = next
    }
    counted.push({ values, node })
    return node
  }

  for (const values of zero) leaf(values)
  if (labels.length === 0) counted.push({ values: [], node: root })
  new Counter({
    name,
    help,
    labelNames: labels,
    registers: [registry],
    collect() {
      this.reset()
      for (const { values, node } of counted) this.labels(...values).inc(node.count)
    },
  })
  return {
    add(...values) {
      leaf(values).count++
    },
  }
}

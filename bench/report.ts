import type { Sample } from './measure.ts'

/** One figure of Countersign beside the same figure of a peer. */
export interface Metric {
  readonly name: string
  readonly unit: string
  readonly value: number
  readonly peer: string
  /** median of the rounds' ratios: Countersign's value by the peer's of the same round */
  readonly ratio: number
}

const product = 'countersign'

export const unitOf = (metric: string): string =>
  metric === 'idle connection' ? 'KiB' : metric === 'most memory resident' ? 'MiB' : 'µs CPU'

export function metricsOf(samples: readonly Sample[]): Metric[] {
  const names = [...new Set(samples.map(({ metric }) => metric))]
  const peers = [...new Set(samples.map(({ server }) => server))].filter(server => server !== product)
  return names.flatMap(name =>
    peers.flatMap(peer => {
      const own = rounds(samples, name, product)
      const others = rounds(samples, name, peer)
      const ratios = [...own].flatMap(([round, value]) => (others.has(round) ? value / others.get(round)! : []))
      if (ratios.length === 0) return []
      return { name, unit: unitOf(name), value: round3(median([...own.values()])), peer, ratio: round3(median(ratios)) }
    }),
  )
}

/** The medians of all servers, and Countersign's ratio to each peer. */
export function table(samples: readonly Sample[]): string {
  const metrics = metricsOf(samples)
  const servers = [...new Set(samples.map(({ server }) => server))]
  const head = ['', 'unit', ...servers, ...servers.filter(name => name !== product).map(name => `/ ${name}`)]
  const rows = [...new Set(samples.map(({ metric }) => metric))].map(name => [
    name,
    unitOf(name),
    ...servers.map(server => median([...rounds(samples, name, server).values()]).toFixed(1)),
    ...metrics.filter(metric => metric.name === name).map(({ ratio }) => ratio.toFixed(2)),
  ])
  const widths = head.map((_, i) => Math.max(...[head, ...rows].map(row => (row[i] ?? '').length)))
  const line = (row: readonly string[]) =>
    row.map((cell, i) => (i < 2 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  ')
  return [head, ...rows].map(line).join('\n')
}

function rounds(samples: readonly Sample[], metric: string, server: string): Map<number, number> {
  const own = samples.filter(sample => sample.metric === metric && sample.server === server)
  return new Map(own.map(({ round, value }) => [round, value]))
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

const round3 = (value: number): number => Math.round(value * 1000) / 1000

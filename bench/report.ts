import type { Sample } from './measure/sample.ts'
import { type Aim, aims, figures, loads, type Metric, twoProcesses } from './metrics.ts'
import type { Site } from './site.ts'

export interface Machine {
  readonly date: string
  readonly cpu: string
  readonly kernel: string
  /** of one minute, before the benchmark */
  readonly load: number
  readonly rounds: number
}

/** What one server needed, over the rounds. */
export interface Figure {
  readonly id: string
  readonly name: string
  readonly unit: Metric['unit']
  readonly server: string
  readonly median: number
  readonly least: number
  readonly most: number
  /** medians of what the clients saw: milliseconds, operations per second, the share of a CPU that the client itself was busy */
  readonly seen?: {
    readonly p50: number
    readonly p99: number
    readonly perSecond: number
    readonly clientBusy: number
  }
}

/** One figure of Countersign beside the same figure of a peer. */
export interface Comparison {
  readonly id: string
  readonly name: string
  readonly unit: Metric['unit']
  readonly value: number
  readonly peer: string
  /** median of the rounds' ratios: Countersign's value by the peer's of the same round */
  readonly ratio: number
}

export interface Result {
  readonly machine: Machine
  /** name -> what it is, with its line of OpenSSL */
  readonly servers: Readonly<Record<string, string>>
  readonly figures: readonly Figure[]
  readonly metrics: readonly Comparison[]
  readonly aims: readonly (Aim & { readonly name: string; readonly measured: number | null; readonly met: boolean })[]
  /** what could not be measured */
  readonly failures: readonly string[]
}

const product = 'countersign'
const known: readonly Metric[] = [...Object.values(loads), ...twoProcesses, ...Object.values(figures)]

export function report(machine: Machine, site: Site, samples: readonly Sample[]): Result {
  const measured = known.filter(({ id }) => samples.some(({ metric }) => metric.id === id))
  const servers = Object.fromEntries(site.versions)
  const metrics = measured.flatMap(metric => comparisons(metric, Object.keys(servers), samples))
  return {
    machine,
    servers,
    figures: measured.flatMap(metric => figuresOf(metric, Object.keys(servers), samples)),
    metrics,
    aims: aims.map(aim => judged(aim, metrics, samples)),
    failures: site.failures,
  }
}

function figuresOf({ id, name, unit }: Metric, servers: readonly string[], samples: readonly Sample[]): Figure[] {
  return servers.flatMap(server => {
    const own = samples.filter(sample => sample.metric.id === id && sample.server === server)
    if (own.length === 0) return []
    const values = own.map(({ value }) => value)
    const seen = own.flatMap(sample => sample.seen ?? [])
    const of = (pick: (one: (typeof seen)[number]) => number) => rounded(median(seen.map(pick)))
    return {
      id,
      name,
      unit,
      server,
      median: rounded(median(values)),
      least: rounded(Math.min(...values)),
      most: rounded(Math.max(...values)),
      ...(seen.length > 0 && {
        seen: {
          p50: of(({ p50 }) => p50),
          p99: of(({ p99 }) => p99),
          perSecond: of(({ perSecond }) => perSecond),
          clientBusy: of(({ clientBusy }) => clientBusy),
        },
      }),
    }
  })
}

function comparisons({ id, name, unit }: Metric, servers: readonly string[], samples: readonly Sample[]): Comparison[] {
  const own = byRound(samples, id, product)
  return servers.flatMap(peer => {
    const others = byRound(samples, id, peer)
    const ratios = [...own].flatMap(([round, value]) => (others.has(round) ? value / others.get(round)! : []))
    if (peer === product || ratios.length === 0) return []
    return { id, name, unit, value: rounded(median([...own.values()])), peer, ratio: rounded(median(ratios)) }
  })
}

function judged(aim: Aim, metrics: readonly Comparison[], samples: readonly Sample[]): Result['aims'][number] {
  const { id, peer, atMost = Number.POSITIVE_INFINITY, atLeast = Number.NEGATIVE_INFINITY } = aim
  const own = [...byRound(samples, id, product).values()]
  const alone = own.length === 0 ? undefined : rounded(median(own))
  const measured = peer === undefined ? alone : metrics.find(one => one.id === id && one.peer === peer)?.ratio
  const { name } = known.find(metric => metric.id === id)!
  const met = measured !== undefined && measured <= atMost && measured >= atLeast
  return { ...aim, name, measured: measured ?? null, met }
}

function byRound(samples: readonly Sample[], id: string, server: string): Map<number, number> {
  const own = samples.filter(sample => sample.metric.id === id && sample.server === server)
  return new Map(own.map(({ round, value }) => [round, value]))
}

/** Who took part, and the medians of all servers with Countersign's ratio to each. */
export function table({ machine, servers, figures, metrics, failures }: Result): string {
  const names = Object.keys(servers)
  const peers = names.filter(name => name !== product)
  const ids = [...new Set(figures.map(({ id }) => id))]
  const rows = ids.map(id => {
    const own = figures.filter(figure => figure.id === id)
    const value = (server: string) => own.find(figure => figure.server === server)?.median
    const ratio = (peer: string) => metrics.find(metric => metric.id === id && metric.peer === peer)?.ratio
    return [
      id,
      own[0]!.name,
      own[0]!.unit,
      ...names.map(name => value(name)?.toFixed(1) ?? '-'),
      ...peers.map(name => ratio(name)?.toFixed(2) ?? '-'),
    ]
  })
  const head = ['', '', 'unit', ...names, ...peers.map(name => `/ ${name}`)]
  return [
    `${machine.date.slice(0, 10)}, ${machine.cpu}, Linux ${machine.kernel}, load ${machine.load.toFixed(1)}; medians of ${machine.rounds} rounds`,
    ...Object.values(servers).map(version => `  ${version}`),
    ...failures.map(failure => `  not measured: ${failure.split('\n')[0]}`),
    '',
    ...aligned([head, ...rows], 3),
  ].join('\n')
}

/** How the clients saw it when they asked as fast as they could. A busy client says that it was the client that set the pace. */
export function seenTable({ figures }: Result): string {
  const rows = figures.flatMap(({ id, name, server, seen }) =>
    seen === undefined
      ? []
      : [
          [
            id,
            name,
            server,
            seen.perSecond.toFixed(0),
            seen.p50.toFixed(2),
            seen.p99.toFixed(2),
            `${(100 * seen.clientBusy).toFixed(0)} %`,
          ],
        ],
  )
  return aligned([['', '', '', 'per second', 'p50 ms', 'p99 ms', 'client busy'], ...rows], 3).join('\n')
}

/** The aims, and what came of them. */
export function aimTable({ aims }: Result): string {
  const rows = aims.map(({ id, name, peer, atMost, atLeast, measured, met }) => [
    id,
    name,
    peer === undefined ? '' : `/ ${peer}`,
    atMost === undefined ? `≥ ${atLeast}` : `≤ ${atMost.toFixed(2)}`,
    measured === null ? '-' : measured.toFixed(2),
    measured === null ? '' : met ? 'met' : 'missed',
  ])
  return aligned([['', 'aim', '', '', 'measured', ''], ...rows], 3).join('\n')
}

/** Columns of one width each; the first ones hold words. */
function aligned(rows: readonly (readonly string[])[], words: number): string[] {
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map(row => (row[i] ?? '').length)))
  const cell = (text: string, i: number) => (i < words ? text.padEnd(widths[i]!) : text.padStart(widths[i]!))
  return rows.map(row => row.map(cell).join('  ').trimEnd())
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

const rounded = (value: number): number => Math.round(value * 1000) / 1000

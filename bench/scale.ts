// npm run bench -- scale [--scale F] [--rounds N] [--json FILE] [--plot FILE.svg]: what it costs to know many. See README.md.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { publish } from './program.ts'
import { makeClients, ScaleHome, type Size } from './scale/home.ts'
import { type Figures, measure } from './scale/measure.ts'
import { scalePlot } from './scale/plot.ts'

export interface ScaleRow {
  /** what grew, or `all` */
  readonly grown: keyof Size | 'all'
  readonly size: Size
  readonly figures: Figures
}

const smallest: Size = { users: 10_000, bindings: 10_000, allowed: 10_000, pinned: 1_000 }
const largest: Size = { users: 10_000_000, bindings: 1_000_000, allowed: 1_000_000, pinned: 100_000 }

/** Prints a row for each size. */
export async function benchScale(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      scale: { type: 'string', default: '1' },
      rounds: { type: 'string', default: '3' },
      only: { type: 'string', default: 'users,all,bindings,allowed,pinned' },
      json: { type: 'string' },
      plot: { type: 'string' },
    },
  })
  const most = scaled(largest, Number(values.scale))
  const folder = mkdtempSync(join(tmpdir(), 'countersign-bench-'))
  const clients = makeClients(most.users)
  const program = publish('countersign', join(import.meta.dirname, '..'), folder)
  const rows: ScaleRow[] = []
  const load = loadavg()[0]!.toFixed(1)
  const machine = `${cpus()[0]?.model ?? 'CPU'}, ${availableParallelism()} cores, load ${load}, Node ${process.version}`
  tell(`${machine}\n\n${heading}`)
  const step = async (home: ScaleHome, grown: ScaleRow['grown'], size: Size) => {
    home.grow(size)
    const row = {
      grown,
      size,
      figures: await measure({ file: home.file, port: home.port, program }, clients, Number(values.rounds)),
    }
    rows.push(row)
    tell(line(row))
  }
  try {
    const wanted = values.only.split(',')
    for (const grown of ['users', 'bindings', 'allowed', 'pinned'] as const) {
      if (!wanted.includes(grown)) continue
      const home = await ScaleHome.make(join(folder, grown), clients)
      for (const value of powers(smallest[grown], most[grown])) await step(home, grown, { ...smallest, [grown]: value })
      // The ten million are there already.
      if (grown === 'users' && wanted.includes('all')) await step(home, 'all', most)
      home.remove()
    }
    if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify({ machine, rows }, null, 2)}\n`)
    if (values.plot !== undefined) writeFileSync(values.plot, scalePlot(machine, rows))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const heading = `| what grows | users | bindings | allow-list | pinned leaves | start, ms | CPU of it, ms | memory at start, MB | after the logins, MB | decision, first time, µs | decision again, µs | login, µs |
|---|---|---|---|---|---|---|---|---|---|---|---|`

function line({ grown, size, figures }: ScaleRow): string {
  const { users, bindings, allowed, pinned } = size
  const { start, startCpu, startMemory, memory, firstDecision, decision, login } = figures
  const sizes = [users, bindings, allowed, pinned].map(value => value.toLocaleString('en'))
  const costs = [start, startCpu, startMemory, memory, firstDecision, decision, login].map(value => value.toFixed(0))
  return `| ${[grown, ...sizes, ...costs].join(' | ')} |`
}

function* powers(from: number, to: number): Generator<number> {
  for (let value = from; value <= to; value *= 10) yield value
}

function scaled({ users, bindings, allowed, pinned }: Size, by: number): Size {
  const least = (value: number, floor: number) => Math.max(floor, Math.round(value * by))
  return {
    users: least(users, smallest.users),
    bindings: least(bindings, smallest.bindings),
    allowed: least(allowed, smallest.allowed),
    pinned: least(pinned, smallest.pinned),
  }
}

function tell(text: string): void {
  process.stdout.write(`${text}\n`)
}

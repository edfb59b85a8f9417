import { pathToFileURL } from 'node:url'
import { Worker } from 'node:worker_threads'
import { allocateShared, type Count, type Found, flag, type Order, type Progress, viewShared } from './shared.ts'
import type { Target } from './target.ts'

export interface CampaignOptions {
  /** file that exports `targets` */
  readonly file: string
  readonly seed: number
  readonly milliseconds: number
  /** names of targets; empty: all */
  readonly only?: readonly string[]
  readonly executions?: number
  /** heap of the thread, default 1024 */
  readonly megabytes?: number
  onFinding?(finding: Finding): void
}

export interface Finding {
  readonly target: string
  readonly index: number
  readonly input: Buffer
  /** the first lines of what was thrown, or that it hung or ran out of memory */
  readonly what: string
}

export interface Report {
  readonly counts: Readonly<Record<string, Count>>
  readonly findings: readonly Finding[]
}

const mostFindings = 25

/**
 * Feeds mutated inputs to the targets in a thread that is watched. An input on which a target hangs or runs out of memory is a finding;
 * that target is left out from there on, and the others go on.
 */
export async function campaign(options: CampaignOptions): Promise<Report> {
  const module = pathToFileURL(options.file).href
  const { targets } = (await import(module)) as { targets: readonly Target[] }
  const counts: Record<string, Count> = {}
  const findings = new Map<string, Finding>()
  const end = performance.now() + options.milliseconds
  const from: Record<string, number> = {}
  const left = new Set(
    targets.map(({ name }) => name).filter(name => !options.only?.length || options.only.includes(name)),
  )

  function found(finding: Finding): void {
    const [first = '', second = ''] = finding.what.split('\n')
    const key = `${finding.target} ${first} ${second}`
    if (findings.has(key)) return
    findings.set(key, finding)
    options.onFinding?.(finding)
  }

  /** Until the time is over, or the thread has to be ended. */
  function oneWorker(): Promise<void> {
    const memory = allocateShared()
    const shared = viewShared(memory)
    const before = { ...counts }
    const done = () => Object.values(counts).reduce((sum, { executions }) => sum + executions, 0)
    const executions = (options.executions ?? Number.MAX_SAFE_INTEGER) - done()
    const order: Order = { memory, module, seed: options.seed, only: [...left], from, executions }
    const worker = new Worker(new URL('worker.ts', import.meta.url), {
      workerData: order,
      resourceLimits: { maxOldGenerationSizeMb: options.megabytes ?? 1024 },
    })
    const current = (): Omit<Finding, 'what'> => {
      const target = targets[shared.flags[flag.target]!]!.name
      const index = shared.flags[flag.index]!
      return { target, index, input: Buffer.from(shared.input.slice(0, shared.flags[flag.length])) }
    }
    return new Promise<void>((resolve, reject) => {
      const leaveOut = (what: string) => {
        clearInterval(watch)
        const finding = { ...current(), what }
        left.delete(finding.target)
        for (const name of Object.keys(counts)) from[name] = counts[name]!.executions
        found(finding)
      }
      const watch = setInterval(() => {
        if (performance.now() > end || findings.size >= mostFindings) Atomics.store(shared.flags, flag.stop, 1)
        if (Atomics.load(shared.flags, flag.running) === 0) return
        const took = Date.now() - shared.began[0]!
        const { name, limitMs } = targets[shared.flags[flag.target]!]!
        if (took < limitMs) return
        leaveOut(`hung: more than ${limitMs} ms in ${name}`)
        void worker.terminate()
      }, 50)
      worker.on('message', (message: Progress | Found) => {
        if (message.kind === 'found') {
          const { target, index, what } = message
          return found({ target, index, what, input: Buffer.from(message.input) })
        }
        for (const [name, count] of Object.entries(message.counts)) counts[name] = sum(before[name], count)
      })
      worker.on('error', error => {
        if ((error as NodeJS.ErrnoException).code !== 'ERR_WORKER_OUT_OF_MEMORY') return reject(error)
        leaveOut('ran out of memory')
      })
      worker.on('exit', () => {
        clearInterval(watch)
        resolve()
      })
    })
  }

  const enough = () => {
    const done = Object.values(counts).reduce((sum, { executions }) => sum + executions, 0)
    return performance.now() > end || done >= (options.executions ?? Number.POSITIVE_INFINITY)
  }
  do await oneWorker()
  while (!enough() && findings.size < mostFindings && left.size > 0)
  return { counts, findings: [...findings.values()] }
}

function sum(before: Count | undefined, now: Count): Count {
  if (before === undefined) return now
  return {
    executions: before.executions + now.executions,
    kept: Math.max(before.kept, now.kept),
    slowestMs: Math.max(before.slowestMs, now.slowestMs),
  }
}

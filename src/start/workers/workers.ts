import type { Log } from '../../log.ts'
import type { Events } from '../../telemetry/events/events.ts'
import type { CheckResult } from '../../telemetry/metrics/management.ts'
import type { ListenerFacts } from '../open-server.ts'
import type { InTurn } from '../turns.ts'
import { watchAnswers } from './watch-answers.ts'
import type { WorkerProcess } from './worker-process.ts'

export interface WorkersSource {
  readonly count: number
  /** Starts a worker and waits until it listens. */
  launch(number: number): Promise<WorkerProcess>
  /** Told of each that is no more, however it ended. */
  onGone(worker: WorkerProcess): void
  /** No worker begins while a reload is under way: it would go without it. */
  readonly inTurn: InTurn
  readonly events: Pick<Events, 'workerEnded'>
  readonly log: Log
}

export interface Workers extends AsyncDisposable {
  readonly listeners: readonly ListenerFacts[]
  /** those that take connections */
  running(): readonly WorkerProcess[]
  /** All take over what they read now, or none does: throws why. Call it in turn. */
  reload(): Promise<void>
  /** Puts a new one in the place of each, one after the other, and no sooner than it listens. Throws, and stops, when one does not start. Call it in turn. */
  renew(): Promise<void>
  stop(): Promise<void>
}

/** Milliseconds in which the connections of a worker that makes way may end by themselves. */
const drainMs = 5_000
const firstDelay = 100
const longestDelay = 30_000
/** A worker that lived for so long starts anew without a delay that grew before. */
const steady = 60_000

/** Starts the workers: the first alone, since it makes what is not there yet. Throws what keeps one of them from starting. */
export async function startWorkers(source: WorkersSource): Promise<Workers> {
  const { count, launch, onGone, inTurn, events, log } = source
  const workers = new Map<number, WorkerProcess>()
  const alive = new Set<WorkerProcess>()
  const failures = new Map<number, number>()
  const waiting = new Set<NodeJS.Timeout>()
  const hung = new WeakMap<WorkerProcess, string>()
  let stopping = false
  let watch: Disposable | undefined

  async function begin(number: number): Promise<WorkerProcess> {
    const worker = await launch(number)
    log.info({ worker: number, pid: worker.pid }, 'a worker serves')
    const before = workers.get(number)
    workers.set(number, worker)
    alive.add(worker)
    void worker.ended.then(how => {
      alive.delete(worker)
      onGone(worker)
      // One that made way is another one's predecessor by now.
      if (workers.get(number) !== worker) return
      workers.delete(number)
      const reason = hung.get(worker) ?? how
      if (performance.now() - worker.since > steady) failures.delete(number)
      if (!stopping) again(number, reason)
    })
    await before?.stop(drainMs)
    return worker
  }

  function again(number: number, reason: string): void {
    const failed = failures.get(number) ?? 0
    failures.set(number, failed + 1)
    const delay = Math.min(firstDelay * 2 ** failed, longestDelay)
    events.workerEnded({ worker: number, reason, restartSeconds: delay / 1000 })
    const timer = setTimeout(() => {
      waiting.delete(timer)
      inTurn(async () => {
        if (!stopping) await begin(number)
      }).catch(error => again(number, error instanceof Error ? error.message : String(error)))
    }, delay)
    waiting.add(timer)
  }

  const running = () => [...workers.values()]

  async function stop(): Promise<void> {
    stopping = true
    watch?.[Symbol.dispose]()
    for (const timer of waiting) clearTimeout(timer)
    await Promise.all([...alive].map(worker => worker.stop(0)))
  }

  const first = await begin(1)
  try {
    await Promise.all(Array.from({ length: count - 1 }, (_, i) => begin(i + 2)))
  } catch (error) {
    await stop()
    throw error
  }

  watch = watchAnswers(running, (worker, seconds) => {
    hung.set(worker, `no answer for ${seconds} s`)
    worker.kill()
  })
  return {
    listeners: first.listeners,
    running,
    async reload() {
      const all = running()
      const prepared = await Promise.allSettled(all.map(worker => worker.prepare()))
      const failed = prepared.find(({ status }) => status === 'rejected')
      if (failed !== undefined) {
        await Promise.allSettled(all.map(worker => worker.drop()))
        throw (failed as PromiseRejectedResult).reason
      }
      const taken = await Promise.allSettled(all.map(worker => worker.take()))
      // What was prepared everywhere is in force: one that has not come along must not serve what was before.
      for (const [i, { status }] of taken.entries()) if (status === 'rejected') all[i]!.kill()
    },
    async renew() {
      for (const { number } of running()) await begin(number)
    },
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

/** What the workers say of themselves: those that serve have to be ready, and one has to be there. */
export async function checkWorkers(workers: Pick<Workers, 'running'>, count: number): Promise<WorkersState> {
  const running = workers.running()
  const told = await Promise.all(running.map(async worker => ({ worker, ...(await worker.checks()) })))
  const failed = told.flatMap(({ worker, checks }) =>
    Object.entries(checks).flatMap(([name, { ok, detail }]) =>
      ok ? [] : [`worker ${worker.number}: ${name}: ${detail ?? 'not passed'}`],
    ),
  )
  const missing = running.length < count ? [`${running.length} of ${count} workers serve`] : []
  const detail = [...missing, ...failed].join('\n')
  return {
    serving: { ok: running.length > 0 && failed.length === 0, ...(detail === '' ? {} : { detail }) },
    alarms: [...new Set(told.flatMap(({ alarms }) => alarms))],
  }
}

export interface WorkersState {
  readonly serving: CheckResult
  readonly alarms: readonly string[]
}

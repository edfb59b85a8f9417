import cluster from 'node:cluster'
import type { CheckResult } from '../../telemetry/metrics/management.ts'
import type { Snapshot } from '../../telemetry/metrics/merged-metrics.ts'
import type { ListenerFacts } from '../open-server.ts'
import { type Answers, openChannel } from './channel.ts'

/** Says to a process that it is a worker, and which. */
export const workerVariable = 'COUNTERSIGN_WORKER'

/** A worker as the process sees it that looks after it. What it cannot do throws what it threw there, or ERR_WORKER. */
export interface WorkerProcess {
  readonly number: number
  readonly pid: number
  readonly listeners: readonly ListenerFacts[]
  /** when it began, as `performance.now` has it */
  readonly since: number
  /** as it last told them */
  readonly counted: Snapshot
  /** how far another one has counted */
  tellEpoch(epoch: number): Promise<unknown>
  /** Rejects when it does not answer in time. */
  alive(): Promise<unknown>
  checks(): Promise<WorkerChecks>
  metrics(): Promise<Snapshot>
  /** Reads the configuration, and makes everything of it that can fail. */
  prepare(): Promise<unknown>
  /** Puts what was prepared in force. */
  take(): Promise<unknown>
  drop(): Promise<unknown>
  /** Lets it take no new connections, and end when those there are have ended; by force when that takes too long. */
  stop(drainMs: number): Promise<void>
  kill(): void
  /** how it ended: a signal, or an exit code */
  readonly ended: Promise<string>
}

/** What a worker begins with. */
export interface WorkerStart {
  readonly ticketKey: string
  /** how far the others have counted */
  readonly epoch: number
}

export interface WorkerChecks {
  readonly checks: Readonly<Record<string, CheckResult>>
  readonly alarms: readonly string[]
}

const patience = { begin: 60_000, look: 2_000, reload: 60_000, stop: 20_000, end: 2_000 }

/** Starts the same program with the same arguments as a worker, and waits until it listens. Throws what keeps it from that. */
export async function launchWorker(number: number, start: WorkerStart, answers: Answers): Promise<WorkerProcess> {
  const worker = cluster.fork({ [workerVariable]: String(number) })
  const child = worker.process
  const channel = openChannel({ send: (message, done) => child.send(message, done), on: child.on.bind(child) }, answers)
  // A channel that breaks is told as an error as well; what counts is that the process ends.
  worker.on('error', () => {})
  const ended = new Promise<string>(resolve => {
    worker.once('exit', (code, signal) => {
      channel.close()
      resolve(signal ?? `exit code ${code}`)
    })
  })
  const ask = (what: string, milliseconds: number, ...values: unknown[]) => channel.ask(what, values, milliseconds)
  const since = performance.now()
  let counted: Snapshot = []
  const metrics = async (): Promise<Snapshot> => {
    counted = (await ask('metrics', patience.look)) as Snapshot
    return counted
  }
  try {
    const listeners = (await ask('begin', patience.begin, number, start)) as ListenerFacts[]
    return {
      number,
      pid: child.pid!,
      listeners,
      since,
      get counted() {
        return counted
      },
      metrics,
      tellEpoch: epoch => ask('epoch', patience.look, epoch),
      alive: () => ask('alive', patience.look),
      checks: () => ask('checks', patience.look) as Promise<WorkerChecks>,
      prepare: () => ask('prepare', patience.reload),
      take: () => ask('take', patience.reload),
      drop: () => ask('drop', patience.reload),
      async stop(drainMs) {
        try {
          await ask('stop', patience.stop + drainMs, drainMs)
          await metrics()
          // It ends when nobody is there any more whom it works for.
          child.disconnect()
        } catch {
          child.kill('SIGKILL')
        }
        const late = setTimeout(() => child.kill('SIGKILL'), patience.end)
        await ended
        clearTimeout(late)
      },
      kill: () => void child.kill('SIGKILL'),
      ended,
    }
  } catch (error) {
    child.kill('SIGKILL')
    await ended
    throw error
  }
}

import type { Clock } from '../../clock.ts'
import type { LoadedConfiguration } from '../../config/load.ts'
import { openMaterial } from '../../config/material.ts'
import { createLog } from '../../log.ts'
import { runChecks } from '../../telemetry/metrics/management.ts'
import { takeSnapshot } from '../../telemetry/metrics/merged-metrics.ts'
import { openServer, type PreparedReload, type Server, type SharedEpoch } from '../open-server.ts'
import { openChannel } from './channel.ts'
import { askForSessions } from './sessions.ts'
import { type WorkerStart, workerVariable } from './worker-process.ts'

/** Whether this process was started as a worker. */
export function isWorker(): boolean {
  return process.env[workerVariable] !== undefined && process.send !== undefined
}

/**
 * Serves as one of several processes, and does what the one that looks after them says. Never fulfilled: the process ends when the channel to
 * that one does, whether that one let it go or is no more.
 */
export async function serveAsWorker(loaded: LoadedConfiguration, { clock }: { clock: Clock }): Promise<never> {
  const stack = new AsyncDisposableStack()
  let server: Server | undefined
  let prepared: PreparedReload | undefined
  let told = (_epoch: number): void => {}
  // Who does not hear it is going to end.
  const tellEpoch = (value: number) => void channel.ask('epoch', [value], 5_000).catch(() => {})
  // A terminal and the system's own service manager send these to all processes: when to stop is said by one.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR2'] as const) process.on(signal, () => {})

  const channel = openChannel(
    { send: (message, done) => process.send!(message, done), on: process.on.bind(process) },
    {
      async begin(number: number, { ticketKey, epoch: known }: WorkerStart) {
        const log = createLog(loaded.value.log.level, undefined, { worker: number })
        const epoch: SharedEpoch = {
          known,
          tell: tellEpoch,
          onTold(listener) {
            told = listener
          },
        }
        const shared = { ticketKey, epoch, ...askForSessions(channel) }
        server = await openServer(loaded, await openMaterial(loaded, clock, 'join'), stack, { clock, log, shared })
        return server.listeners
      },
      async checks() {
        return { checks: await runChecks(server!.checks), alarms: server!.alarms }
      },
      epoch: (value: number) => told(value),
      alive: () => true,
      metrics: () => takeSnapshot(server!.metrics),
      async prepare() {
        await prepared?.drop()
        const next = await loaded.again()
        prepared = await server!.prepare(next, await openMaterial(next, clock, 'reload'))
      },
      async take() {
        const ready = prepared
        prepared = undefined
        await ready!.take()
      },
      async drop() {
        const ready = prepared
        prepared = undefined
        await ready?.drop()
      },
      async stop(drainMs: number) {
        await server!.close({ drainMs })
        await stack.disposeAsync()
      },
    },
  )
  return new Promise<never>(() => {})
}

import cluster from 'node:cluster'
import { type Clock, systemClock } from '../../clock.ts'
import type { LoadedConfiguration } from '../../config/load.ts'
import { openMaterial } from '../../config/material.ts'
import { createLog, type Log } from '../../log.ts'
import { prepareSocket } from '../../server/tls/proxy-sockets.ts'
import { startManagement } from '../../telemetry/metrics/management.ts'
import { createMergedMetrics, takeSnapshot } from '../../telemetry/metrics/merged-metrics.ts'
import { needsFullRestart } from '../needs-restart.ts'
import { openReloading } from '../open-reloading.ts'
import { verdict } from '../open-server.ts'
import { openTelemetry, tellExpiries } from '../open-telemetry.ts'
import { keyForWorkers } from '../open-tickets.ts'
import { workerCount } from '../options.ts'
import type { RunningServer } from '../start.ts'
import { createTurns } from '../turns.ts'
import { holdSessions } from './sessions.ts'
import { launchWorker, type WorkerProcess } from './worker-process.ts'
import { checkWorkers, startWorkers } from './workers.ts'

export interface SupervisedServer extends RunningServer {
  /** Puts a new worker in the place of each, one after the other: connections are taken all the while. */
  renew(cause: string): Promise<'reloaded' | 'refused'>
}

/**
 * Serves in several processes and looks after them. This one listens for the management only, and does nothing for a request: it opens the
 * ports, which the workers accept from by themselves; it reads the files that change, and says when all of them take them over. Throws what
 * `start` throws, once.
 */
export async function supervise(
  loaded: LoadedConfiguration,
  surroundings: { readonly clock?: Clock; readonly log?: Log } = {},
): Promise<SupervisedServer> {
  const { clock = systemClock, log = createLog(loaded.value.log.level) } = surroundings
  const material = await openMaterial(loaded, clock)
  const ticketKey = keyForWorkers(loaded, material, clock)
  /** those that make way for others included */
  const alive = new Set<WorkerProcess>()
  // As open-identity.ts has it where one process serves alone.
  let epoch = clock.now()
  const answers = {
    ...holdSessions(clock),
    epoch(value: number) {
      if (value <= epoch) return
      epoch = value
      for (const worker of alive) worker.tellEpoch(value).catch(() => {})
    },
  }
  const launch = async (number: number) => {
    const worker = await launchWorker(number, { ticketKey, epoch }, answers)
    alive.add(worker)
    // It may have risen meanwhile.
    worker.tellEpoch(epoch).catch(() => {})
    return worker
  }
  const { warnings } = material
  await using stack = new AsyncDisposableStack()
  const { events, metrics, audit } = await openTelemetry(loaded, stack, { clock, log })
  metrics.setNotServing()
  tellExpiries(material, metrics)
  // One queue at the port, from which whoever has time takes: round-robin hands each connection from process to process, and with a queue
  // for each (SO_REUSEPORT) a worker that ends takes those along that wait in its own.
  cluster.schedulingPolicy = cluster.SCHED_NONE
  // `undefined` goes through as such, and binary values as well.
  cluster.setupPrimary({ serialization: 'advanced' })
  for (const socket of material.proxies.sockets) await prepareSocket(socket)
  const count = workerCount(loaded.value.workers)
  const inTurn = createTurns()
  const merged = createMergedMetrics(async () => [
    await takeSnapshot(metrics),
    ...(await Promise.all([...alive].map(worker => worker.metrics().catch(() => worker.counted)))),
  ])
  const workers = stack.use(
    await startWorkers({
      count,
      launch,
      onGone(worker) {
        alive.delete(worker)
        merged.keep(worker.counted)
      },
      inTurn,
      events,
      log,
    }),
  )
  const reloading = await openReloading(loaded, stack, {
    clock,
    log,
    events,
    inTurn,
    async takeOver(_next, nextMaterial) {
      await workers.reload()
      tellExpiries(nextMaterial, metrics)
    },
  })
  const own = () => (reloading.alarm === undefined ? [] : [reloading.alarm.message])
  metrics.watchAlarms(() => own().length)
  let looking: ReturnType<typeof checkWorkers> | undefined
  const look = () => {
    looking ??= checkWorkers(workers, count).finally(() => {
      looking = undefined
    })
    return looking
  }
  const checks = {
    workers: async () => (await look()).serving,
    // What is broken serves on in the state before it: the server stays ready.
    reload: async () => {
      const detail = [...own(), ...(await look()).alarms].join('\n')
      return { ok: true, ...(detail === '' ? {} : { detail }) }
    },
    ...(audit === undefined ? {} : { audit: () => verdict(audit.state.failure) }),
  }
  const { enabled, address, port } = loaded.value.management
  const management = enabled
    ? stack.use(await startManagement({ address, port, metrics: merged, checks, log }))
    : undefined
  const { listeners } = workers
  for (const warning of warnings) log.warn({}, warning)
  events.serverStarted({ listeners })

  const everything = stack.move()
  let stopping: Promise<void> | undefined
  const stop = (reason: string): Promise<void> => {
    stopping ??= workers.stop().then(() => {
      events.serverStopped({ reason })
      return everything.disposeAsync()
    })
    return stopping
  }
  return {
    listeners,
    management,
    reload: cause => reloading.reload(cause),
    renew: cause => reloading.reload(cause, { takeOver: () => workers.renew(), waits: needsFullRestart }),
    stop,
    [Symbol.asyncDispose]: () => stop('disposed'),
  }
}

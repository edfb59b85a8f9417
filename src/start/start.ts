import { type Clock, systemClock } from '../clock.ts'
import type { LoadedConfiguration } from '../config/load.ts'
import { openMaterial } from '../config/material.ts'
import { createLog, type Log } from '../log.ts'
import { startManagement } from '../telemetry/metrics/management.ts'
import { openReloading } from './open-reloading.ts'
import { type Front, type ListenerFacts, openServer, ownListeners } from './open-server.ts'
import { createTurns } from './turns.ts'

export interface RunningServer extends AsyncDisposable {
  readonly listeners: readonly ListenerFacts[]
  readonly management: { readonly address: string; readonly port: number } | undefined
  /** Reads the configuration and all that it names again. Never throws: what is wrong is told, and changes nothing. */
  reload(cause: string): Promise<'reloaded' | 'refused'>
  /** Takes no new connections, lets requests in flight end, then closes everything. */
  stop(reason: string): Promise<void>
}

export interface Surroundings {
  readonly clock?: Clock
  readonly log?: Log
}

/** Serves in this process. Throws ConfigError with all problems, and what a room throws that cannot start. */
export async function start(
  loaded: LoadedConfiguration,
  surroundings: Surroundings = {},
  front: Front = ownListeners,
): Promise<RunningServer> {
  const { clock = systemClock, log = createLog(loaded.value.log.level) } = surroundings
  const { keys } = front
  const material = await openMaterial(loaded, clock, 'start', keys)
  await using stack = new AsyncDisposableStack()
  const server = await openServer(loaded, material, stack, { clock, log, front })
  const { listeners, events, metrics } = server
  const reloading = await openReloading(loaded, stack, {
    clock,
    log,
    events,
    keys,
    inTurn: createTurns(),
    takeOver: async (next, nextMaterial) => (await server.prepare(next, nextMaterial)).take(),
  })
  const { reload } = reloading
  // What is broken serves on in the state before it: the server stays ready.
  const alarms = () => [...(reloading.alarm === undefined ? [] : [reloading.alarm.message]), ...server.alarms]
  metrics.watchAlarms(() => alarms().length)
  const { enabled, address, port } = loaded.value.management
  const checks = {
    ...server.checks,
    reload: () => ({ ok: true, ...(alarms().length > 0 && { detail: alarms().join('\n') }) }),
  }
  const management = enabled ? stack.use(await startManagement({ address, port, metrics, checks, log })) : undefined
  for (const warning of material.warnings) log.warn({}, warning)
  events.serverStarted({ listeners })

  const everything = stack.move()
  let stopping: Promise<void> | undefined
  const stop = (reason: string): Promise<void> => {
    stopping ??= server.close().then(() => {
      events.serverStopped({ reason })
      return everything.disposeAsync()
    })
    return stopping
  }
  return { listeners, management, reload, stop, [Symbol.asyncDispose]: () => stop('disposed') }
}

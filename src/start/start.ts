import { type Clock, systemClock } from '../clock.ts'
import type { LoadedConfiguration } from '../config/load.ts'
import { type KeyNeed, openMaterial } from '../config/material.ts'
import { namedFiles } from '../config/named-files.ts'
import { watchFiles } from '../config/watch.ts'
import { CodedError } from '../errors.ts'
import { createLog, type Log } from '../log.ts'
import { type Check, startManagement } from '../telemetry/metrics/management.ts'
import { needsRestart } from './needs-restart.ts'
import { type DoorListener, openDoors } from './open-doors.ts'
import { type Identity, openIdentity } from './open-identity.ts'
import { openTelemetry, type Telemetry, tellExpiries } from './open-telemetry.ts'
import { openTickets } from './open-tickets.ts'

export interface RunningServer extends AsyncDisposable {
  readonly listeners: readonly ListenerFacts[]
  readonly management: { readonly address: string; readonly port: number } | undefined
  /** Reads the configuration and all that it names again. Never throws: what is wrong is told, and changes nothing. */
  reload(cause: string): Promise<'reloaded' | 'refused'>
  /** Takes no new connections, lets requests in flight end, then closes everything. */
  stop(reason: string): Promise<void>
}

export type ListenerFacts = Omit<DoorListener, 'close'>

export interface Surroundings {
  readonly clock?: Clock
  readonly log?: Log
}

/** Where clients come in. */
export interface Front {
  readonly openDoors: typeof openDoors
  /** whether each listener has to have a key */
  readonly keys: KeyNeed
}

const ownListeners: Front = { openDoors, keys: 'required' }

/** Wires the rooms together and serves. Throws ConfigError with all problems, and what a room throws that cannot start. */
export async function start(
  loaded: LoadedConfiguration,
  surroundings: Surroundings = {},
  front: Front = ownListeners,
): Promise<RunningServer> {
  const { clock = systemClock, log = createLog(loaded.value.log.level) } = surroundings
  const material = await openMaterial(loaded, clock, 'start', front.keys)
  await using stack = new AsyncDisposableStack()
  const telemetry = await openTelemetry(loaded, stack, { clock, log })
  const { events, metrics } = telemetry
  const identity = await openIdentity(loaded, material, stack, { clock, events, log })
  const tickets = await openTickets(loaded, material, stack, { ...identity, clock, log })
  const doors = await front.openDoors(loaded, material, stack, { ...identity, ...telemetry, tickets, clock, log })
  /** why the last reload was refused: the state before it serves on, so that the server stays ready */
  let alarm: CodedError | undefined
  let reloading: Promise<unknown> = Promise.resolve()
  const alarms = () => [
    ...(alarm === undefined ? [] : [alarm.message]),
    ...(identity.chain.names.length === 0 ? ['every authenticator is switched off: nobody is let in'] : []),
    ...identity.revocation.brokenFiles,
  ]
  metrics.watchAlarms(() => alarms().length)
  const checks = { reload: () => ({ ok: true, ...(alarms().length > 0 && { detail: alarms().join('\n') }) }) }
  const management = await openManagement(loaded, stack, identity, telemetry, checks, log)
  const { watch: watching, pollSeconds } = loaded.value.reload
  const watch =
    watching === 'off'
      ? undefined
      : stack.use(
          await watchFiles({
            files: namedFiles(loaded),
            poll: pollSeconds * 1000,
            onChange: async files => void (await reload(files.join(', '))),
          }),
        )
  const listeners = doors.listeners.map(({ name, address, port, clientAuth }) => ({ name, address, port, clientAuth }))
  for (const warning of material.warnings) log.warn({}, warning)
  tellExpiries(material, metrics)
  events.serverStarted({ listeners })

  // One after the other: a signal may come while the watch is at it.
  function reload(cause: string): Promise<'reloaded' | 'refused'> {
    const reloaded = reloading.then(() => takeOver(cause))
    reloading = reloaded
    return reloaded
  }

  async function takeOver(cause: string): Promise<'reloaded' | 'refused'> {
    try {
      // What changes from here on is seen as a change again.
      await watch?.note()
      const next = await loaded.again()
      await watch?.replace(namedFiles(next))
      const nextMaterial = await openMaterial(next, clock, 'reload', front.keys)
      for (const key of needsRestart(loaded.value, next.value)) log.warn({ key }, 'this change waits for a restart')
      // Everything that can fail comes before the first thing that changes.
      const authenticators = identity.prepare(next.value, nextMaterial)
      const endpoints = doors.prepare(next, nextMaterial, authenticators.names)
      await identity.revocation.replace(nextMaterial.revocation)
      authenticators.take()
      endpoints.take()
      for (const warning of nextMaterial.warnings) log.warn({}, warning)
      tellExpiries(nextMaterial, metrics)
      alarm = undefined
      events.reloadSucceeded({ cause })
      return 'reloaded'
    } catch (error) {
      alarm = error instanceof CodedError ? error : new CodedError('ERR_INTERNAL', String(error), { cause: error })
      const remedy = error instanceof CodedError ? (error.remedy ?? null) : null
      events.reloadFailed({ cause: error instanceof Error ? error.message : String(error), file: loaded.file, remedy })
      return 'refused'
    }
  }

  const everything = stack.move()
  let stopping: Promise<void> | undefined
  const stop = (reason: string): Promise<void> => {
    stopping ??= Promise.all(doors.listeners.map(listener => listener.close())).then(() => {
      events.serverStopped({ reason })
      return everything.disposeAsync()
    })
    return stopping
  }
  return { listeners, management, reload, stop, [Symbol.asyncDispose]: () => stop('disposed') }
}

async function openManagement(
  { value }: LoadedConfiguration,
  stack: AsyncDisposableStack,
  { storage }: Identity,
  { audit, metrics }: Telemetry,
  furtherChecks: Readonly<Record<string, Check>>,
  log: Log,
): Promise<RunningServer['management']> {
  const { enabled, address, port } = value.management
  if (!enabled) return undefined
  const checks = {
    users: () => verdict(storage.changes.failure),
    ...furtherChecks,
    ...(audit === undefined ? {} : { audit: () => verdict(audit.state.failure) }),
  }
  return stack.use(await startManagement({ address, port, metrics, checks, log }))
}

function verdict(failure: CodedError | undefined): { ok: boolean; detail?: string } {
  return failure === undefined ? { ok: true } : { ok: false, detail: failure.message }
}

import type { Clock } from '../clock.ts'
import type { LoadedConfiguration } from '../config/load.ts'
import type { KeyNeed, Material } from '../config/material.ts'
import type { CodedError } from '../errors.ts'
import type { Awaitable } from '../identity/authn/awaitable.ts'
import type { PasswordSessions } from '../identity/authn/password-sessions.ts'
import type { Sessions } from '../identity/authn/sessions.ts'
import type { Log } from '../log.ts'
import type { Check } from '../telemetry/metrics/management.ts'
import { type DoorListener, openDoors } from './open-doors.ts'
import { openIdentity } from './open-identity.ts'
import { openTelemetry, type Telemetry, tellExpiries } from './open-telemetry.ts'
import { openTickets } from './open-tickets.ts'

/** What serves, alone in its process or as one of several. */
export interface Server extends Telemetry {
  readonly listeners: readonly ListenerFacts[]
  /** what it takes to be ready */
  readonly checks: Readonly<Record<string, Check>>
  /** What somebody should look at, though it serves: files whose last good state is in force, or that nobody is let in. */
  readonly alarms: readonly string[]
  /** Makes everything of another configuration that can fail. Changes nothing yet; throws when it cannot be. */
  prepare(next: LoadedConfiguration, material: Material): Promise<PreparedReload>
  /** Takes no new connections, and lets go of those there are: see `Listener.close`. */
  close(options?: { drainMs?: number }): Promise<void>
}

export interface PreparedReload {
  take(): Promise<void>
  drop(): Promise<void>
}

export type ListenerFacts = Omit<DoorListener, 'close'>

/** Where clients come in. */
export interface Front {
  readonly openDoors: typeof openDoors
  /** whether each listener has to have a key */
  readonly keys: KeyNeed
}

export const ownListeners: Front = { openDoors, keys: 'required' }

/** What several processes have in common. */
export interface Shared {
  /** what the secret of session tickets is kept under */
  readonly ticketKey: string
  readonly sessions: Awaitable<Sessions>
  readonly passwordSessions: Awaitable<PasswordSessions>
  readonly epoch: SharedEpoch
}

/** The trust epoch of all: who is told of it outside sees it rise, whichever process answers. */
export interface SharedEpoch {
  /** how far the others have counted */
  readonly known: number
  tell(epoch: number): void
  onTold(listener: (epoch: number) => void): void
}

/** Wires the rooms together, and listens. Everything ends with `stack`. */
export async function openServer(
  loaded: LoadedConfiguration,
  opened: Material,
  stack: AsyncDisposableStack,
  { clock, log, shared, front = ownListeners }: { clock: Clock; log: Log; shared?: Shared; front?: Front },
): Promise<Server> {
  const material = shared === undefined ? opened : { ...opened, ticketKey: shared.ticketKey }
  const telemetry = await openTelemetry(loaded, stack, { clock, log })
  const { events, metrics, audit } = telemetry
  const identity = await openIdentity(loaded, material, stack, { clock, events, log, shared })
  const tickets = await openTickets(loaded, material, stack, { ...identity, clock, log })
  const source = { ...identity, ...telemetry, tickets, shared, clock, log }
  const doors = await front.openDoors(loaded, material, stack, source)
  const { revocation, storage, chain } = identity
  const alarms = () => [
    ...(chain.names.length === 0 ? ['every authenticator is switched off: nobody is let in'] : []),
    ...revocation.brokenFiles,
  ]
  metrics.watchAlarms(() => alarms().length)
  tellExpiries(material, metrics)
  return {
    ...telemetry,
    listeners: doors.listeners.map(({ name, address, port, clientAuth, sockets }) => ({
      name,
      address,
      port,
      clientAuth,
      ...(sockets && { sockets }),
    })),
    checks: {
      users: () => verdict(storage.changes.failure),
      ...(audit === undefined ? {} : { audit: () => verdict(audit.state.failure) }),
    },
    get alarms() {
      return alarms()
    },
    async prepare(next, nextMaterial) {
      const authenticators = identity.prepare(next.value, nextMaterial)
      const endpoints = await doors.prepare(next, nextMaterial, authenticators.names)
      return {
        async take() {
          await revocation.replace(nextMaterial.revocation)
          authenticators.take()
          endpoints.take()
          tellExpiries(nextMaterial, metrics)
        },
        drop: () => endpoints.drop(),
      }
    },
    async close(options) {
      await Promise.all(doors.listeners.map(listener => listener.close(options)))
    },
  }
}

/** A check that passes while nothing has failed. */
export function verdict(failure: CodedError | undefined): { ok: boolean; detail?: string } {
  return failure === undefined ? { ok: true } : { ok: false, detail: failure.message }
}

import { readFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import type { Clock } from '../clock.ts'
import type { LoadedConfiguration } from '../config/load.ts'
import type { ListenerMaterial, Material } from '../config/material.ts'
import { createGatewayKeep } from '../endpoints/gateway/kept.ts'
import { createEndpoints, type Endpoints } from '../endpoints/routes.ts'
import type { Log } from '../log.ts'
import { type Listener, type ListenerSource, openListener } from '../server/tls/listener.ts'
import { prepareSocket } from '../server/tls/proxy-sockets.ts'
import { hasKeys } from '../server/tls/server-identity.ts'
import type { TicketKeys } from '../server/tls/ticket-keys.ts'
import { createDoorways } from './doorways.ts'
import type { Identity } from './open-identity.ts'
import type { Shared } from './open-server.ts'
import type { Telemetry } from './open-telemetry.ts'

/** The listeners, and what answers behind them. */
export interface Doors {
  readonly listeners: readonly DoorListener[]
  /** Makes what answers from a new configuration with these authenticators. Changes nothing yet; throws when it cannot be. */
  prepare(loaded: LoadedConfiguration, material: Material, authenticators: readonly string[]): Promise<PreparedDoors>
}

export interface DoorListener extends Pick<Listener, 'name' | 'address' | 'port' | 'close'> {
  readonly clientAuth: string
  /** paths of the sockets of proxies; left out: there are none */
  readonly sockets?: readonly string[]
}

export interface PreparedDoors {
  /** Puts new keys, trust and endpoints in the place of the old, from the next handshake and request on. */
  take(): void
  /** They are not to be had. */
  drop(): Promise<void>
}

export interface DoorsSource extends Identity, Telemetry {
  readonly tickets: TicketKeys
  readonly shared: Shared | undefined
  readonly clock: Clock
  readonly log: Log
}

/** Listens. What answers can be replaced while requests go on. */
export async function openDoors(
  loaded: LoadedConfiguration,
  material: Material,
  stack: AsyncDisposableStack,
  source: DoorsSource,
): Promise<Doors> {
  const { chain, directory, epoch, events, metrics, clock, log } = source
  const { sessions, passwordSessions, login } = source
  const version = await ownVersion()
  const { authenticate, claimedBy } = chain
  const keep = createGatewayKeep()
  const endpointsOf = (
    { value, folder }: LoadedConfiguration,
    { routes, proxies }: Material,
    names: readonly string[],
  ): Promise<Endpoints> => {
    const { keyFile = source.shared && keysBeside(value.tickets.secretFile), ...assertion } = value.assertion
    const { 'mutual-tls': mutualTls, basic } = value.authenticators
    const { usernameHeader } = mutualTls
    return createEndpoints({
      chain: { names, authenticate, claimedBy },
      keep,
      routes,
      assertion: { ...assertion, ...(keyFile === undefined ? {} : { keyFile: resolve(folder, keyFile) }) },
      assertionHeaders: [usernameHeader.name],
      scim: { options: value.scim, directory, events },
      soap: {
        options: value.soap,
        sessions,
        passwordSessions,
        directory,
        login,
        passwords: basic.enabled ? basic : undefined,
        usernameHeader: usernameHeader.name,
        version,
        events,
      },
      proxyHeaders: proxies.headers,
      epoch,
      clock,
      events,
      log,
    })
  }

  let endpoints = await endpointsOf(loaded, material, chain.names)
  stack.defer(() => endpoints.close())
  const doorways = createDoorways(loaded, material, stack, source)
  const socketsOf = (name: string) => material.proxies.sockets.filter(({ listener }) => listener === name)
  const open = async (each: ListenerMaterial): Promise<Listener> => {
    const { identities } = each
    if (!hasKeys(identities)) throw new Error('a listener without a key got as far as here')
    const { terms, lead } = doorways.add(each)
    const sockets = socketsOf(terms.options.name)
    // Of several processes the one that looks after them makes the sockets.
    if (source.shared === undefined) for (const socket of sockets) await prepareSocket(socket)
    const serve: ListenerSource['serve'] = exchange => endpoints.serve(exchange)
    const listener = await openListener({ ...terms, identities, sockets, serve })
    lead(listener)
    stack.defer(() => listener.close({ graceMs: 0 }))
    metrics.watchConnections(listener.name, () => listener.connections().length)
    return listener
  }
  const listeners: Listener[] = []
  for (const each of material.listeners) listeners.push(await open(each))

  return {
    listeners: listeners.map((listener, i) => {
      const paths = socketsOf(listener.name).map(({ path }) => path)
      const { clientAuth } = material.listeners[i]!.options
      return { ...listener, clientAuth, ...(paths.length > 0 && { sockets: paths }) }
    }),
    async prepare(changed, nextMaterial, names) {
      const next = await endpointsOf(changed, nextMaterial, names)
      return {
        take() {
          const before = endpoints
          endpoints = next
          doorways.replace(changed, nextMaterial)
          before
            .close()
            .catch(error => log.error({ err: error }, 'closing the upstreams of the old configuration failed'))
        },
        drop: () => next.close(),
      }
    },
  }
}

/** Keys that no file holds would be those of one process, and upstreams know one set: they are where other secrets are kept. */
function keysBeside(file: string): string {
  return join(dirname(file), 'assertion-keys.json')
}

async function ownVersion(): Promise<string> {
  return JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8')).version
}

import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Clock } from '../clock.ts'
import type { LoadedConfiguration } from '../config/load.ts'
import type { ListenerMaterial, Material } from '../config/material.ts'
import { createGatewayKeep } from '../endpoints/gateway/kept.ts'
import { renderProblem } from '../endpoints/problems/problem-page.ts'
import { createEndpoints, type Endpoints } from '../endpoints/routes.ts'
import { createStapler } from '../identity/revocation/stapler.ts'
import { createTrust, type ReplaceableTrust } from '../identity/trust/create-trust.ts'
import type { Log } from '../log.ts'
import { createForwarding, type Forwarding } from '../server/proxies/forwarding.ts'
import { type Listener, openListener } from '../server/tls/listener.ts'
import type { TicketKeys } from '../server/tls/ticket-keys.ts'
import type { Identity } from './open-identity.ts'
import type { Telemetry } from './open-telemetry.ts'
import { ticketPolicy } from './open-tickets.ts'

/** The listeners, and what answers behind them. */
export interface Doors {
  readonly listeners: readonly (Listener & { readonly clientAuth: string })[]
  /** Makes what answers from a new configuration with these authenticators. Changes nothing yet; throws when it cannot be. */
  prepare(loaded: LoadedConfiguration, material: Material, authenticators: readonly string[]): Endpoints
  /** Puts new keys, trust and endpoints in the place of the old, from the next handshake and request on. */
  replace(endpoints: Endpoints, loaded: LoadedConfiguration, material: Material): void
}

export interface DoorsSource extends Identity, Telemetry {
  readonly tickets: TicketKeys
  readonly clock: Clock
  readonly log: Log
}

interface Door {
  readonly listener: Listener
  readonly trust: ReplaceableTrust
  readonly forwarding: Forwarding
  /** as the last reload left them */
  options: ListenerMaterial['options']
}

/** Listens. What answers can be replaced while requests go on. */
export async function openDoors(
  loaded: LoadedConfiguration,
  material: Material,
  stack: AsyncDisposableStack,
  source: DoorsSource,
): Promise<Doors> {
  const { chain, directory, epoch, events, metrics, clock, log, revocation, tickets } = source
  const { sessions, passwordSessions, login } = source
  const version = await ownVersion()
  let { value } = loaded
  const { authenticate, claimedBy } = chain
  const keep = createGatewayKeep()
  let { proxies } = material
  const prepare: Doors['prepare'] = ({ value, folder }, { routes, proxies }, names) => {
    const { keyFile, ...assertion } = value.assertion
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

  let endpoints = prepare(loaded, material, chain.names)
  stack.defer(() => endpoints.close())
  const stapler = stack.use(createStapler({ clock, events }))
  const watchStaples = ({ listeners }: Material) => {
    const stapled = listeners.filter(({ options }) => options.stapling !== 'never')
    stapler.watch(stapled.flatMap(({ identities }) => identities.map(identity => identity.chain)))
  }
  watchStaples(material)
  const open = async (each: ListenerMaterial): Promise<Door> => {
    const trust = createTrust({ material: each.trust, epoch, clock, log, revocation })
    const rest = each.options.limits.keepAliveTimeout
    const forwarding = createForwarding({ proxies, trust, clock, rest })
    const door = { trust, forwarding, options: each.options }
    const listener = await openListener({
      options: each.options,
      identities: each.identities,
      trust,
      forwarding,
      authorities: each.trust.anchors.map(anchor => anchor.certificate),
      tickets: {
        key: identities => tickets.key(ticketPolicy(value, door.options, trust.material, identities)),
        onChange: tickets.onChange,
      },
      serve: exchange => endpoints.serve(exchange),
      lossOf: peer => chain.lossOf(peer),
      staples: each.options.stapling === 'never' ? undefined : stapler,
      problemPage: renderProblem,
      events,
      clock,
      log,
    })
    stack.defer(() => listener.close({ graceMs: 0 }))
    metrics.watchConnections(listener.name, () => listener.connections().length)
    return Object.assign(door, { listener })
  }
  const doors: Door[] = []
  for (const each of material.listeners) doors.push(await open(each))

  return {
    listeners: doors.map(({ listener }, i) => ({ ...listener, clientAuth: material.listeners[i]!.options.clientAuth })),
    prepare,
    replace(next, changed, nextMaterial) {
      const { listeners } = nextMaterial
      value = changed.value
      watchStaples(nextMaterial)
      const sameProxies = nextMaterial.proxies.terms === proxies.terms
      nextMaterial.proxies.adopt(proxies)
      proxies = nextMaterial.proxies
      for (const door of doors) {
        const { listener, trust } = door
        door.forwarding.replace(proxies)
        const found = listeners.find(({ options }) => options.name === listener.name)
        // A listener that the configuration no longer has goes with the next restart.
        if (found === undefined) continue
        const { identities, trust: nextTrust } = found
        door.options = found.options
        const authorities = nextTrust.anchors.map(anchor => anchor.certificate)
        listener.replaceIdentities(identities, authorities)
        listener.replaceClientAuth(found.options.clientAuth)
        trust.replace(nextTrust)
      }
      const before = endpoints
      endpoints = next
      // What a proxy is no longer believed of ends, requests under way included.
      if (!sameProxies) epoch.raise('policy')
      before.close().catch(error => log.error({ err: error }, 'closing the upstreams of the old configuration failed'))
    },
  }
}

async function ownVersion(): Promise<string> {
  return JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8')).version
}

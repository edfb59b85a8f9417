import type { Clock } from '../../clock.ts'
import type { Log } from '../../log.ts'
import { Roster } from '../../server/http/roster.ts'
import type { Events } from '../../telemetry/events/events.ts'
import { type AssertionKeys, openAssertionKeys } from './assertion/assertion-keys.ts'
import { createDecidedRoute, type DecidedRoute } from './decided-route.ts'
import { createGatewayKeep, type GatewayKeep, type Kept } from './kept.ts'
import type { AssertionOptions, GatewayRouteOptions } from './options.ts'
import { createPass, type Pass } from './pass.ts'
import { createUpstream } from './upstream.ts'

export interface GatewaySource {
  readonly routes: readonly ConfiguredRoute[]
  readonly assertion: AssertionOptions
  /** headers by which a client names the user it acts as (`UserName`): for us, not for an upstream */
  readonly assertionHeaders: readonly string[]
  /** headers that only a proxy in front may send: for us as well */
  readonly proxyHeaders?: readonly string[]
  /** whether an Authorization header is for one of our authenticators: such a one is never passed on */
  claims(authorization: string): boolean
  /** what this gateway has in common with the one before it, or after; undefined: nothing */
  readonly keep?: GatewayKeep
  readonly epoch: { readonly value: number }
  readonly clock: Clock
  readonly events: Pick<Events, 'upstreamFailed'>
  readonly log: Log
}

export interface ConfiguredRoute extends GatewayRouteOptions {
  /** PEM of the certificates that may vouch for an https upstream */
  readonly authorities?: readonly string[]
}

/** One route; without `pass` it has no upstream, and only proxies ask about it. */
export interface GatewayRoute extends DecidedRoute {
  readonly pass: Pass | undefined
}

export interface Gateway {
  readonly routes: readonly GatewayRoute[]
  readonly keys: AssertionKeys
  /** Ends connections, requests and tunnels, save those that another gateway goes on with. */
  close(): Promise<void>
}

/** Makes the gateway. Opens or makes the keys for assertions; connects to nothing yet. Throws what openAssertionKeys throws. */
export async function createGateway(source: GatewaySource): Promise<Gateway> {
  const { assertion, clock, log, keep = createGatewayKeep() } = source
  const releases: (() => Promise<void>)[] = []
  const hold = <T>(kept: Kept<T>, from: unknown, make: () => T): T => {
    const key = JSON.stringify(from)
    const value = kept.hold(key, make)
    releases.push(() => kept.release(key))
    return value
  }
  const keys = hold(keep.keys, assertion, () => openAssertionKeys(assertion, clock, log))
  const issuer = { keys, issuer: assertion.issuer, lifetimeSeconds: assertion.lifetime }
  const routeOf = async (options: ConfiguredRoute): Promise<GatewayRoute> => {
    const decided = createDecidedRoute({ ...source, options, issuer })
    if (!hasUpstream(options)) return { ...decided, pass: undefined }
    const terms = upstreamTerms(options)
    // Routes to the same place under the same terms share its connections.
    const made = hold(keep.upstreams, terms, () => createUpstream(terms))
    const ongoing = hold(keep.ongoing, options, () => new Roster())
    return { ...decided, pass: createPass({ ...source, options, decided, ongoing, upstream: await made }) }
  }
  const released = () => releases.splice(0).map(release => release())
  try {
    const routes = await Promise.all(source.routes.map(routeOf))
    return { routes, keys, close: async () => void (await Promise.all(released())) }
  } catch (error) {
    // What failed must not be there for the next one, which would fail by it.
    await Promise.allSettled(released())
    throw error
  }
}

type RouteToUpstream = ConfiguredRoute & { readonly upstream: string }

function hasUpstream(route: ConfiguredRoute): route is RouteToUpstream {
  return route.upstream !== undefined
}

function upstreamTerms(route: RouteToUpstream) {
  return {
    origin: new URL(route.upstream).origin,
    authorities: route.insecurePublicAuthorities ? ('public' as const) : (route.authorities ?? []),
    connections: route.connections,
    connectTimeout: route.timeouts.connect,
    headerLimit: route.maxResponseHeaderBytes,
  }
}

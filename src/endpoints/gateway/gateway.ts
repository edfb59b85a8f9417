import type { Clock } from '../../clock.ts'
import type { Log } from '../../log.ts'
import type { Events } from '../../telemetry/events/events.ts'
import { type AssertionKeys, openAssertionKeys } from './assertion/assertion-keys.ts'
import { createGatewayRoute, type GatewayRoute } from './gateway-route.ts'
import type { AssertionOptions, GatewayRouteOptions } from './options.ts'
import type { Tunnels } from './tunnel.ts'
import { createUpstream, type Upstream } from './upstream.ts'

export interface GatewaySource {
  readonly routes: readonly ConfiguredRoute[]
  readonly assertion: AssertionOptions
  /** headers by which a client names the user it acts as (`UserName`): for us, not for an upstream */
  readonly assertionHeaders: readonly string[]
  /** whether an Authorization header is for one of our authenticators: such a one is never passed on */
  claims(authorization: string): boolean
  /** undefined: opened or made as `assertion` says; given: those of the gateway before, after a reload */
  readonly keys?: AssertionKeys
  readonly epoch: { readonly value: number }
  readonly clock: Clock
  readonly events: Pick<Events, 'upstreamFailed'>
  readonly log: Log
}

export interface ConfiguredRoute extends GatewayRouteOptions {
  /** PEM of the certificates that may vouch for an https upstream */
  readonly authorities?: readonly string[]
}

export interface Gateway {
  readonly routes: readonly GatewayRoute[]
  readonly keys: AssertionKeys
  /** Ends all connections to upstreams, and the tunnels through them. */
  close(): Promise<void>
}

/** Makes the gateway. Opens or makes the keys for assertions; connects to nothing yet. Throws what openAssertionKeys throws. */
export function createGateway(source: GatewaySource): Gateway {
  const { assertion, clock, log } = source
  const keys = source.keys ?? openAssertionKeys(assertion, clock, log)
  const issuer = { keys, issuer: assertion.issuer, lifetimeSeconds: assertion.lifetime }
  const upstreams = new Map<string, Upstream>()
  const tunnels: Tunnels = new Set()
  const routes = source.routes.map(options =>
    createGatewayRoute({ ...source, options, issuer, tunnels, upstream: sharedUpstream(upstreams, options) }),
  )
  return {
    routes,
    keys,
    async close() {
      for (const tunnel of tunnels) tunnel.destroy()
      await Promise.all([...upstreams.values()].map(upstream => upstream.close()))
    },
  }
}

/** Routes to the same place under the same terms share its connections. */
function sharedUpstream(upstreams: Map<string, Upstream>, route: ConfiguredRoute): Upstream {
  const options = {
    origin: new URL(route.upstream).origin,
    authorities: route.insecurePublicAuthorities ? ('public' as const) : (route.authorities ?? []),
    connections: route.connections,
    connectTimeout: route.timeouts.connect,
    headerLimit: route.maxResponseHeaderBytes,
  }
  const key = JSON.stringify(options)
  const known = upstreams.get(key) ?? createUpstream(options)
  upstreams.set(key, known)
  return known
}

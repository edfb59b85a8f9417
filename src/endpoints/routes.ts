import { compileAccess } from '../identity/access/access.ts'
import type { RouteAccessOptions } from '../identity/access/options.ts'
import type { Chain } from '../identity/authn/chain.ts'
import { checkPath } from '../server/http/check-path.ts'
import type { Exchange } from '../server/http/exchange.ts'
import { createRouter, type Handler, type Route } from '../server/http/router.ts'
import type { Events } from '../telemetry/events/events.ts'
import type { Examined } from './gateway/decided-route.ts'
import { createExtAuthz, extAuthzPath } from './gateway/ext-authz/ext-authz.ts'
import { createAuthCheck } from './gateway/forward-auth/auth-check.ts'
import { createForwardAuth } from './gateway/forward-auth/forward-auth.ts'
import { createHttpReply } from './gateway/forward-auth/http-reply.ts'
import { type ConfiguredRoute, createGateway, type GatewaySource } from './gateway/gateway.ts'
import { createGuard, type Guard } from './guard.ts'
import { createJwks } from './jwks.ts'
import { serveProblems } from './problems/problems.ts'
import type { ScimSource } from './scim/scim.ts'
import type { SoapSource } from './soap/soap.ts'
import { serveWhoami } from './whoami.ts'

export interface EndpointsSource extends Omit<GatewaySource, 'routes' | 'events' | 'claims'> {
  readonly chain: Pick<Chain, 'names' | 'authenticate' | 'claimedBy'>
  readonly routes: readonly (ConfiguredRoute & RouteAccessOptions)[]
  /** undefined, or not enabled: not served */
  readonly scim?: Pick<ScimSource, 'options' | 'directory' | 'events'>
  /** undefined, or not enabled: not served */
  readonly soap?: Omit<SoapSource, 'authenticators' | 'guard' | 'log'>
  readonly events: Pick<Events, 'accessGranted' | 'accessRefused' | 'upstreamFailed'>
}

export interface Endpoints {
  /** answers every request of a listener */
  readonly serve: Handler
  /** Ends what is still going on with upstreams, save what other endpoints with the same `keep` go on with. */
  close(): Promise<void>
}

/**
 * Everything that answers, behind one table of routes: find the route, then authenticate, authorise, tell, answer.
 * Throws ERR_AUTHENTICATOR_UNKNOWN for a route that requires one that is not enabled, and what createGateway throws.
 */
export async function createEndpoints(source: EndpointsSource): Promise<Endpoints> {
  const { chain } = source
  const accesses = source.routes.map(route => compileAccess(route, chain.names))
  const guard = createGuard(source)
  const services = await openServices(source, guard)
  const gateway = await createGateway({
    ...source,
    claims: authorization => chain.claimedBy(authorization) !== undefined,
  })
  const { log, events } = source
  const routes = gateway.routes.map((route, i) => ({ ...route, access: accesses[i]! }))
  const decide = createForwardAuth(routes, guard)
  const check = createAuthCheck({ decide, reply: createHttpReply(source), events })

  return {
    serve: createRouter([
      {
        method: 'GET',
        path: '/whoami',
        handle: guard({ access: compileAccess({}, chain.names), answer: serveWhoami }),
      },
      { method: 'GET', path: '/problems/*', handle: serveProblems },
      { method: 'GET', path: '/.well-known/jwks.json', handle: createJwks(gateway.keys) },
      ...services,
      { method: '*', path: `${checkPath}/*`, handle: check },
      { method: 'POST', path: `${extAuthzPath}/*`, handle: createExtAuthz({ decide, events, log }) },
      ...routes.flatMap(({ path, access, examine, pass }) =>
        pass === undefined
          ? []
          : [
              {
                method: '*',
                path,
                handle: guard({ access, examine: exchange => examine(examined(exchange)), answer: pass }),
              },
            ],
      ),
    ]),
    close: gateway.close,
  }
}

/** Large rooms, of which few servers need one: loaded where they are served. */
async function openServices({ chain, scim, soap, log }: EndpointsSource, guard: Guard): Promise<readonly Route[]> {
  const common = { authenticators: chain.names, guard, log }
  const routes: Route[] = []
  if (scim?.options.enabled) {
    const { createScim } = await import('./scim/scim.ts')
    routes.push(...createScim({ ...scim, ...common }))
  }
  if (soap?.options.enabled) {
    const { createSoap } = await import('./soap/soap.ts')
    routes.push(...createSoap({ ...soap, ...common }))
  }
  return routes
}

function examined({ method, headers, upgrade }: Exchange): Examined {
  return { method, headers, websocket: upgrade !== undefined }
}

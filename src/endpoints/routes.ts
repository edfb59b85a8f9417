import { type Access, compileAccess } from '../identity/access/access.ts'
import type { RouteAccessOptions } from '../identity/access/options.ts'
import type { Principal } from '../identity/authn/authenticator.ts'
import type { Chain, Decision } from '../identity/authn/chain.ts'
import type { Certificate } from '../pki/x509/certificate.ts'
import type { Exchange } from '../server/http/exchange.ts'
import { type ProblemSource, sendProblem } from '../server/http/problem.ts'
import { createRouter, type Handler } from '../server/http/router.ts'
import type { CertificateFacts, Events } from '../telemetry/events/events.ts'
import { type ConfiguredRoute, createGateway, type GatewaySource } from './gateway/gateway.ts'
import { createJwks } from './jwks.ts'
import { serveProblems } from './problems/problems.ts'
import { serveWhoami } from './whoami.ts'

export interface EndpointsSource extends Omit<GatewaySource, 'routes' | 'events' | 'claims'> {
  readonly chain: Pick<Chain, 'names' | 'authenticate' | 'claimedBy'>
  readonly routes: readonly (ConfiguredRoute & RouteAccessOptions)[]
  readonly events: Pick<Events, 'accessGranted' | 'accessRefused' | 'upstreamFailed'>
}

export interface Endpoints {
  /** answers every request of a listener */
  readonly serve: Handler
  /** Ends what is still going on with upstreams, save what other endpoints with the same `keep` go on with. */
  close(): Promise<void>
}

/** What a request can be for, when it matters who asks. */
interface Resource {
  readonly access: Access
  /** why it is not for this request, whoever asks */
  examine?(exchange: Exchange): ProblemSource | undefined
  answer(exchange: Exchange, principal: Principal): void | Promise<void>
}

/**
 * Everything that answers, behind one table of routes: find the route, then authenticate, authorise, tell, answer.
 * Throws ERR_AUTHENTICATOR_UNKNOWN for a route that requires one that is not enabled, and what createGateway throws.
 */
export function createEndpoints(source: EndpointsSource): Endpoints {
  const { chain, events } = source
  const accesses = source.routes.map(route => compileAccess(route, chain.names))
  const gateway = createGateway({ ...source, claims: authorization => chain.claimedBy(authorization) !== undefined })
  const whoami: Resource = { access: compileAccess({}, chain.names), answer: serveWhoami }

  const guard = (resource: Resource): Handler => {
    const { access, answer } = resource
    const proceed = (exchange: Exchange, decision: Decision): void | Promise<void> => {
      if (!decision.ok) return unidentified(exchange, decision)
      const { principal, first } = decision
      const refusal = access.check(principal) ?? resource.examine?.(exchange)
      if (refusal !== undefined) return turnedDown(exchange, refusal, principal.certificate)
      granted(exchange, principal, first)
      return answer(exchange, principal)
    }
    return exchange => {
      const decision = chain.authenticate(exchange, access)
      return decision instanceof Promise ? decision.then(made => proceed(exchange, made)) : proceed(exchange, decision)
    }
  }

  function unidentified(exchange: Exchange, { refusal, challenges }: Exclude<Decision, { ok: true }>): void {
    const judgement = exchange.peer.judgement()
    events.accessRefused({ ...accessOf(exchange, judgement?.certificate), code: refusal.code, detail: refusal.detail })
    // Another certificate takes another connection: one that goes on being refused would be of no use to anyone.
    if (judgement?.verdict.ok === false && 'shouldKeepAlive' in exchange.response)
      exchange.response.shouldKeepAlive = false
    sendProblem(exchange, refusal, { challenges })
  }

  function turnedDown(exchange: Exchange, problem: ProblemSource, certificate: Certificate | null): void {
    events.accessRefused({ ...accessOf(exchange, certificate), code: problem.code, detail: problem.detail })
    sendProblem(exchange, problem)
  }

  function granted(exchange: Exchange, principal: Principal, first: boolean): void {
    const { user, tenant, authenticatedBy, binding, certificate } = principal
    const { requestId, method, path, peer } = exchange
    events.accessGranted({
      requestId,
      remoteAddress: peer.remoteAddress,
      method,
      path,
      certificate: factsOf(certificate),
      user,
      tenant,
      authenticatedBy,
      binding,
      first,
    })
  }

  return {
    serve: createRouter([
      { method: 'GET', path: '/whoami', handle: guard(whoami) },
      { method: 'GET', path: '/problems/*', handle: serveProblems },
      { method: 'GET', path: '/.well-known/jwks.json', handle: createJwks(gateway.keys) },
      ...gateway.routes.map((route, i) => ({
        method: '*',
        path: route.path,
        handle: guard({ access: accesses[i]!, examine: route.examine, answer: route.pass }),
      })),
    ]),
    close: gateway.close,
  }
}

function accessOf({ requestId, method, path, peer }: Exchange, certificate: Certificate | null | undefined) {
  return { requestId, remoteAddress: peer.remoteAddress, method, path, certificate: factsOf(certificate) }
}

// A name is put into words once for each certificate, not once for each request.
const facts = new WeakMap<Certificate, CertificateFacts>()

function factsOf(certificate: Certificate | null | undefined): CertificateFacts | null {
  if (!certificate) return null
  const known = facts.get(certificate)
  if (known !== undefined) return known
  const { thumbprint, subject, issuer, serialNumber, notAfter } = certificate
  const made = { thumbprint, subject: subject.toString(), issuer: issuer.toString(), serialNumber, notAfter }
  facts.set(certificate, made)
  return made
}

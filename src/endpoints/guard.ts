import type { Access } from '../identity/access/access.ts'
import type { Principal } from '../identity/authn/authenticator.ts'
import type { Chain, Decision } from '../identity/authn/chain.ts'
import type { Certificate } from '../pki/x509/certificate.ts'
import type { Exchange } from '../server/http/exchange.ts'
import { type ProblemSource, sendProblem } from '../server/http/problem.ts'
import type { Handler, Tell } from '../server/http/router.ts'
import type { CertificateFacts, Events } from '../telemetry/events/events.ts'

/** What a request can be for, when it matters who asks. */
export interface Resource<E extends Exchange = Exchange> {
  readonly access: Access
  /** the user that the request names elsewhere than in the header of the authenticator */
  assertedUser?(exchange: E): string | undefined
  /** why it is not for this request, after the access policy has let the principal pass */
  examine?(exchange: E, principal: Principal): ProblemSource | undefined | Promise<ProblemSource | undefined>
  /** Tells a refusal; as a problem document where this is left out. */
  tell?: Tell<E>
  answer(exchange: E, principal: Principal): void | Promise<void>
}

export interface GuardSource {
  readonly chain: Pick<Chain, 'authenticate'>
  readonly events: Pick<Events, 'accessGranted' | 'accessRefused'>
}

export type Guard = <E extends Exchange = Exchange>(resource: Resource<E>) => Handler<E>

/** Authenticate, authorise, tell, answer: the steps in front of everything that is not for anyone. */
export function createGuard({ chain, events }: GuardSource): Guard {
  function unidentified<E extends Exchange>(
    exchange: E,
    { refusal, challenges }: Exclude<Decision, { ok: true }>,
    tell: Tell<E>,
  ): void {
    const judgement = exchange.peer.judgement()
    events.accessRefused({ ...accessOf(exchange, judgement?.certificate), code: refusal.code, detail: refusal.detail })
    // Another certificate takes another connection: one that goes on being refused would be of no use to anyone.
    const own = exchange.proxy === undefined
    if (own && judgement?.verdict.ok === false && 'shouldKeepAlive' in exchange.response)
      exchange.response.shouldKeepAlive = false
    tell(exchange, refusal, { challenges })
  }

  function granted(exchange: Exchange, principal: Principal, first: boolean): void {
    const { user, tenant, authenticatedBy, binding, certificate } = principal
    events.accessGranted({
      ...accessOf(exchange, certificate),
      user,
      tenant,
      authenticatedBy,
      binding,
      first,
      trustPath: first ? trustPathOf(exchange) : undefined,
    })
  }

  return <E extends Exchange>(resource: Resource<E>): Handler<E> => {
    const { access, tell = sendProblem as Tell<E> } = resource
    const proceed = (exchange: E, decision: Decision): void | Promise<void> => {
      if (!decision.ok) return unidentified(exchange, decision, tell)
      const { principal, first } = decision
      const conclude = (refusal: ProblemSource | undefined): void | Promise<void> => {
        if (refusal === undefined) {
          granted(exchange, principal, first)
          return resource.answer(exchange, principal)
        }
        const { code, detail } = refusal
        events.accessRefused({ ...accessOf(exchange, principal.certificate), code, detail })
        tell(exchange, refusal, {})
      }
      const refusal = access.check(principal) ?? resource.examine?.(exchange, principal)
      return refusal instanceof Promise ? refusal.then(conclude) : conclude(refusal)
    }
    return exchange => {
      const assertedUser = resource.assertedUser?.(exchange)
      const { headers, peer } = exchange
      const decision = chain.authenticate(
        assertedUser === undefined ? exchange : { headers, peer, assertedUser },
        access,
      )
      return decision instanceof Promise ? decision.then(made => proceed(exchange, made)) : proceed(exchange, decision)
    }
  }
}

function trustPathOf({ peer }: Exchange): readonly string[] | undefined {
  const verdict = peer.judgement()?.verdict
  return verdict?.ok ? verdict.path.map(({ thumbprint }) => thumbprint) : undefined
}

/** What events tell of a request that asks to be let in. */
export function accessOf(
  { requestId, method, path, peer, proxy }: Exchange,
  certificate: Certificate | null | undefined,
) {
  const { remoteAddress } = peer
  return { requestId, remoteAddress, proxy: proxy?.name, method, path, certificate: factsOf(certificate) }
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

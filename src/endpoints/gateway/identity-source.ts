import type { Clock } from '../../clock.ts'
import type { Principal } from '../../identity/authn/authenticator.ts'
import type { Judgement } from '../../identity/trust/trust.ts'
import { signAssertion } from './assertion/assertion.ts'
import type { AssertionKeys } from './assertion/assertion-keys.ts'
import { type CertificateHeaders, identityHeaders, provingCertificate } from './identity-headers.ts'

export interface AssertionIssuer {
  readonly keys: AssertionKeys
  readonly issuer: string
  readonly lifetimeSeconds: number
}

export interface IdentityTerms extends CertificateHeaders {
  /** whom it is for as well: the upstream's origin, say. undefined: no assertion */
  readonly assertion: (AssertionIssuer & { readonly audience: string }) | undefined
  readonly clock: Clock
  /** whatever was made in another trust epoch is made anew */
  readonly epoch: { readonly value: number }
}

export type IdentitySource = (
  principal: Principal,
  judgement: Judgement | undefined,
) => readonly string[] | Promise<readonly string[]>

interface Made {
  readonly headers: readonly string[]
  readonly judgement: Judgement | undefined
  readonly epoch: number
  readonly useUntil: number
}

/**
 * The identity headers of one route, made once for a principal and kept for half the life of the assertion in them, so that signing
 * costs a known client nothing. They die with the trust epoch, with the principal, and with the judgement that they were made from.
 */
export function createIdentitySource(terms: IdentityTerms): IdentitySource {
  const known = new WeakMap<Principal, Made>()
  const { assertion, clock, epoch } = terms

  async function sign(
    principal: Principal,
    judgement: Judgement | undefined,
    headers: string[],
    { keys, issuer, audience, lifetimeSeconds }: AssertionIssuer & { readonly audience: string },
  ) {
    const now = clock.now()
    const at = epoch.value
    const subject = { principal, certificate: provingCertificate(principal, judgement), epoch: at }
    const jwt = await signAssertion(subject, { issuer, audience, lifetimeSeconds, now }, keys.current())
    return keep(principal, judgement, [...headers, 'countersign-assertion', jwt], at, now + lifetimeSeconds * 500)
  }

  function keep(
    principal: Principal,
    judgement: Judgement | undefined,
    headers: readonly string[],
    at: number,
    useUntil: number,
  ): readonly string[] {
    known.set(principal, { headers, judgement, epoch: at, useUntil })
    return headers
  }

  return (principal, judgement) => {
    const made = known.get(principal)
    if (
      made !== undefined &&
      made.epoch === epoch.value &&
      made.judgement?.certificate === judgement?.certificate &&
      clock.now() < made.useUntil
    ) {
      return made.headers
    }
    const headers = identityHeaders(principal, judgement, terms)
    if (assertion !== undefined) return sign(principal, judgement, headers, assertion)
    return keep(principal, judgement, headers, epoch.value, Number.POSITIVE_INFINITY)
  }
}

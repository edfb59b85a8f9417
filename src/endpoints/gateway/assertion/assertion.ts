import { randomUUID } from 'node:crypto'
import { SignJWT } from 'jose/jwt/sign'
import type { Principal } from '../../../identity/authn/authenticator.ts'
import type { Certificate } from '../../../pki/x509/certificate.ts'
import type { SigningKey } from './signing-key.ts'

export interface AssertionSubject {
  readonly principal: Principal
  /** the certificate that proved the user, undefined when something else did */
  readonly certificate: Certificate | undefined
  readonly epoch: number
}

export interface AssertionTerms {
  readonly issuer: string
  /** the upstream's origin: an assertion made for one upstream is of no use at another */
  readonly audience: string
  readonly lifetimeSeconds: number
  /** milliseconds since the epoch */
  readonly now: number
}

/** The identity headers once more, as a JWT (RFC 7519) that an upstream can check without trusting the network between us. */
export function signAssertion(subject: AssertionSubject, terms: AssertionTerms, key: SigningKey): Promise<string> {
  const { principal, certificate, epoch } = subject
  const issuedAt = Math.floor(terms.now / 1000)
  return (
    new SignJWT({
      tenant: principal.tenant,
      roles: [...principal.roles],
      amr: [principal.authenticatedBy],
      epoch,
      // RFC 8705 section 3.1
      ...(certificate && { cnf: { 'x5t#S256': Buffer.from(certificate.thumbprint, 'hex').toString('base64url') } }),
    })
      .setProtectedHeader({ alg: key.algorithm, kid: key.kid, typ: 'countersign-assertion+jwt' })
      .setIssuer(terms.issuer)
      .setAudience(terms.audience)
      .setSubject(principal.user)
      .setIssuedAt(issuedAt)
      // An upstream whose clock is a little behind ours would otherwise refuse every first assertion.
      .setNotBefore(issuedAt - 5)
      .setExpirationTime(issuedAt + terms.lifetimeSeconds)
      .setJti(randomUUID())
      .sign(key.privateKey)
  )
}

import type { Principal } from '../../identity/authn/authenticator.ts'
import type { Judgement } from '../../identity/trust/trust.ts'
import type { Certificate } from '../../pki/x509/certificate.ts'
import { encodeFieldValue } from './field-value.ts'

export interface CertificateHeaders {
  /** `Client-Cert` (RFC 9440): with `send-chain` also `Client-Cert-Chain` */
  readonly clientCertificate: 'send' | 'send-chain' | 'omit'
}

/**
 * Who is asking, as header lines for an upstream: names and values in turn. The certificate goes along only when it is what
 * proved the user: one that came beside a password says nothing about that user.
 */
export function identityHeaders(
  principal: Principal,
  judgement: Judgement | undefined,
  { clientCertificate }: CertificateHeaders,
): string[] {
  const headers = [
    'x-forwarded-user',
    encodeFieldValue(principal.user),
    'x-forwarded-tenant',
    encodeFieldValue(principal.tenant),
    'x-forwarded-roles',
    principal.roles.map(encodeFieldValue).join(','),
  ]
  const proof = provingCertificate(principal, judgement)
  if (clientCertificate === 'omit' || proof === undefined) return headers
  headers.push('client-cert', byteSequence(proof))
  const chain = clientCertificate === 'send-chain' ? intermediates(judgement) : []
  if (chain.length > 0) headers.push('client-cert-chain', chain.map(byteSequence).join(', '))
  return headers
}

/** The certificate that the principal was proven with, under a verdict that still trusts it. */
export function provingCertificate(principal: Principal, judgement: Judgement | undefined): Certificate | undefined {
  if (principal.binding === null || principal.certificate === null || !judgement?.verdict.ok) return undefined
  return principal.certificate.thumbprint === judgement.certificate?.thumbprint ? principal.certificate : undefined
}

/** RFC 9440 section 2.3: the path in order, neither the leaf nor the trust anchor. */
function intermediates(judgement: Judgement | undefined): readonly Certificate[] {
  return judgement?.verdict.ok ? judgement.verdict.path.slice(1, -1) : []
}

/** RFC 9651 section 3.3.5 */
function byteSequence(certificate: Certificate): string {
  return `:${certificate.raw.toString('base64')}:`
}

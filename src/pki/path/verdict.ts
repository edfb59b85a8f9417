import type { Refusal, RefusalCode } from '../../refusals.ts'
import type { Certificate } from '../x509/certificate.ts'

/** What a trust store entry means for validation: an authority, or one client's own certificate (trusted by its exact bytes). */
export interface TrustAnchor {
  /** alias of the entry in the trust store; bindings name it */
  readonly alias: string
  readonly certificate: Certificate
}

export type Purpose = 'client' | 'server' | 'any'

export interface Trusted {
  readonly ok: true
  /** leaf first, anchor last; a pinned leaf is a path of one */
  readonly path: readonly Certificate[]
  readonly anchor: TrustAnchor
  /**
   * The leaf itself is the trust store entry, and is no authority. An authority that presents its own certificate is a path of one
   * as well, but counts like a certificate that it issued: an administrator who imports an authority means those below it.
   */
  readonly pinned: boolean
  /** earliest notAfter (and nextUpdate of the CRLs used) on the path, milliseconds: the verdict holds until then and not longer */
  readonly validUntil: number
}

export interface Untrusted extends Refusal {
  /** the certificate that the refusal is about, when it is one certificate's fault */
  readonly certificate: Certificate | undefined
}

export type Verdict = Trusted | Untrusted

export function untrusted(code: RefusalCode, detail: string, certificate: Certificate | undefined): Untrusted {
  return { ok: false, code, detail, certificate }
}

/**
 * From the most telling to the least. First what only a path can say whose signatures all verify; then what stood in the way of one.
 * "Expired" tells more than "issuer unknown": the first is how a known certificate ends, the second says nothing about it.
 */
const telling: readonly RefusalCode[] = [
  'certificate_revoked',
  'certificate_expired',
  'certificate_not_yet_valid',
  'purpose_not_allowed',
  'constraint_violated',
  'path_too_long',
  'key_too_weak',
  'certificate_malformed',
  'revocation_unknown',
  'signature_invalid',
  'issuer_unknown',
]

/** The more telling of two failures; the earlier one when both say as much. */
export function moreTelling(one: Untrusted | undefined, other: Untrusted): Untrusted {
  return one === undefined || telling.indexOf(other.code) < telling.indexOf(one.code) ? other : one
}

/** One sentence for the holder of the key: which certificate, and what is wrong with it. */
export function tell({ certificate, detail }: Untrusted): string {
  const subject = certificate?.subject.toString() ?? ''
  const which = subject === '' ? 'The certificate' : `The certificate ${subject}`
  return `${which}: ${detail.replace(/\.$/, '')}.`
}

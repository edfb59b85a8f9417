import type { Refusal } from '../../refusals.ts'
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
  /** the leaf itself is the trust store entry */
  readonly pinned: boolean
  /** earliest notAfter (and nextUpdate of the CRLs used) on the path, milliseconds: the verdict holds until then and not longer */
  readonly validUntil: number
}

export interface Untrusted extends Refusal {
  /** the certificate that the refusal is about, when it is one certificate's fault */
  readonly certificate: Certificate | undefined
}

export type Verdict = Trusted | Untrusted

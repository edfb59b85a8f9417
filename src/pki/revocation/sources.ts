import type { CrlSet } from '../path/crl-set.ts'
import type { Certificate } from '../x509/certificate.ts'
import type { CompactCrl } from './compact-crl.ts'

/** Why a source has nothing to say, and from when on it is worth asking again (milliseconds). */
export interface SourceFailure {
  readonly why: string
  readonly retryAt: number
}

/** What an authority said about one certificate. Times in milliseconds. */
export interface OcspStatus {
  readonly status: 'good' | 'revoked' | 'unknown'
  /** of a revoked one */
  readonly revokedAt: number | undefined
  readonly reason: number | undefined
  readonly thisUpdate: number
  /** until when it holds; set also where the responder does not say */
  readonly until: number
}

export interface OcspQuestion {
  readonly certificate: Certificate
  readonly issuer: Certificate
  readonly url: string
}

/** What is known at this moment: looked up, never waited for. */
export interface RevocationSources {
  readonly crls: CrlSet
  /** `undefined`: it was never asked, or it is time to ask again */
  list(url: string): 'loaded' | SourceFailure | undefined
  response(question: OcspQuestion): {
    readonly answer: OcspStatus | undefined
    readonly failure: SourceFailure | undefined
  }
}

/** Something to be found out before a certificate can be judged. */
export type Need =
  | { readonly kind: 'list'; readonly url: string; readonly issuers: readonly Certificate[] }
  | { readonly kind: 'signature'; readonly crl: CompactCrl }
  | ({ readonly kind: 'response' } & OcspQuestion)

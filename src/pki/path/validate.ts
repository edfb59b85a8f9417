import type { Certificate } from '../x509/certificate.ts'
import type { Crl } from '../x509/crl.ts'
import type { Purpose, TrustAnchor, Verdict } from './verdict.ts'

export interface PathOptions {
  /** milliseconds since the epoch */
  readonly at: number
  readonly purpose: Purpose
}

export interface PathInput {
  readonly leaf: Certificate
  /** in any order, duplicates and strangers allowed */
  readonly intermediates: readonly Certificate[]
  readonly anchors: readonly TrustAnchor[]
  /** undefined: revocation is not checked here; given: required for every certificate on the path */
  readonly crls?: readonly Crl[]
}

export function validatePath(_input: PathInput, _options: PathOptions): Verdict {
  throw new Error('being built')
}

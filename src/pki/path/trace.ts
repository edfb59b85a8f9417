import type { Certificate } from '../x509/certificate.ts'
import type { Untrusted } from './verdict.ts'

/** Every check of a validation, with where it is written. */
export const pathChecks = {
  checkForm: { title: 'form', section: 'RFC 5280 sections 4.1.1.2, 4.1.2.2, 4.1.2.4' },
  checkExtensions: { title: 'extensions', section: 'RFC 5280 sections 4.2, 6.1.4 (o)' },
  checkAltNames: { title: 'alternative names', section: 'RFC 5280 section 4.2.1.6' },
  checkValidity: { title: 'dates', section: 'RFC 5280 section 6.1.3 (a)(2)' },
  checkKey: { title: 'key strength', section: 'docs/validation.md' },
  checkKeyReadable: { title: 'key', section: 'RFC 5280 section 4.1.2.7' },
  checkTargetUsage: { title: 'key usage', section: 'RFC 5280 section 4.2.1.3' },
  checkTargetPurpose: { title: 'purpose', section: 'RFC 5280 section 4.2.1.12' },
  checkAuthority: { title: 'authority', section: 'RFC 5280 section 6.1.4 (k)' },
  checkTopAuthority: { title: 'authority', section: 'RFC 5280 section 6.1.4 (k)' },
  checkCertificateSigning: { title: 'may sign certificates', section: 'RFC 5280 section 6.1.4 (n)' },
  checkIssuerPurpose: { title: 'may issue for the purpose', section: 'docs/validation.md' },
  checkCrlSigning: { title: 'may sign revocation lists', section: 'RFC 5280 section 6.3.3 (f)' },
  signature: { title: 'signature', section: 'RFC 5280 section 6.1.3 (a)(1)' },
  pathLength: { title: 'path length', section: 'RFC 5280 section 6.1.4 (l), (m)' },
  depth: { title: 'depth', section: 'maxPathDepth of the listener' },
  nameConstraints: { title: 'name constraints', section: 'RFC 5280 section 6.1.3 (b), (c)' },
  policies: { title: 'policies', section: 'RFC 5280 section 6.1.3 (d) to (f)' },
  revocation: { title: 'revocation', section: 'RFC 5280 section 6.3, RFC 6960' },
} as const satisfies Record<string, { title: string; section: string }>

/** One check as it came out. `certificate` is the one that was looked at; of checks of a whole path it is the leaf. */
export interface TracedCheck {
  /** a key of `pathChecks` */
  readonly check: string
  readonly certificate: Certificate
  readonly failure: Untrusted | undefined
}

/** Told of each check of a validation, in their order, those on paths that led nowhere too: for people who ask why. */
export type PathTrace = (step: TracedCheck) => void

import type { Certificate } from '../x509/certificate.ts'
import type { AnchorIndex } from './anchors.ts'
import type { Budget } from './budget.ts'
import type { CertificatesByName } from './certificates-by-name.ts'
import { type CertificateRules, checkIntermediate, checkIssuerKey, checkTop } from './check-certificate.ts'
import type { PolicyInputs } from './check-policies.ts'
import type { CrlSet } from './crl-set.ts'
import { type Signed, signatureVerifies } from './signature.ts'
import { moreTelling, type Untrusted } from './verdict.ts'

export interface Question {
  readonly rules: CertificateRules
  readonly maxDepth: number
  readonly policy: PolicyInputs
  readonly anchors: AnchorIndex
  readonly intermediates: CertificatesByName
  readonly crls: CrlSet | undefined
  /** milliseconds */
  readonly crlMaxAge: number
  /** milliseconds for which a list is believed after its own end */
  readonly crlGrace: number
  readonly budget: Budget
}

/** What one validation asks, what it has found out so far, and what it may still spend. Each fact is found out once. */
export class Search {
  readonly question: Question
  /** the most telling failure so far */
  failure: Untrusted | undefined
  /** certificates off the path that signed revocation lists: whether they may */
  readonly vouched: Map<Certificate, boolean>
  readonly #issuers = new Map<Certificate, Untrusted | undefined>()
  readonly #keys = new Map<Certificate, Untrusted | undefined>()

  constructor(question: Question, vouched: Map<Certificate, boolean> = new Map()) {
    this.question = question
    this.vouched = vouched
  }

  /** Passes on how a check came out, past whoever watches. */
  traced(check: string, certificate: Certificate, failure: Untrusted | undefined): Untrusted | undefined {
    this.question.rules.trace?.({ check, certificate, failure })
    return failure
  }

  note(failure: Untrusted): void {
    this.failure = moreTelling(this.failure, failure)
  }

  /** Whether the issuer's key made the signature. The issuer's key has to be in order. */
  verifies(signed: Signed, issuer: Certificate): boolean {
    if (signed.signedBy !== undefined) return signed.signedBy(issuer)
    const byKey = signatures.getOrInsertComputed(signed, () => new Map())
    const key = issuer.spki.toString('latin1')
    const before = byKey.get(key)
    if (before !== undefined) return before
    this.question.budget.spend('signatures')
    const answer = signatureVerifies(signed, issuer.publicKey())
    byKey.set(key, answer)
    return answer
  }

  /** Why this certificate may not issue others. */
  issuerFailure(issuer: Certificate): Untrusted | undefined {
    return remember(this.#issuers, issuer, () => {
      const { anchors, rules } = this.question
      const isTop =
        anchors.same(issuer) !== undefined &&
        anchors.named(issuer.issuer).every(({ certificate }) => certificate.raw.equals(issuer.raw))
      return (isTop ? checkTop : checkIntermediate)(issuer, rules)
    })
  }

  /** Why nothing may be verified with the key of this certificate. */
  keyFailure(issuer: Certificate): Untrusted | undefined {
    return remember(this.#keys, issuer, () => checkIssuerKey(issuer, this.question.rules))
  }
}

// Certificates and lists never change, so a signature is checked once as long as the object lives: a list may have a million entries.
const signatures = new WeakMap<Signed, Map<string, boolean>>()

function remember<K, V>(known: Map<K, V>, key: K, find: () => V): V {
  if (known.has(key)) return known.get(key) as V
  const value = find()
  known.set(key, value)
  return value
}

import { isCoded } from '../../errors.ts'
import { crlStatus, type RevocationAnswer } from '../path/check-revocation.ts'
import { reasonText } from '../path/crl-entry.ts'
import type { Path } from '../path/find-path.ts'
import { Search } from '../path/search.ts'
import type { RevocationCheck } from '../path/validate.ts'
import { type Untrusted, untrusted } from '../path/verdict.ts'
import type { Certificate } from '../x509/certificate.ts'
import { listAddresses, responderAddresses } from './addresses.ts'
import { CompactCrl } from './compact-crl.ts'
import type { RevocationPolicy } from './policy.ts'
import type { Need, OcspStatus, RevocationSources } from './sources.ts'

/** One look at a certificate chain: what was found missing on the way. */
export class RevocationLook {
  readonly needs: Need[] = []
  /** when what failed is worth another try, milliseconds */
  retryAt = Number.POSITIVE_INFINITY
  readonly #policyOf: (alias: string) => RevocationPolicy
  readonly #sources: RevocationSources
  readonly #tell: (unlearned: Unlearned) => void

  /** `policyOf`: by the alias of the anchor; `tell` is called for each certificate whose state nobody could say. */
  constructor(
    policyOf: (alias: string) => RevocationPolicy,
    sources: RevocationSources,
    tell: (unlearned: Unlearned) => void,
  ) {
    this.#policyOf = policyOf
    this.#sources = sources
    this.#tell = tell
  }

  /**
   * For every certificate that the policy asks about, from the anchor down: no certificate is believed about those below it before its
   * own state is known. The path has passed every other check by then, so that addresses in it come from who is trusted (invariant 6).
   */
  readonly check: RevocationCheck = (path, search) => {
    const policy = this.#policyOf(path.anchor.alias)
    let validUntil = Number.POSITIVE_INFINITY
    if (policy.mode === 'off') return { ok: true, validUntil }
    const first = policy.depth === 'chain' ? path.certificates.length - 2 : 0
    for (let i = first; i >= 0 && i < path.certificates.length - 1; i--) {
      const above: Path = { ...path, certificates: path.certificates.slice(i + 1) }
      const answer = this.#judge(path.certificates[i]!, above, policy, search)
      if (!answer.ok) return answer
      validUntil = Math.min(validUntil, answer.validUntil)
    }
    return { ok: true, validUntil }
  }

  #judge(certificate: Certificate, above: Path, policy: RevocationPolicy, search: Search): RevocationAnswer {
    const asked = { certificate, above, policy, search, failures: [] as string[] }
    let worst: NotKnown = 'silent'
    let waits = false
    for (const method of policy.order) {
      const state: Answer = method === 'ocsp' ? this.#askResponders(asked) : this.#askLists(asked, waits)
      if ('ok' in state) return state
      if (state.notKnown !== 'silent') worst = state.notKnown
      // The next method may say "revoked" from what is at hand, but is not fetched for as long as this one may still answer.
      waits ||= state.waits
    }
    return this.#decide(asked, worst, waits)
  }

  #decide({ certificate, policy, search, failures }: Asked, worst: NotKnown, waits: boolean): RevocationAnswer {
    const silent = policy.mode === 'require' ? 'refuse' : 'allow'
    const words = { silent, unknown: policy.onUnknown, stale: policy.onStale } as const
    const word = words[worst]
    if (!waits) this.#tell({ certificate, failures, outcome: word })
    if (word === 'allow') {
      const { at } = search.question.rules
      return { ok: true, validUntil: failures.length === 0 ? Number.POSITIVE_INFINITY : Math.max(at, this.retryAt) }
    }
    return untrusted('revocation_unknown', details[worst], certificate)
  }

  // RFC 6960
  #askResponders({ certificate, above, policy, search, failures }: Asked): Answer {
    const { at } = search.question.rules
    const issuer = above.certificates[0]!
    const urls = attempt(() => responderAddresses(certificate, policy.ocsp), failures) ?? []
    let notKnown: NotKnown = 'silent'
    let waits = false
    for (const url of urls) {
      const { answer, failure } = this.#sources.response({ certificate, issuer, url })
      const fresh = answer !== undefined && at <= answer.until + policy.ocsp.grace
      if (answer !== undefined && (fresh || answer.status === 'revoked')) {
        if (answer.status === 'good') return { ok: true, validUntil: answer.until + policy.ocsp.grace }
        if (answer.status === 'revoked') return revoked(certificate, answer)
        notKnown = 'unknown'
        failures.push(`${url}: the responder does not know the certificate`)
        this.retryAt = Math.min(this.retryAt, answer.until)
        continue
      }
      if (failure !== undefined && at < failure.retryAt) {
        if (answer?.status === 'good') {
          if (policy.onStale === 'allow') return { ok: true, validUntil: failure.retryAt }
          notKnown = 'stale'
        }
        failures.push(`${url}: ${failure.why}`)
        this.retryAt = Math.min(this.retryAt, failure.retryAt)
        continue
      }
      this.needs.push({ kind: 'response', certificate, issuer, url })
      // one at a time: the next responder is asked when this one has failed
      waits = true
      break
    }
    return { notKnown, waits }
  }

  // RFC 5280 section 6.3
  #askLists(asked: Asked, atHandOnly: boolean): Answer {
    const { certificate, above, policy, search, failures } = asked
    const status = this.#listStatus(asked, policy.crl.grace)
    if (status.ok || status.code === 'certificate_revoked') return atHandOnly && status.ok ? still : status
    const undecided = this.#undecided(certificate)
    if (undecided) return { notKnown: 'silent', waits: true }
    let waits = false
    if (policy.crl.distributionPoints === 'use' && !atHandOnly) {
      for (const url of attempt(() => listAddresses(certificate), failures) ?? []) {
        const state = this.#sources.list(url)
        if (state === undefined) {
          this.needs.push({ kind: 'list', url, issuers: above.certificates })
          waits = true
        } else if (state !== 'loaded') {
          failures.push(`${url}: ${state.why}`)
          this.retryAt = Math.min(this.retryAt, state.retryAt)
        }
      }
    }
    if (waits) return { notKnown: 'silent', waits }
    failures.push(status.detail)
    const stale = this.#listStatus(asked, Number.POSITIVE_INFINITY)
    if (!stale.ok && stale.code !== 'certificate_revoked') return { notKnown: 'silent', waits }
    // a certificate does not become good again because nobody renewed the list
    if (!stale.ok) return stale
    if (policy.onStale === 'refuse') return { notKnown: 'stale', waits }
    return { ok: true, validUntil: Math.min(this.retryAt, search.question.rules.at + believedFor) }
  }

  #listStatus({ certificate, above, search }: Asked, crlGrace: number): RevocationAnswer {
    const question = { ...search.question, crls: this.#sources.crls, crlGrace }
    return crlStatus(certificate, above, new Search(question, search.vouched))
  }

  /** Large lists of that issuer whose signature nobody has looked at yet. */
  #undecided(certificate: Certificate): boolean {
    const lists = this.#sources.crls.issuedBy(certificate.issuer)
    const undecided = lists.filter(crl => crl instanceof CompactCrl && crl.undecided)
    for (const crl of undecided) this.needs.push({ kind: 'signature', crl: crl as CompactCrl })
    return undecided.length > 0
  }
}

/** A certificate whose state nobody could say, what was tried, and what became of it. */
export interface Unlearned {
  readonly certificate: Certificate
  readonly failures: readonly string[]
  readonly outcome: 'allow' | 'refuse'
}

interface Asked {
  readonly certificate: Certificate
  readonly above: Path
  readonly policy: RevocationPolicy
  readonly search: Search
  readonly failures: string[]
}

/** silent: nobody answered; unknown: an authority does not know it; stale: what is known is too old */
type NotKnown = 'silent' | 'unknown' | 'stale'
type Answer = RevocationAnswer | { readonly notKnown: NotKnown; readonly waits: boolean }

const still: Answer = { notKnown: 'silent', waits: true }
/** milliseconds for which a list past its end is believed before it is looked at again */
const believedFor = 60_000

const details: Record<NotKnown, string> = {
  silent: 'No source of its issuer says whether the certificate is revoked.',
  unknown: 'The responder of its issuer does not know the certificate.',
  stale: 'What its issuer last said about the certificate is out of date.',
}

function revoked(certificate: Certificate, { revokedAt, reason }: OcspStatus): Untrusted {
  const day = revokedAt === undefined ? 'some day' : new Date(revokedAt).toISOString().slice(0, 10)
  return untrusted('certificate_revoked', `its issuer revoked it on ${day}: ${reasonText(reason)}`, certificate)
}

/** A broken extension names no source; the certificate was refused for it already if it had to be. */
function attempt<T>(read: () => T, failures: string[]): T | undefined {
  try {
    return read()
  } catch (error) {
    if (!isCoded(error)) throw error
    failures.push(error.message)
    return undefined
  }
}

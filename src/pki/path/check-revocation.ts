import { isCoded } from '../../errors.ts'
import type { Certificate } from '../x509/certificate.ts'
import type { Crl } from '../x509/crl.ts'
import { allReasons, type DistributionPoint } from '../x509/distribution-points.ts'
import { nameMatchKey } from '../x509/name-match.ts'
import { findDelta } from './crl-delta.ts'
import { findEntry, reasonText, removeFromCrl } from './crl-entry.ts'
import { crlIssuersOf, distributionPointsOf, reasonsCovered } from './crl-scope.ts'
import { findCrlSigner } from './crl-signer.ts'
import { crlFault, crlValidUntil } from './crl-validity.ts'
import type { Path } from './find-path.ts'
import type { Search } from './search.ts'
import { type Untrusted, untrusted } from './verdict.ts'

/** How long the answer holds, or the refusal. */
export type RevocationAnswer = { readonly ok: true; readonly validUntil: number } | Untrusted

/**
 * RFC 5280 section 6.3 for every certificate of the path but the anchor, from the anchor down: no certificate is believed about the ones
 * below it before its own status is known. Without a list that covers every reason, a certificate counts as unknown, and is refused.
 */
export function checkRevocation(path: Path, search: Search): RevocationAnswer {
  let validUntil = Number.POSITIVE_INFINITY
  for (let i = path.certificates.length - 2; i >= 0; i--) {
    const above: Path = { ...path, certificates: path.certificates.slice(i + 1) }
    const answer = crlStatus(path.certificates[i]!, above, search)
    if (!answer.ok) return answer
    validUntil = Math.min(validUntil, answer.validUntil)
  }
  return { ok: true, validUntil }
}

/** RFC 5280 section 6.3.3 for one certificate. `above` is the path from its issuer to the anchor. */
export function crlStatus(certificate: Certificate, above: Path, search: Search): RevocationAnswer {
  const covered = new Set<number>()
  let validUntil = Number.POSITIVE_INFINITY
  let reason = `there is no revocation list of ${certificate.issuer}`
  const answered = new Set<string>()
  for (const point of distributionPointsOf(certificate)) {
    for (const crl of listsFor(point, certificate, search)) {
      // of two lists about the same certificates the newer one counts; of lists about different ones, all that say "revoked"
      if (answered.has(scopeKey(crl))) continue
      const use = useList(crl, certificate, point, above, search)
      if (use.state === 'unusable') reason = use.why
      if (use.state === 'revoked') return untrusted('certificate_revoked', use.why, certificate)
      if (use.state === 'not listed') {
        answered.add(scopeKey(crl))
        for (const bit of use.reasons) covered.add(bit)
        validUntil = Math.min(validUntil, use.validUntil)
      }
    }
  }
  if (allReasons.isSubsetOf(covered)) return { ok: true, validUntil }
  if (covered.size > 0) reason = 'the revocation lists do not cover all reasons for a revocation'
  return untrusted('revocation_unknown', reason, certificate)
}

function listsFor(point: DistributionPoint, certificate: Certificate, search: Search): readonly Crl[] {
  const lists = crlIssuersOf(point, certificate).flatMap(name => search.question.crls?.issuedBy(name) ?? [])
  return lists.toSorted((one, other) => other.thisUpdate - one.thisUpdate)
}

function scopeKey(crl: Crl): string {
  return `${nameMatchKey(crl.issuer)} ${crl.extensions.get('2.5.29.28')?.value.toString('hex') ?? ''}`
}

type Use =
  | { readonly state: 'beside the point' }
  | { readonly state: 'unusable'; readonly why: string }
  | { readonly state: 'revoked'; readonly why: string }
  | { readonly state: 'not listed'; readonly reasons: ReadonlySet<number>; readonly validUntil: number }

// RFC 5280 section 6.3.3 (a) to (l) for one list. A list that cannot be read is as good as none.
function useList(crl: Crl, certificate: Certificate, point: DistributionPoint, above: Path, search: Search): Use {
  try {
    const reasons = reasonsCovered(crl, certificate, point)
    if (reasons === undefined) return { state: 'beside the point' }
    const signer = findCrlSigner(crl, point, above, search)
    if (typeof signer === 'string') return { state: 'unusable', why: signer }
    const fault = crlFault(crl, search)
    if (fault !== undefined) return { state: 'unusable', why: fault }
    return lookUp(crl, certificate, reasons, signer, search)
  } catch (error) {
    if (!isCoded(error)) throw error
    return { state: 'unusable', why: error.message }
  }
}

// RFC 5280 section 6.3.3 (i) to (k)
function lookUp(
  crl: Crl,
  certificate: Certificate,
  reasons: ReadonlySet<number>,
  signer: Certificate,
  search: Search,
): Use {
  const delta = findDelta(crl, signer, search)
  const changed = delta && findEntry(delta, certificate)
  const entry = changed ?? findEntry(crl, certificate)
  // only a delta list may take an entry back
  if (entry !== undefined && (changed === undefined || changed.reason !== removeFromCrl)) {
    const day = new Date(entry.revocationDate).toISOString().slice(0, 10)
    return { state: 'revoked', why: `its issuer revoked it on ${day}: ${reasonText(entry.reason)}` }
  }
  const until = [crl, ...(delta === undefined ? [] : [delta])].map(list => crlValidUntil(list, search))
  return { state: 'not listed', reasons, validUntil: Math.min(...until) }
}

import type { Certificate } from '../x509/certificate.ts'
import { isSelfIssued, nameMatchKey } from '../x509/name-match.ts'
import type { Search } from './search.ts'
import { signatureWeakness } from './signature.ts'
import { type TrustAnchor, type Untrusted, untrusted } from './verdict.ts'

/** An issuer of a certificate: its name matches, and its key verifies the signature. */
export interface Issuer {
  readonly certificate: Certificate
  /** undefined: an intermediate */
  readonly anchor: TrustAnchor | undefined
}

/** For every certificate that hangs on an anchor by signatures that verify: its issuers. */
export type IssuerGraph = ReadonlyMap<Certificate, readonly Issuer[]>

/**
 * Finds out which certificates really hang on an anchor, before anything that they say is looked at. It goes up from the target by names
 * alone, which costs next to nothing, and then down from the anchors by signatures: a certificate that somebody made up fails at its
 * first signature, and what hangs below it is never touched.
 */
export function buildIssuerGraph(target: Certificate, search: Search): IssuerGraph {
  const byIssuer = collectByIssuer(target, search)
  const graph = new Map<Certificate, Issuer[]>()
  const hanging: Certificate[] = []
  const add = (certificate: Certificate, issuer: Issuer) => {
    if (!isSignedBy(certificate, issuer.certificate, search)) return
    const known = graph.get(certificate)
    if (known === undefined) {
      graph.set(certificate, [issuer])
      hanging.push(certificate)
    } else known.push(issuer)
  }
  for (const certificate of [...byIssuer.values()].flat()) {
    for (const anchor of search.question.anchors.named(certificate.issuer)) {
      add(certificate, { certificate: anchor.certificate, anchor })
    }
  }
  // the list grows while it is walked; each certificate enters it once
  for (const issuer of hanging) {
    if (issuer === target) continue
    for (const certificate of byIssuer.get(nameMatchKey(issuer.subject)) ?? []) {
      if (certificate !== issuer) add(certificate, { certificate: issuer, anchor: undefined })
    }
  }
  if (!graph.has(target)) noteMissingIssuer(target, search)
  return graph
}

/** The target and all that stands above it by name, by the name of their issuer. */
function collectByIssuer(
  target: Certificate,
  { question: { intermediates, anchors } }: Search,
): Map<string, Certificate[]> {
  const byIssuer = new Map<string, Certificate[]>()
  const seen = new Set([target.thumbprint])
  const found = [target]
  for (const certificate of found) {
    const key = nameMatchKey(certificate.issuer)
    const siblings = byIssuer.get(key)
    if (siblings !== undefined) {
      siblings.push(certificate)
      continue
    }
    byIssuer.set(key, [certificate])
    for (const candidate of intermediates.named(certificate.issuer)) {
      // a copy of an anchor adds nothing to the anchor
      if (seen.has(candidate.thumbprint) || anchors.same(candidate) !== undefined) continue
      seen.add(candidate.thumbprint)
      found.push(candidate)
    }
  }
  return byIssuer
}

function isSignedBy(certificate: Certificate, issuer: Certificate, search: Search): boolean {
  const weakness = signatureWeakness(certificate, search.question.rules.insecure)
  const failure = weakness === undefined ? search.keyFailure(issuer) : untrusted('key_too_weak', weakness, certificate)
  const fault = failure ?? (search.verifies(certificate, issuer) ? undefined : wrongSignature(certificate, issuer))
  if (search.traced('signature', certificate, fault) === undefined) return true
  search.note(fault!)
  return false
}

function wrongSignature(certificate: Certificate, issuer: Certificate): Untrusted {
  const detail = `the signature does not verify with the key of ${issuer.subject}`
  return untrusted('signature_invalid', detail, certificate)
}

// Up by names to the first certificate whose issuer nobody has. When every name leads on, the signatures were the fault, or a circle.
function noteMissingIssuer(target: Certificate, search: Search): void {
  const passed = new Set<Certificate>()
  let last = target
  for (let next: Certificate | undefined = target; next !== undefined; ) {
    last = next
    passed.add(last)
    next = search.question.intermediates.named(last.issuer).find(candidate => !passed.has(candidate))
  }
  const detail = isSelfIssued(last)
    ? 'it is self-issued, and not itself in the trust store'
    : `its issuer, ${last.issuer}, is neither a trust anchor nor among the certificates that were sent`
  search.note(untrusted('issuer_unknown', detail, last))
}

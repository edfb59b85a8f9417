import type { Certificate } from '../x509/certificate.ts'
import { authorityKeyIdentifier, basicConstraints, subjectKeyIdentifier } from '../x509/extensions.ts'
import { isSelfIssued, namesMatch } from '../x509/name-match.ts'
import { buildIssuerGraph, type Issuer } from './issuer-graph.ts'
import type { Search } from './search.ts'
import { type TrustAnchor, type Untrusted, untrusted } from './verdict.ts'

export interface Path {
  /** target first, anchor last */
  readonly certificates: readonly Certificate[]
  readonly anchor: TrustAnchor
}

/**
 * The first path from the target to an anchor that passes every check: depth first over the issuers whose signatures verify, and back
 * to try the next issuer where one fails (RFC 4158 section 2.4). `checkWhole` judges a complete path. Failures are noted in the search.
 */
export function findPath(
  target: Certificate,
  search: Search,
  checkWhole: (path: Path) => Untrusted | undefined,
): Path | undefined {
  const graph = buildIssuerGraph(target, search)
  const { rules, maxDepth, budget } = search.question
  return climb([target], 0)

  /** `depth`: how many intermediates that are not self-issued the path has so far */
  function climb(path: readonly Certificate[], depth: number): Path | undefined {
    const child = path.at(-1)!
    for (const { certificate, anchor } of mostLikelyFirst(graph.get(child) ?? [], child, rules.at)) {
      budget.spend('steps')
      if (isOnPath(certificate, path)) continue
      const next = depth + (anchor !== undefined || isSelfIssued(certificate) ? 0 : 1)
      const failure =
        search.issuerFailure(certificate) ??
        search.traced('pathLength', certificate, checkPathLength(certificate, depth)) ??
        search.traced('depth', certificate, checkDepth(certificate, next, maxDepth))
      if (failure === undefined) {
        const longer = [...path, certificate]
        const found = anchor === undefined ? climb(longer, next) : finish({ certificates: longer, anchor })
        if (found !== undefined) return found
      } else search.note(failure)
    }
    return undefined
  }

  function finish(path: Path): Path | undefined {
    const failure = checkWhole(path)
    if (failure === undefined) return path
    search.note(failure)
    return undefined
  }
}

// RFC 4158 section 2.4.2: the same name with the same key again is a circle, whatever the certificate around them
function isOnPath(certificate: Certificate, path: readonly Certificate[]): boolean {
  return path.some(other => other.spki.equals(certificate.spki) && namesMatch(other.subject, certificate.subject))
}

// RFC 5280 section 6.1.4 (l) and (m), seen from below
function checkPathLength(certificate: Certificate, depth: number): Untrusted | undefined {
  const limit = basicConstraints(certificate)?.pathLength
  if (limit === undefined || depth <= limit) return undefined
  return untrusted(
    'path_too_long',
    `the issuer allows ${limit} authorities below it, and there are ${depth}`,
    certificate,
  )
}

function checkDepth(certificate: Certificate, depth: number, maxDepth: number): Untrusted | undefined {
  if (depth <= maxDepth) return undefined
  return untrusted('path_too_long', `more than ${maxDepth} intermediate authorities`, certificate)
}

// RFC 4158 section 3.5: hints only; the order costs time and never a path
function mostLikelyFirst(issuers: readonly Issuer[], child: Certificate, at: number): readonly Issuer[] {
  if (issuers.length < 2) return issuers
  const score = ({ certificate, anchor }: Issuer) =>
    (at >= certificate.notBefore && at <= certificate.notAfter ? 4 : 0) +
    (anchor === undefined ? 0 : 2) +
    (keyIdentifiersAgree(child, certificate) ? 1 : 0)
  return issuers.toSorted((one, other) => score(other) - score(one))
}

function keyIdentifiersAgree(child: Certificate, issuer: Certificate): boolean {
  try {
    const wanted = authorityKeyIdentifier(child)?.keyIdentifier
    const offered = subjectKeyIdentifier(issuer)
    return wanted !== undefined && offered?.equals(wanted) === true
  } catch {
    // a broken extension is refused when its certificate is checked
    return false
  }
}

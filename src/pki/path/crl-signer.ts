import type { Certificate } from '../x509/certificate.ts'
import type { Crl } from '../x509/crl.ts'
import type { DistributionPoint } from '../x509/distribution-points.ts'
import { namesMatch } from '../x509/name-match.ts'
import { checkCrlIssuer, checkCrlSigning } from './check-certificate.ts'
import { checkNameConstraints } from './check-names.ts'
import { checkRevocation } from './check-revocation.ts'
import { findPath, type Path } from './find-path.ts'
import { Search } from './search.ts'
import { signatureWeakness } from './signature.ts'

/**
 * RFC 5280 section 6.3.3 (f) and (g): the certificate whose key signed the list and which may do so; or why there is none. `above` is
 * the path from the issuer of the certificate in question to the anchor, already trusted.
 */
export function findCrlSigner(crl: Crl, point: DistributionPoint, above: Path, search: Search): Certificate | string {
  if (!crl.signatureAlgorithm.raw.equals(crl.tbsSignatureAlgorithm.raw)) {
    return 'the signature algorithm inside the revocation list is not the one outside'
  }
  const weakness = signatureWeakness(crl, search.question.rules.insecure)
  if (weakness !== undefined) return `the revocation list: ${weakness}`
  const onPath = above.certificates.filter(({ subject }) => namesMatch(subject, crl.issuer))
  const signer = onPath.find(issuer => checkCrlSigning(issuer) === undefined && isSignedBy(crl, issuer, search))
  if (signer !== undefined) return signer
  const others = search.question.intermediates
    .named(crl.issuer)
    .filter(one => !onPath.some(({ raw }) => raw.equals(one.raw)))
  return (
    others.find(one => isSignedBy(crl, one, search) && isVouchedFor(one, point, above, search)) ??
    'no certificate that may sign it verifies the signature of the revocation list'
  )
}

export function isSignedBy(crl: Crl, issuer: Certificate, search: Search): boolean {
  return search.keyFailure(issuer) === undefined && search.verifies(crl, issuer)
}

/**
 * Whether a certificate that is not on the path may sign lists for it: it has a valid path of its own to the same anchor, and, unless
 * the certificate in question names another CRL issuer, it was issued by the issuer in question or by the one above, as the second key
 * of the same authority is. RFC 5280 would let any authority below the anchor issue lists by taking the name.
 */
function isVouchedFor(signer: Certificate, point: DistributionPoint, above: Path, search: Search): boolean {
  const before = search.vouched.get(signer)
  if (before !== undefined) return before
  // while it is being looked at it does not count: no list vouches for its own signer
  search.vouched.set(signer, false)
  const rules = { ...search.question.rules, purpose: 'any' as const, trace: undefined }
  const inner = new Search({ ...search.question, rules }, search.vouched)
  const path =
    checkCrlIssuer(signer, rules) === undefined
      ? findPath(signer, inner, found => {
          const answer =
            checkNameConstraints(found.certificates, inner.question.budget) ?? checkRevocation(found, inner)
          return answer.ok ? undefined : answer
        })
      : undefined
  const vouched = path?.anchor === above.anchor && (point.crlIssuer !== undefined || isSibling(path, above))
  search.vouched.set(signer, vouched)
  return vouched
}

function isSibling(path: Path, above: Path): boolean {
  const issuer = path.certificates[1]!
  return above.certificates
    .slice(0, 2)
    .some(one => one.spki.equals(issuer.spki) && namesMatch(one.subject, issuer.subject))
}

import { content, DerReader, der, tag } from '../asn1/der.ts'
import type { Certificate } from '../x509/certificate.ts'
import type { Crl } from '../x509/crl.ts'
import {
  allReasons,
  crlDistributionPoints,
  type DistributionPoint,
  type DistributionPointName,
  type IssuingDistributionPoint,
  readIssuingDistributionPoint,
} from '../x509/distribution-points.ts'
import { basicConstraints } from '../x509/extensions.ts'
import type { GeneralName } from '../x509/general-name.ts'
import { type Name, readName } from '../x509/name.ts'
import { nameMatchKey } from '../x509/name-match.ts'

/**
 * The points to look at for a certificate (RFC 5280 section 6.3.3, first paragraph): those it names, or one without any limit for one
 * that names none. The RFC would also fall back to lists of the issuer when the named points leave something open; then it stays open here.
 */
export function distributionPointsOf(certificate: Certificate): readonly DistributionPoint[] {
  return crlDistributionPoints(certificate) ?? [{ name: undefined, reasons: undefined, crlIssuer: undefined }]
}

/** Names of the issuers whose lists count for the point: those that it names, else the issuer of the certificate. */
export function crlIssuersOf(point: DistributionPoint, certificate: Certificate): readonly Name[] {
  if (point.crlIssuer === undefined) return [certificate.issuer]
  return point.crlIssuer.flatMap(name => (name.type === 'directoryName' ? [name.name] : []))
}

/** RFC 5280 section 6.3.3 (b) and (d): for which reasons this list speaks about that certificate at that point; undefined: not at all. */
export function reasonsCovered(
  crl: Crl,
  certificate: Certificate,
  point: DistributionPoint,
): ReadonlySet<number> | undefined {
  const scope = issuingDistributionPoint(crl)
  const authority = basicConstraints(certificate)?.ca === true
  // (b)(1)
  if (point.crlIssuer !== undefined && scope?.indirect !== true) return undefined
  if (scope !== undefined) {
    // (b)(2)(i)
    if (scope.name !== undefined && !namesMeet(scope.name, crl, certificate, point)) return undefined
    // (b)(2)(ii) to (iv). A certificate before version 3 does not say which it is
    if (scope.onlyContains === 'userCertificates' && (authority || certificate.version < 3)) return undefined
    if (scope.onlyContains === 'authorityCertificates' && !authority) return undefined
    if (scope.onlyContains === 'attributeCertificates') return undefined
  }
  return (scope?.onlySomeReasons ?? allReasons).intersection(point.reasons ?? allReasons)
}

const kept = new WeakMap<Crl, IssuingDistributionPoint>()

/** The list's own word about what it holds. Throws ERR_DER_MALFORMED. */
export function issuingDistributionPoint(crl: Crl): IssuingDistributionPoint | undefined {
  const extension = crl.extensions.get('2.5.29.28')
  if (extension === undefined) return undefined
  const before = kept.get(crl)
  if (before !== undefined) return before
  const reader = new DerReader(extension.value)
  const scope = readIssuingDistributionPoint(reader)
  reader.close('the issuing distribution point')
  kept.set(crl, scope)
  return scope
}

function namesMeet(
  ofList: DistributionPointName,
  crl: Crl,
  certificate: Certificate,
  point: DistributionPoint,
): boolean {
  const there = fullNames(ofList, crl.issuer)
  const issuer = crlIssuersOf(point, certificate)[0] ?? certificate.issuer
  const here = point.name === undefined ? (point.crlIssuer ?? []) : fullNames(point.name, issuer)
  const keys = new Set(there.map(generalNameKey))
  return here.some(name => keys.has(generalNameKey(name)))
}

// RFC 5280 section 4.2.1.13: nameRelativeToCRLIssuer is one more relative name below the issuer's
function fullNames(name: DistributionPointName, issuer: Name): readonly GeneralName[] {
  if ('fullName' in name) return name.fullName
  const relative = Buffer.from(name.relativeToIssuer)
  relative[0] = tag.set
  const above = content(new DerReader(issuer.raw).element(tag.sequence))
  return [{ type: 'directoryName', name: readName(der(tag.sequence, above, relative)) }]
}

function generalNameKey(name: GeneralName): string {
  switch (name.type) {
    case 'directoryName':
      return `directoryName ${nameMatchKey(name.name)}`
    case 'iPAddress':
      return `iPAddress ${name.octets.toString('hex')}`
    case 'otherName':
      return `otherName ${name.oid} ${name.value.toString('hex')}`
    case 'registeredID':
      return `registeredID ${name.oid}`
    case 'x400Address':
    case 'ediPartyName':
      return name.raw.toString('hex')
    default:
      return `${name.type} ${name.value}`
  }
}

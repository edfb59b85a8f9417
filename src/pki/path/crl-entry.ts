import { readWhole } from '../asn1/der.ts'
import type { Certificate } from '../x509/certificate.ts'
import type { Crl, CrlEntry } from '../x509/crl.ts'
import { readGeneralNames } from '../x509/general-name.ts'
import { namesMatch } from '../x509/name-match.ts'
import { issuingDistributionPoint } from './crl-scope.ts'

/** RFC 5280 section 5.3.1 */
export const removeFromCrl = 8

const reasons = [
  'unspecified',
  'the key was compromised',
  'the authority was compromised',
  'the affiliation changed',
  'it was superseded',
  'the authority ceased to operate',
  'it is on hold',
  'no reason given',
  'removed from the list',
  'a privilege was withdrawn',
  'the attribute authority was compromised',
]

export function reasonText(reason: number | undefined): string {
  return reasons[reason ?? 7] ?? 'no reason given'
}

/** The entry about a certificate: its serial number under its issuer (RFC 5280 section 5.3.3). */
export function findEntry(crl: Crl, certificate: Certificate): CrlEntry | undefined {
  const indirect = issuingDistributionPoint(crl)?.indirect === true
  return crl.find(certificate.serialNumber).find(entry => {
    if (!indirect || entry.certificateIssuer === undefined) return namesMatch(certificate.issuer, crl.issuer)
    const names = readGeneralNames(readWhole(entry.certificateIssuer.value))
    return names.some(name => name.type === 'directoryName' && namesMatch(certificate.issuer, name.name))
  })
}

import type { Crl } from '../x509/crl.ts'
import { issuingDistributionPoint } from './crl-scope.ts'
import type { Search } from './search.ts'

const day = 86_400_000
/** For a list that does not say when the next one comes: the longest time between lists in the CA/Browser Forum's baseline (4.9.7). */
const withoutNextUpdate = 7 * day

/** Until when a list speaks, milliseconds: the grace included. */
export function crlValidUntil(crl: Crl, { question }: Search): number {
  const end = crl.nextUpdate ?? crl.thisUpdate + withoutNextUpdate
  return Math.min(end + question.crlGrace, crl.thisUpdate + question.crlMaxAge)
}

const certificateIssuer = '2.5.29.29'
// authorityKeyIdentifier, issuerAltName, cRLNumber, deltaCRLIndicator, issuingDistributionPoint, freshestCRL
const knownOfList = new Set(['2.5.29.35', '2.5.29.18', '2.5.29.20', '2.5.29.27', '2.5.29.28', '2.5.29.46'])
// reasonCode, holdInstructionCode, invalidityDate, certificateIssuer
const knownOfEntry = new Set(['2.5.29.21', '2.5.29.23', '2.5.29.24', certificateIssuer])

/** Why a list, whoever signed it, says nothing now. RFC 5280 sections 5.1.2, 5.2 and 5.3. Throws ERR_CRL_MALFORMED. */
export function crlFault(crl: Crl, search: Search): string | undefined {
  const { at } = search.question.rules
  const until = crlValidUntil(crl, search)
  const time = (millis: number) => `${new Date(millis).toISOString().slice(0, 19)}Z`
  if (at < crl.thisUpdate) return `the revocation list begins only at ${time(crl.thisUpdate)}`
  if (at > until) return `the revocation list ended at ${time(until)}`
  for (const { oid, critical } of crl.extensions.values()) {
    if (critical && !knownOfList.has(oid))
      return `the extension ${oid} of the revocation list is critical, and unknown here`
  }
  for (const oid of crl.criticalEntryExtensions) {
    if (!knownOfEntry.has(oid))
      return `the extension ${oid} of an entry of the revocation list is critical, and unknown here`
  }
  if (crl.criticalEntryExtensions.has(certificateIssuer) && issuingDistributionPoint(crl)?.indirect !== true) {
    return 'the revocation list names other issuers without being an indirect one'
  }
  return undefined
}

import { DerReader } from '../../../pki/asn1/der.ts'
import {
  canonicalBase64,
  chainOf,
  type ForwardedCertificate,
  mostCertificates,
  percentDecoded,
} from './forwarded-certificate.ts'

/** base64 of the DER, as HAProxy writes it (`ssl_c_der,base64`), and with a second header that of the whole chain, end to end. */
export function readDer(value: string, chain: string | undefined): ForwardedCertificate | string {
  const leaf = canonicalBase64(value)
  if (leaf === undefined) return 'is not base64 in its canonical form'
  // HAProxy has no chain for a resumed session: it is not known then, which is something else than not being there.
  if (chain === undefined) return { leaf, rest: undefined }
  const octets = canonicalBase64(chain)
  const certificates = octets && elements(octets)
  if (certificates === undefined) return 'comes with a chain that is not base64 of certificates'
  return { leaf, rest: certificates.filter(certificate => !certificate.equals(leaf)) }
}

function elements(octets: Buffer): Buffer[] | undefined {
  const found: Buffer[] = []
  const reader = new DerReader(octets)
  try {
    while (!reader.done && found.length <= mostCertificates) {
      const { start, end } = reader.element()
      found.push(octets.subarray(start, end))
    }
  } catch {
    return undefined
  }
  return found.length > mostCertificates ? undefined : found
}

/** Traefik: base64 of the DER, of the whole chain with commas between; older versions percent-encode it. */
export function readTraefik(value: string): ForwardedCertificate | string {
  const text = value.includes('%') ? percentDecoded(value) : value
  if (text === undefined) return 'is not percent-encoded'
  const certificates = text.split(',', mostCertificates + 1).map(canonicalBase64)
  return certificates.every(certificate => certificate !== undefined)
    ? chainOf(certificates)
    : 'is not base64 in its canonical form'
}

import { readByteSequences } from '../structured-fields.ts'
import { chainOf, type ForwardedCertificate } from './forwarded-certificate.ts'

/** RFC 9440: `Client-Cert`, an item, and `Client-Cert-Chain`, a list, of the DER as byte sequences. */
export function readClientCert(value: string, chain: string | undefined): ForwardedCertificate | string {
  const [leaf, ...more] = readByteSequences(value) ?? []
  if (leaf === undefined || more.length > 0 || leaf.length === 0) return 'is not one byte sequence (RFC 9440)'
  const rest = chain === undefined ? [] : readByteSequences(chain)
  if (rest === undefined || rest.some(certificate => certificate.length === 0))
    return 'comes with a Client-Cert-Chain that is no list of byte sequences (RFC 9440)'
  return chainOf([leaf, ...rest])
}

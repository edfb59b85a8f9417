import { explicit, octetString, oid, sequence } from '../../asn1/der.ts'
import type { Certificate } from '../../x509/certificate.ts'
import { encodeCertId } from './cert-id.ts'

export const nonceOid = '1.3.6.1.5.5.7.48.1.2'

/** An unsigned OCSPRequest about one certificate (RFC 6960 section 4.1), DER. */
export function encodeOcspRequest(certificate: Certificate, issuer: Certificate, nonce?: Uint8Array): Buffer {
  const list = sequence(sequence(encodeCertId(certificate, issuer)))
  // RFC 9654 section 2.1: the extension holds an OCTET STRING of 1 to 128 octets
  const extensions =
    nonce === undefined ? [] : [explicit(2, sequence(sequence(oid(nonceOid), octetString(octetString(nonce)))))]
  return sequence(sequence(list, ...extensions))
}

/** RFC 6960 appendix A.1.1, RFC 5019 section 5: where to GET the answer; undefined: the request is too long for that. */
export function getAddress(url: string, request: Buffer): string | undefined {
  const path = encodeURIComponent(request.toString('base64'))
  const address = `${url}${url.endsWith('/') ? '' : '/'}${path}`
  return address.length <= 255 ? address : undefined
}

import { CodedError } from '../errors.ts'
import { contextTag, DerReader, encoded, inside, readOid, tag } from '../pki/asn1/der.ts'
import { type Certificate, parseCertificate } from '../pki/x509/certificate.ts'
import { looksLikePem, readPem } from '../pki/x509/pem.ts'

/**
 * The certificates of a file, in its order: one DER certificate, PEM blocks, or a PKCS#7 bundle (.p7b) in DER or PEM, as authorities send
 * their replies. Throws ERR_CERTIFICATE_MALFORMED, ERR_PEM_MALFORMED, and ERR_CERTIFICATE_MISSING when there is none.
 */
export function readCertificates(bytes: Uint8Array, file: string): Certificate[] {
  const found = looksLikePem(bytes) ? readPem(bytes).flatMap(({ label, der }) => fromBlock(label, der)) : fromDer(bytes)
  if (found.length > 0) return found
  throw new CodedError('ERR_CERTIFICATE_MISSING', `${file} holds no certificate`, {
    remedy: 'Name a file with a certificate in PEM (-----BEGIN CERTIFICATE-----), DER or PKCS#7 form.',
  })
}

function fromBlock(label: string, der: Buffer): Certificate[] {
  if (label === 'CERTIFICATE' || label === 'X509 CERTIFICATE') return [parseCertificate(der)]
  return label === 'PKCS7' || label === 'CMS' ? bundle(der) : []
}

function fromDer(bytes: Uint8Array): Certificate[] {
  return bytes.length > 0 && isBundle(bytes) ? bundle(bytes) : [parseCertificate(bytes)]
}

// A certificate begins with a SEQUENCE inside a SEQUENCE, PKCS#7 with an object identifier.
function isBundle(bytes: Uint8Array): boolean {
  try {
    return new DerReader(bytes).enter().peek() === tag.oid
  } catch {
    return false
  }
}

// RFC 2315 section 9.1: SignedData used as a bag of certificates; signatures in it say nothing and are not read.
function bundle(bytes: Uint8Array): Certificate[] {
  try {
    const outer = new DerReader(bytes).enter()
    if (readOid(outer.element(tag.oid)) !== '1.2.840.113549.1.7.2') return []
    const signed = outer.enter(contextTag(0)).enter()
    signed.element(tag.integer)
    signed.element(tag.set)
    signed.element(tag.sequence)
    const set = signed.optional(contextTag(0))
    const list = set === undefined ? undefined : inside(set)
    const found: Certificate[] = []
    while (list !== undefined && !list.done) found.push(parseCertificate(encoded(list.element(tag.sequence))))
    return found
  } catch (cause) {
    if (cause instanceof CodedError && cause.code === 'ERR_CERTIFICATE_MALFORMED') throw cause
    throw new CodedError('ERR_CERTIFICATE_MALFORMED', 'the PKCS#7 bundle is malformed', {
      remedy: 'Ask for the certificates as PEM, or convert them: openssl pkcs7 -print_certs -in FILE -inform DER.',
      cause,
    })
  }
}

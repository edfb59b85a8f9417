import { createHash, timingSafeEqual } from 'node:crypto'
import {
  content,
  type DerReader,
  integer,
  nullValue,
  octetString,
  oid,
  DerReader as Reader,
  readBitString,
  sequence,
  tag,
} from '../../asn1/der.ts'
import { asBuffer } from '../../asn1/strings.ts'
import { type Certificate, readAlgorithm } from '../../x509/certificate.ts'

/** CertID (RFC 6960 section 4.1.1): which certificate is meant. */
export interface CertId {
  /** object identifier of the digest */
  readonly digest: string
  readonly issuerName: Buffer
  readonly issuerKey: Buffer
  /** lower-case hex, as Certificate.serialNumber */
  readonly serialNumber: string
}

const digests: Readonly<Record<string, string>> = {
  '1.3.14.3.2.26': 'sha1',
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
}

/** DER. SHA-1, which RFC 5019 section 2.1.1 wants: it says which certificate is meant, and vouches for nothing. */
export function encodeCertId(certificate: Certificate, issuer: Certificate): Buffer {
  return sequence(
    sequence(oid('1.3.14.3.2.26'), nullValue()),
    octetString(createHash('sha1').update(issuer.subject.raw).digest()),
    octetString(createHash('sha1').update(publicKeyBits(issuer)).digest()),
    // as it stands in the certificate, however it is written there
    serial(certificate.serialNumber),
  )
}

export function readCertId(reader: DerReader): CertId {
  const fields = reader.enter()
  const { oid: digest } = readAlgorithm(fields)
  const issuerName = asBuffer(content(fields.element(tag.octetString)))
  const issuerKey = asBuffer(content(fields.element(tag.octetString)))
  const serialNumber = asBuffer(content(fields.element(tag.integer))).toString('hex')
  fields.close('the certificate identifier')
  return { digest, issuerName, issuerKey, serialNumber }
}

/** Whether that certificate of that issuer is meant. */
export function isAbout(id: CertId, certificate: Certificate, issuer: Certificate): boolean {
  const digest = digests[id.digest]
  if (digest === undefined || id.serialNumber !== certificate.serialNumber) return false
  return (
    same(id.issuerName, createHash(digest).update(issuer.subject.raw).digest()) &&
    same(id.issuerKey, createHash(digest).update(publicKeyBits(issuer)).digest())
  )
}

/** The bits of subjectPublicKey, without tag, length and unused bits: what key identifiers are made from. */
export function publicKeyBits({ spki }: Certificate): Uint8Array {
  const fields = new Reader(spki).enter()
  fields.element(tag.sequence)
  return readBitString(fields.element(tag.bitString)).octets
}

function same(one: Buffer, other: Buffer): boolean {
  return one.length === other.length && timingSafeEqual(one, other)
}

function serial(hex: string): Buffer {
  const octets = Buffer.from(hex, 'hex')
  const written = integer(octets)
  // a negative or overlong number keeps its octets
  return content(new Reader(written).element()).length === octets.length
    ? written
    : Buffer.concat([Buffer.from([tag.integer, octets.length]), octets])
}

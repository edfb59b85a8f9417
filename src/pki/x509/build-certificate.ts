import { type KeyObject, randomBytes } from 'node:crypto'
import { bitString, der, explicit, integer, sequence, tag } from '../asn1/der.ts'
import { encodeExtension, encodePublicKey } from './build-extensions.ts'
import { buildName, type NameSource } from './build-name.ts'
import type { Extension } from './certificate.ts'
import { type SigningOptions, signerFor } from './sign.ts'

export interface CertificateSource extends SigningOptions {
  readonly subject: NameSource
  /** default: the subject, as in a self-issued certificate. Hand in the issuing certificate's own name to keep its exact bytes */
  readonly issuer?: NameSource
  /** a key, or SubjectPublicKeyInfo DER */
  readonly publicKey: KeyObject | Uint8Array
  readonly signingKey: KeyObject
  /** default: 127 random bits */
  readonly serialNumber?: number | bigint | Uint8Array
  /** milliseconds since the epoch */
  readonly notBefore: number
  readonly notAfter: number
  readonly extensions?: readonly Extension[]
}

/** A signed certificate (RFC 5280 section 4.1), DER. Says what it is told: checking what may be said is for the caller. */
export function buildCertificate(source: CertificateSource): Buffer {
  const extensions = source.extensions ?? []
  const signer = signerFor(source.signingKey, source)
  const tbs = sequence(
    // version 1 is the default and so left out; extensions need version 3
    ...(extensions.length > 0 ? [explicit(0, integer(2))] : []),
    integer(source.serialNumber ?? randomSerialNumber()),
    signer.algorithm,
    buildName(source.issuer ?? source.subject),
    sequence(encodeTime(source.notBefore), encodeTime(source.notAfter)),
    buildName(source.subject),
    encodePublicKey(source.publicKey),
    ...(extensions.length > 0 ? [explicit(3, sequence(...extensions.map(encodeExtension)))] : []),
  )
  return sequence(tbs, signer.algorithm, bitString(signer.sign(tbs)))
}

/** RFC 5280 section 4.1.2.2: positive, at most 20 octets, and not to be guessed. */
export function randomSerialNumber(): Buffer {
  const octets = randomBytes(16)
  octets[0] = (octets[0]! & 0x7f) | 0x40
  return octets
}

/** RFC 5280 section 4.1.2.5: UTCTime through the year 2049, GeneralizedTime from 2050 on. */
export function encodeTime(at: number): Buffer {
  const digits = new Date(at)
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replace(/[-:T]/g, '')
  const year = new Date(at).getUTCFullYear()
  return year >= 1950 && year < 2050
    ? der(tag.utcTime, Buffer.from(digits.slice(2), 'latin1'))
    : der(tag.generalizedTime, Buffer.from(digits, 'latin1'))
}

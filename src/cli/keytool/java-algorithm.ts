import type { KeyObject } from 'node:crypto'
import { DerReader, readOid, tag } from '../../pki/asn1/der.ts'
import type { Certificate } from '../../pki/x509/certificate.ts'

/** The JDK's name of a signature algorithm: "SHA256withRSA"; the object identifier where it has none. */
export function javaSignatureName(oid: string): string {
  return signatureNames[oid] ?? oid
}

const signatureNames: Readonly<Record<string, string>> = {
  '1.2.840.113549.1.1.2': 'MD2withRSA',
  '1.2.840.113549.1.1.4': 'MD5withRSA',
  '1.2.840.113549.1.1.5': 'SHA1withRSA',
  '1.2.840.113549.1.1.10': 'RSASSA-PSS',
  '1.2.840.113549.1.1.11': 'SHA256withRSA',
  '1.2.840.113549.1.1.12': 'SHA384withRSA',
  '1.2.840.113549.1.1.13': 'SHA512withRSA',
  '1.2.840.113549.1.1.14': 'SHA224withRSA',
  '1.2.840.10040.4.3': 'SHA1withDSA',
  '2.16.840.1.101.3.4.3.1': 'SHA224withDSA',
  '2.16.840.1.101.3.4.3.2': 'SHA256withDSA',
  '1.2.840.10045.4.1': 'SHA1withECDSA',
  '1.2.840.10045.4.3.1': 'SHA224withECDSA',
  '1.2.840.10045.4.3.2': 'SHA256withECDSA',
  '1.2.840.10045.4.3.3': 'SHA384withECDSA',
  '1.2.840.10045.4.3.4': 'SHA512withECDSA',
  '1.3.101.112': 'Ed25519',
  '1.3.101.113': 'Ed448',
  '2.16.840.1.101.3.4.3.17': 'ML-DSA-44',
  '2.16.840.1.101.3.4.3.18': 'ML-DSA-65',
  '2.16.840.1.101.3.4.3.19': 'ML-DSA-87',
}

/** A public key as the JDK's keytool names it: "2048-bit RSA key", "256-bit EC (secp256r1) key". */
export function javaKeyName(certificate: Pick<Certificate, 'spki' | 'publicKey'>): string {
  const { algorithm, bits, curve } = keyFacts(certificate)
  return `${bits === undefined ? '' : `${bits}-bit `}${algorithm}${curve ? ` (${curve})` : ''} key`
}

/** How the JDK (17) judges an algorithm that stands on one of its two lists. */
export type Weakness = 'weak' | 'disabled' | undefined

export function keyWeakness(certificate: Pick<Certificate, 'spki' | 'publicKey'>): Weakness {
  const { algorithm, bits = Number.POSITIVE_INFINITY } = keyFacts(certificate)
  if (algorithm === 'EC') return bits < 224 ? 'disabled' : undefined
  if (!['RSA', 'RSASSA-PSS', 'DSA'].includes(algorithm)) return undefined
  return bits < 1024 ? 'disabled' : bits < 2048 ? 'weak' : undefined
}

export function signatureWeakness(oid: string): Weakness {
  const name = javaSignatureName(oid)
  return /^MD[25]/u.test(name) ? 'disabled' : name.startsWith('SHA1') ? 'weak' : undefined
}

interface KeyFacts {
  readonly algorithm: string
  readonly bits?: number | undefined
  readonly curve?: string | undefined
}

function keyFacts(certificate: Pick<Certificate, 'spki' | 'publicKey'>): KeyFacts {
  let key: KeyObject
  try {
    key = certificate.publicKey()
  } catch {
    return { algorithm: algorithmOid(certificate.spki) }
  }
  const { modulusLength, namedCurve } = key.asymmetricKeyDetails ?? {}
  const type = key.asymmetricKeyType ?? ''
  if (type === 'ec') return { algorithm: 'EC', ...curves[namedCurve ?? ''] }
  return types[type] ?? { algorithm: plainNames[type] ?? type.toUpperCase(), bits: modulusLength }
}

const plainNames: Readonly<Record<string, string>> = { rsa: 'RSA', 'rsa-pss': 'RSASSA-PSS', dsa: 'DSA' }

const types: Readonly<Record<string, KeyFacts>> = {
  ed25519: { algorithm: 'Ed25519', bits: 255 },
  ed448: { algorithm: 'Ed448', bits: 448 },
}

const curves: Readonly<Record<string, Omit<KeyFacts, 'algorithm'>>> = {
  prime192v1: { bits: 192, curve: 'secp192r1' },
  secp224r1: { bits: 224, curve: 'secp224r1' },
  prime256v1: { bits: 256, curve: 'secp256r1' },
  secp256k1: { bits: 256, curve: 'secp256k1' },
  secp384r1: { bits: 384, curve: 'secp384r1' },
  secp521r1: { bits: 521, curve: 'secp521r1' },
}

function algorithmOid(spki: Buffer): string {
  return readOid(new DerReader(spki).enter().enter().element(tag.oid))
}

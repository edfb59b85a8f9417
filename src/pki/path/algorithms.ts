import type { KeyObject } from 'node:crypto'
import { DerReader, inside, readSmallInteger, tag } from '../asn1/der.ts'
import { algorithmNames, dottedOid } from '../asn1/oid-names.ts'
import { type AlgorithmIdentifier, type Certificate, readAlgorithm } from '../x509/certificate.ts'

/** What is too weak, and accepted only when it is named here. */
export type InsecureAlgorithm = 'md5' | 'sha-1' | 'rsa-1024' | 'explicit-curve'

/**
 * Weak algorithms that still counted at a time in the past: a verdict about that time is given by its own floor. SHA-1 ended for public
 * certificates with 2016 (CA/Browser Forum ballot 118); RSA below 2048 bits is refused by default since Debian 10 (OpenSSL level 2).
 * Now, which is the only time that a server judges at, none does.
 */
const acceptedUntil: readonly (readonly [InsecureAlgorithm, number])[] = [
  ['sha-1', Date.UTC(2017, 0, 1)],
  ['rsa-1024', Date.UTC(2019, 6, 6)],
]

/** The weak algorithms that count at that time: those of the past, and those that somebody wants all the same. */
export function weakAlgorithmsAt(at: number, wanted: readonly InsecureAlgorithm[]): ReadonlySet<InsecureAlgorithm> {
  return new Set([...wanted, ...acceptedUntil.flatMap(([algorithm, end]) => (at < end ? [algorithm] : []))])
}

/** How a signature is checked: arguments of node:crypto's `verify`. */
export interface SignatureScheme {
  readonly digest: 'md5' | 'sha1' | 'sha256' | 'sha384' | 'sha512' | null
  readonly keyTypes: readonly string[]
  /** length of the salt; undefined where the scheme is not RSASSA-PSS */
  readonly pssSaltLength: number | undefined
  readonly insecure: InsecureAlgorithm | undefined
}

type Digest = SignatureScheme['digest']

const insecureDigest = (digest: Digest): InsecureAlgorithm | undefined =>
  digest === 'md5' ? 'md5' : digest === 'sha1' ? 'sha-1' : undefined

function scheme(digest: Digest, keyTypes: readonly string[], pssSaltLength?: number): SignatureScheme {
  return { digest, keyTypes, pssSaltLength, insecure: insecureDigest(digest) }
}

// RFC 4055 section 5: the parameters are NULL, and absent ones are accepted
const rsaSchemes = new Map([
  ['1.2.840.113549.1.1.4', scheme('md5', ['rsa'])],
  ['1.2.840.113549.1.1.5', scheme('sha1', ['rsa'])],
  ['1.2.840.113549.1.1.11', scheme('sha256', ['rsa'])],
  ['1.2.840.113549.1.1.12', scheme('sha384', ['rsa'])],
  ['1.2.840.113549.1.1.13', scheme('sha512', ['rsa'])],
])

// RFC 5758 section 3.2, RFC 8410 section 3, RFC 9881 section 2: the parameters are absent
const bareSchemes = new Map([
  ['1.2.840.10045.4.1', scheme('sha1', ['ec'])],
  ['1.2.840.10045.4.3.2', scheme('sha256', ['ec'])],
  ['1.2.840.10045.4.3.3', scheme('sha384', ['ec'])],
  ['1.2.840.10045.4.3.4', scheme('sha512', ['ec'])],
  ['1.3.101.112', scheme(null, ['ed25519'])],
  ['1.3.101.113', scheme(null, ['ed448'])],
  ['2.16.840.1.101.3.4.3.17', scheme(null, ['ml-dsa-44'])],
  ['2.16.840.1.101.3.4.3.18', scheme(null, ['ml-dsa-65'])],
  ['2.16.840.1.101.3.4.3.19', scheme(null, ['ml-dsa-87'])],
])

const pssOid = '1.2.840.113549.1.1.10'
const mgf1Oid = '1.2.840.113549.1.1.8'
const digests = new Map<string, Digest>([
  ['1.3.14.3.2.26', 'sha1'],
  ['2.16.840.1.101.3.4.2.1', 'sha256'],
  ['2.16.840.1.101.3.4.2.2', 'sha384'],
  ['2.16.840.1.101.3.4.2.3', 'sha512'],
])

/** The scheme that an AlgorithmIdentifier names; undefined when it is none of ours, or its parameters are not as its RFC wants them. */
export function signatureScheme(algorithm: AlgorithmIdentifier): SignatureScheme | undefined {
  const { oid, parameters } = algorithm
  if (oid === pssOid) return parameters === undefined ? undefined : readPss(parameters)
  if (parameters === undefined) return rsaSchemes.get(oid) ?? bareSchemes.get(oid)
  return isNull(parameters) ? rsaSchemes.get(oid) : undefined
}

// RFC 4055 section 3.1. The defaults are SHA-1; both digests have to be the same, and the trailer field 1.
function readPss(parameters: Buffer): SignatureScheme | undefined {
  try {
    const fields = new DerReader(parameters).enter()
    const hash = fields.optional(0xa0)
    const mask = fields.optional(0xa1)
    const salt = fields.optional(0xa2)
    const trailer = fields.optional(0xa3)
    fields.close('the parameters')
    const digest = hash === undefined ? 'sha1' : digests.get(readDigest(readAlgorithm(inside(hash))) ?? '')
    const maskDigest = mask === undefined ? 'sha1' : digests.get(readMask(readAlgorithm(inside(mask))) ?? '')
    const saltLength = salt === undefined ? 20 : readSmallInteger(inside(salt).element(tag.integer))
    if (trailer !== undefined && readSmallInteger(inside(trailer).element(tag.integer)) !== 1) return undefined
    if (digest === undefined || digest !== maskDigest) return undefined
    return scheme(digest, ['rsa', 'rsa-pss'], saltLength)
  } catch {
    return undefined
  }
}

function readMask(algorithm: AlgorithmIdentifier): string | undefined {
  if (algorithm.oid !== mgf1Oid || algorithm.parameters === undefined) return undefined
  return readDigest(readAlgorithm(new DerReader(algorithm.parameters)))
}

function readDigest({ oid, parameters }: AlgorithmIdentifier): string | undefined {
  return parameters === undefined || isNull(parameters) ? oid : undefined
}

const isNull = (parameters: Buffer) => parameters.length === 2 && parameters[0] === tag.null && parameters[1] === 0

/** The algorithm as people call it. */
export function algorithmText(algorithm: AlgorithmIdentifier): string {
  return algorithmNames.get(algorithm.oid) ?? algorithm.oid
}

const curves = new Set(['1.2.840.10045.3.1.7', '1.3.132.0.34', '1.3.132.0.35'])
const otherKeyTypes = new Set(['ed25519', 'ed448', 'ml-dsa-44', 'ml-dsa-65', 'ml-dsa-87'])
const minimumRsaBits = 2048
// Go's crypto/tls refuses more since CVE-2023-29409: a bigger key costs the checker, not its owner
const maximumRsaBits = 8192

/** Why the certificate's key may not be used; undefined when it may. Throws ERR_CERTIFICATE_MALFORMED when it cannot be read. */
export function keyWeakness(certificate: Certificate, insecure: ReadonlySet<InsecureAlgorithm>): string | undefined {
  const algorithm = readAlgorithm(new DerReader(certificate.spki).enter())
  const name = algorithmText(algorithm)
  if (algorithm.oid === '1.2.840.10045.2.1') return curveWeakness(algorithm, insecure)
  const key = certificate.publicKey()
  const type = key.asymmetricKeyType ?? ''
  if (type === 'rsa' || type === 'rsa-pss') return rsaWeakness(key, insecure)
  return otherKeyTypes.has(type) ? undefined : `keys of the type ${name} are not accepted`
}

function rsaWeakness(key: KeyObject, insecure: ReadonlySet<InsecureAlgorithm>): string | undefined {
  const { modulusLength: bits = 0, publicExponent: exponent = 0n } = key.asymmetricKeyDetails ?? {}
  const minimum = insecure.has('rsa-1024') ? 1024 : minimumRsaBits
  if (bits < minimum) return `an RSA key of ${bits} bits is shorter than ${minimum}`
  if (bits > maximumRsaBits) return `an RSA key of ${bits} bits is longer than ${maximumRsaBits}`
  // with the exponent 1 everybody can sign
  return exponent < 3n || exponent % 2n === 0n ? `an RSA key with the exponent ${exponent} is no key` : undefined
}

// RFC 5480 section 2.1.1: namedCurve; implicit and specified curves MUST NOT be used
function curveWeakness(
  { parameters }: AlgorithmIdentifier,
  insecure: ReadonlySet<InsecureAlgorithm>,
): string | undefined {
  if (parameters?.[0] !== tag.oid) {
    return insecure.has('explicit-curve') ? undefined : 'an elliptic curve that is spelled out instead of named'
  }
  const curve = dottedOid(new DerReader(parameters).element(tag.oid))
  return curves.has(curve)
    ? undefined
    : `keys on the elliptic curve ${algorithmNames.get(curve) ?? curve} are not accepted`
}

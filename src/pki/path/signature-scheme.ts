import { DerReader, inside, readSmallInteger, tag } from '../asn1/der.ts'
import { algorithmNames } from '../asn1/oid-names.ts'
import { type AlgorithmIdentifier, readAlgorithm } from '../x509/certificate.ts'
import type { InsecureAlgorithm } from './weak-algorithms.ts'

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

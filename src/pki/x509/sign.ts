import { constants, type KeyObject, sign as signOctets } from 'node:crypto'
import { CodedError } from '../../errors.ts'
import { explicit, integer, nullValue, oid, sequence } from '../asn1/der.ts'

export type Digest = 'sha256' | 'sha384' | 'sha512' | 'insecureSha1' | 'insecureMd5'

export interface SigningOptions {
  /** RSA and ECDSA only. Default: SHA-256, and for P-384 and P-521 the digest of their size */
  readonly digest?: Digest
  /** RSA only. Default: PKCS#1 v1.5; a key of type rsa-pss always signs with PSS */
  readonly padding?: 'pkcs1' | 'pss'
}

export interface Signer {
  /** AlgorithmIdentifier, DER */
  readonly algorithm: Buffer
  sign(octets: Uint8Array): Buffer
}

/** How `key` signs certificates, requests and CRLs. Throws ERR_KEY_UNSUPPORTED. */
export function signerFor(key: KeyObject, options: SigningOptions = {}): Signer {
  const type: string = key.type === 'private' ? key.asymmetricKeyType! : `${key.type} key`
  const whole = wholeMessageAlgorithms[type]
  if (whole !== undefined) return { algorithm: sequence(oid(whole)), sign: octets => signOctets(null, octets, key) }
  if (type === 'ec') {
    const digest = options.digest ?? curveDigests[key.asymmetricKeyDetails?.namedCurve ?? ''] ?? 'sha256'
    const algorithm = sequence(oid(ecdsaAlgorithms[digest] ?? unsupported(`ECDSA with ${digest}`)))
    return { algorithm, sign: octets => signOctets(nodeDigest(digest), octets, key) }
  }
  // a key of type rsa-pss may be bound to one digest, and to a least length of the salt (RFC 4055 section 3.1)
  const bound = key.asymmetricKeyDetails ?? {}
  const digest = options.digest ?? nodeDigests[bound.hashAlgorithm ?? ''] ?? 'sha256'
  if (type === 'rsa-pss' || (type === 'rsa' && options.padding === 'pss')) {
    const usual = saltLengths[digest] ?? unsupported(`RSA-PSS with ${digest}`)
    const saltLength = Math.max(usual, bound.saltLength ?? 0)
    const padding = constants.RSA_PKCS1_PSS_PADDING
    return {
      algorithm: pssAlgorithm(digest, saltLength),
      sign: octets => signOctets(nodeDigest(digest), octets, { key, padding, saltLength }),
    }
  }
  if (type === 'rsa') {
    const algorithm = sequence(oid(rsaAlgorithms[digest]), nullValue())
    return { algorithm, sign: octets => signOctets(nodeDigest(digest), octets, key) }
  }
  return unsupported(`a ${type}`)
}

/** RFC 8410 section 3, RFC 9881 section 2: these take the whole message, and their parameters are absent. */
const wholeMessageAlgorithms: Readonly<Record<string, string>> = {
  ed25519: '1.3.101.112',
  ed448: '1.3.101.113',
  'ml-dsa-44': '2.16.840.1.101.3.4.3.17',
  'ml-dsa-65': '2.16.840.1.101.3.4.3.18',
  'ml-dsa-87': '2.16.840.1.101.3.4.3.19',
}

const curveDigests: Readonly<Record<string, Digest>> = {
  prime256v1: 'sha256',
  secp384r1: 'sha384',
  secp521r1: 'sha512',
}

/** RFC 5758 section 3.2 */
const ecdsaAlgorithms: Readonly<Partial<Record<Digest, string>>> = {
  insecureSha1: '1.2.840.10045.4.1',
  sha256: '1.2.840.10045.4.3.2',
  sha384: '1.2.840.10045.4.3.3',
  sha512: '1.2.840.10045.4.3.4',
}

/** RFC 4055 section 5, RFC 3279 section 2.2.1 */
const rsaAlgorithms: Readonly<Record<Digest, string>> = {
  insecureMd5: '1.2.840.113549.1.1.4',
  insecureSha1: '1.2.840.113549.1.1.5',
  sha256: '1.2.840.113549.1.1.11',
  sha384: '1.2.840.113549.1.1.12',
  sha512: '1.2.840.113549.1.1.13',
}

const nodeDigests: Readonly<Partial<Record<string, Digest>>> = { sha256: 'sha256', sha384: 'sha384', sha512: 'sha512' }

const saltLengths: Readonly<Partial<Record<Digest, number>>> = { sha256: 32, sha384: 48, sha512: 64 }

/** RFC 4055 section 2.1 */
const hashAlgorithms: Readonly<Partial<Record<Digest, string>>> = {
  sha256: '2.16.840.1.101.3.4.2.1',
  sha384: '2.16.840.1.101.3.4.2.2',
  sha512: '2.16.840.1.101.3.4.2.3',
}

/** RFC 4055 section 3.1; the trailer field is 1, its default. */
function pssAlgorithm(digest: Digest, saltLength: number): Buffer {
  const hash = sequence(oid(hashAlgorithms[digest]!), nullValue())
  const mask = sequence(oid('1.2.840.113549.1.1.8'), hash)
  return sequence(
    oid('1.2.840.113549.1.1.10'),
    sequence(explicit(0, hash), explicit(1, mask), explicit(2, integer(saltLength))),
  )
}

function nodeDigest(digest: Digest): string {
  return digest.replace('insecure', '').toLowerCase()
}

function unsupported(what: string): never {
  throw new CodedError('ERR_KEY_UNSUPPORTED', `cannot sign with ${what}`, {
    remedy: 'Use an RSA, EC (P-256, P-384, P-521), Ed25519, Ed448 or ML-DSA private key.',
  })
}

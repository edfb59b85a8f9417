import { constants, createVerify, type KeyObject, verify } from 'node:crypto'
import type { AlgorithmIdentifier, Certificate } from '../x509/certificate.ts'
import { algorithmText, type SignatureScheme, signatureScheme } from './signature-scheme.ts'
import type { InsecureAlgorithm } from './weak-algorithms.ts'

/** A certificate or a revocation list: what is signed, by what algorithm. */
export interface Signed {
  readonly tbs: Buffer
  readonly signatureAlgorithm: AlgorithmIdentifier
  readonly signature: Buffer
  /** for what does not keep the signed octets in memory: whether the issuer's key made the signature, as far as that is known yet */
  readonly signedBy?: (issuer: Certificate) => boolean
}

/** Why the algorithm of a signature is not accepted; undefined when it is. */
export function signatureWeakness(signed: Signed, insecure: ReadonlySet<InsecureAlgorithm>): string | undefined {
  const scheme = signatureScheme(signed.signatureAlgorithm)
  const name = algorithmText(signed.signatureAlgorithm)
  if (scheme === undefined) return `signatures with ${name} are not accepted`
  return scheme.insecure === undefined || insecure.has(scheme.insecure)
    ? undefined
    : `signatures with ${name} are too weak`
}

/** RFC 5280 section 6.1.3 (a)(1): whether that key made the signature. A key of another kind than the algorithm's did not. */
export function signatureVerifies(signed: Signed, key: KeyObject): boolean {
  const scheme = signatureScheme(signed.signatureAlgorithm)
  if (scheme === undefined || !scheme.keyTypes.includes(key.asymmetricKeyType ?? '')) return false
  try {
    return verify(scheme.digest, signed.tbs, withPadding(key, scheme), signed.signature)
  } catch {
    // OpenSSL throws for some signatures that cannot be one, a salt longer than the key for example
    return false
  }
}

const chunk = 1_048_576

/** The same for something long: others run in between. */
export async function longSignatureVerifies(signed: Signed, key: KeyObject): Promise<boolean> {
  const scheme = signatureScheme(signed.signatureAlgorithm)
  // one that hashes within the signature cannot be fed piece by piece
  if (scheme === undefined || scheme.digest === null) return signatureVerifies(signed, key)
  if (!scheme.keyTypes.includes(key.asymmetricKeyType ?? '')) return false
  const verifier = createVerify(scheme.digest)
  for (let at = 0; at < signed.tbs.length; at += chunk) {
    verifier.update(signed.tbs.subarray(at, at + chunk))
    await new Promise(setImmediate)
  }
  try {
    return verifier.verify(withPadding(key, scheme), signed.signature)
  } catch {
    return false
  }
}

function withPadding(key: KeyObject, { pssSaltLength: saltLength }: SignatureScheme) {
  return saltLength === undefined ? { key } : { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength }
}

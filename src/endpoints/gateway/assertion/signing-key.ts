import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'

export type AssertionAlgorithm = 'ES256' | 'EdDSA'

/** A key pair that signs assertions, from `activeFrom` (milliseconds) until another one takes over. */
export interface SigningKey {
  /** RFC 7638 thumbprint of the public key */
  readonly kid: string
  readonly algorithm: AssertionAlgorithm
  readonly activeFrom: number
  readonly privateKey: KeyObject
  /** what the world may see of it (RFC 7517) */
  readonly publicJwk: Readonly<Record<string, string>>
}

export function generateSigningKey(algorithm: AssertionAlgorithm, activeFrom: number): SigningKey {
  const { privateKey } =
    algorithm === 'ES256' ? generateKeyPairSync('ec', { namedCurve: 'P-256' }) : generateKeyPairSync('ed25519')
  return signingKey(privateKey, algorithm, activeFrom)
}

/** The private JWK as it is kept on disk. `nbf` is in seconds. */
export function toStoredJwk(key: SigningKey): object {
  return { ...key.publicJwk, ...key.privateKey.export({ format: 'jwk' }), nbf: Math.floor(key.activeFrom / 1000) }
}

/** Undefined when it is not a private key of one of our kinds. */
export function fromStoredJwk(jwk: unknown): SigningKey | undefined {
  if (typeof jwk !== 'object' || jwk === null) return undefined
  const { kty, crv, x, y, d, nbf } = jwk as Record<string, unknown>
  const algorithm = crv === 'P-256' ? 'ES256' : crv === 'Ed25519' ? 'EdDSA' : undefined
  if (algorithm === undefined || typeof nbf !== 'number' || !Number.isSafeInteger(nbf)) return undefined
  try {
    const key = createPrivateKey({ key: { kty, crv, x, y, d } as Record<string, string>, format: 'jwk' })
    return signingKey(key, algorithm, nbf * 1000)
  } catch {
    return undefined
  }
}

function signingKey(privateKey: KeyObject, algorithm: AssertionAlgorithm, activeFrom: number): SigningKey {
  const jwk = createPublicKey(privateKey).export({ format: 'jwk' }) as Record<string, string>
  // RFC 7638 section 3.2: the required members in lexicographic order
  const { crv, kty, x, y } = jwk
  const kid = createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url')
  return { kid, algorithm, activeFrom, privateKey, publicJwk: { ...jwk, kid, alg: algorithm, use: 'sig' } }
}

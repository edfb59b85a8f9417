import { createPrivateKey, createPublicKey } from 'node:crypto'

/** SubjectPublicKeyInfo of a PKCS#8 key, DER; undefined when node:crypto cannot read the key. */
export function publicKeyOf(pkcs8: Buffer): Buffer | undefined {
  try {
    const key = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' })
    return createPublicKey(key).export({ type: 'spki', format: 'der' })
  } catch {
    return undefined
  }
}

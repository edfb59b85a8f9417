import { createPublicKey } from 'node:crypto'
import { readPrivateKey } from './read-private-key.ts'

/** SubjectPublicKeyInfo of a PKCS#8 key, DER; undefined when node:crypto cannot read the key. */
export function publicKeyOf(pkcs8: Buffer): Buffer | undefined {
  try {
    return createPublicKey(readPrivateKey(pkcs8)).export({ type: 'spki', format: 'der' })
  } catch {
    return undefined
  }
}

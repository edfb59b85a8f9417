import type { KeyObject } from 'node:crypto'
import { createPublicKey } from 'node:crypto'

/**
 * Whether two keys, public or private, belong to each other. By their SubjectPublicKeyInfo, and not by KeyObject.equals(): in Node 26
 * comparing keys of two types or curves leaves an error behind in OpenSSL, on which the next key that is read anywhere fails.
 */
export function sameKey(one: KeyObject, other: KeyObject): boolean {
  return spkiOf(one).equals(spkiOf(other))
}

function spkiOf(key: KeyObject): Buffer {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key
  return publicKey.export({ type: 'spki', format: 'der' })
}

import { createPrivateKey, type KeyObject } from 'node:crypto'

/**
 * Throws what node:crypto throws. Tries twice: in Node 26 KeyObject.equals() of two keys of different types leaves an error in OpenSSL's
 * queue, and the next createPrivateKey(), whoever calls it, fails with that.
 */
export function readPrivateKey(pkcs8: Buffer): KeyObject {
  const read = () => createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' })
  try {
    return read()
  } catch {
    return read()
  }
}

import { jceksMagic, jksMagic, readJks } from './jks/read-jks.ts'
import type { KeyStore, KeyStoreType } from './keystore.ts'
import { keyStoreError } from './keystore-error.ts'
import { readPkcs12 } from './pkcs12/read-pkcs12.ts'

export interface OpenOptions {
  /** undefined: what the format lets be read without one. An empty text is a password like any other */
  readonly password?: string | undefined
  /** for keys (and, in PKCS#12, encrypted contents) whose password is not the store's */
  readonly keyPassword?: string | undefined
  /** refuse any other type */
  readonly type?: KeyStoreType | undefined
  /** named in messages; gives the aliases of a PEM file */
  readonly file?: string | undefined
}

/**
 * Opens a key store. The format is seen from the content. With a password, integrity is verified, or the store is not opened.
 * Throws ERR_KEYSTORE_*.
 */
export function openKeyStore(bytes: Uint8Array, options: OpenOptions = {}): KeyStore {
  const magic = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex', 0, 4)
  if (magic === jksMagic.toString(16) || magic === jceksMagic.toString(16)) return readJks(bytes, options)
  if (bytes[0] === 0x30) return readPkcs12(bytes, options)
  throw keyStoreError('ERR_KEYSTORE_UNKNOWN_FORMAT', `${options.file ?? 'the key store'} is of no known format`)
}

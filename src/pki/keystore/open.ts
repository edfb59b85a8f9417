import { detectType } from './detect-type.ts'
import { readJks } from './jks/read-jks.ts'
import type { KeyStore, KeyStoreType } from './keystore.ts'
import { keyStoreError } from './keystore-error.ts'
import { readPemStore } from './pem/read-pem-store.ts'
import { readPkcs12 } from './pkcs12/read-pkcs12.ts'
import { atOnce, type Steps } from './steps.ts'

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

/** Octets. The largest store that anybody ships has some 200,000. */
export const maxKeyStoreSize = 128 * 1024 * 1024

/**
 * Opens a key store. The format is seen from the content. With a password, integrity is verified where the format has a check, or the
 * store is not opened; without one, `integrity` says that nothing was checked. Throws ERR_KEYSTORE_*.
 */
export function openKeyStore(bytes: Uint8Array, options: OpenOptions = {}): KeyStore {
  return atOnce(openKeyStoreInSteps(bytes, options))
}

/** The same, for whoever has other things to do meanwhile: a store may hold a hundred thousand certificates. */
export function* openKeyStoreInSteps(bytes: Uint8Array, options: OpenOptions = {}): Steps<KeyStore> {
  const file = options.file ?? 'the key store'
  if (bytes.length > maxKeyStoreSize) {
    throw keyStoreError('ERR_KEYSTORE_TOO_LARGE', `${file} has ${bytes.length} octets, more than ${maxKeyStoreSize}`)
  }
  const type = detectType(bytes, file)
  if (options.type !== undefined && options.type !== type) {
    throw keyStoreError('ERR_KEYSTORE_WRONG_TYPE', `${file} is ${type}, not ${options.type}`)
  }
  if (type === 'PEM') return yield* readPemStore(bytes, options)
  return type === 'PKCS12' ? readPkcs12(bytes, options) : yield* readJks(bytes, options)
}

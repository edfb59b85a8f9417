import { encodeJks } from './jks/write-jks.ts'
import type { KeyStore, KeyStoreType, PrivateKeyEntry } from './keystore.ts'
import { keyStoreError } from './keystore-error.ts'
import { encodePemStore } from './pem/write-pem-store.ts'
import { encodePkcs12 } from './pkcs12/write-pkcs12.ts'
import { sealingFor } from './sealing.ts'

export interface EncodeOptions {
  /** the type to write, which may differ from the store's: that is a conversion. Default: the store's */
  readonly type?: KeyStoreType | undefined
  /**
   * Required for JKS and PKCS#12. For PEM it encrypts the private keys; without it keys that come encrypted from a PEM file stay so, and
   * all others are written in the clear
   */
  readonly password?: string | undefined
  /**
   * Whether keys under the store's old password go under the new one (`follow`, the default), or stay as they are (`keep`: what the JDK's
   * keytool does for JKS). Keys with a password of their own always stay as they are
   */
  readonly keyPasswords?: 'follow' | 'keep' | undefined
  /** milliseconds since the epoch: the date of entries that have none, in JKS. Default: now */
  readonly now?: number | undefined
}

/**
 * The bytes of a key store file. Encrypted keys that need no change stay as they are, byte for byte. What the type cannot hold is
 * refused (ERR_KEYSTORE_NOT_SUPPORTED_BY_TYPE), but certificates that belong to no entry are left out of JKS.
 * Throws ERR_KEYSTORE_READ_ONLY for JCEKS, ERR_KEYSTORE_PASSWORD_REQUIRED, ERR_KEYSTORE_WRONG_KEY_PASSWORD for a key that has to be
 * encrypted anew and does not open.
 */
export function encodeKeyStore(store: KeyStore, options: EncodeOptions): Buffer {
  const { type = store.type, password, now = Date.now() } = options
  if (type === 'JCEKS') throw keyStoreError('ERR_KEYSTORE_READ_ONLY', 'JCEKS is read, but not written')
  // nobody could tell an empty password from none, and a store under it would be as good as in the clear
  if (password === '')
    throw keyStoreError('ERR_KEYSTORE_PASSWORD_REQUIRED', `${type} is not written under an empty password`)
  const keyOf = sealingFor(store.type, { ...options, type })
  if (type === 'PEM') return encodePemStore(store, keyOf)
  if (password === undefined)
    throw keyStoreError('ERR_KEYSTORE_PASSWORD_REQUIRED', `a password is needed to write ${type}`)
  return type === 'JKS' ? encodeJks(store, { password, keyOf, now }) : encodePkcs12(store, { password, keyOf })
}

/** A private key on its way into a file. */
export type KeyOf = (entry: PrivateKeyEntry) => EncodedKey

export interface EncodedKey {
  readonly form: 'sealed' | 'plain'
  /** EncryptedPrivateKeyInfo or PrivateKeyInfo, DER */
  readonly der: Buffer
}

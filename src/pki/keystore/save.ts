import type { KeyStore, KeyStoreType } from './keystore.ts'
import { keyStoreError } from './keystore-error.ts'

export interface EncodeOptions {
  /** the type to write, which may differ from the store's: that is a conversion. Default: the store's */
  readonly type?: KeyStoreType | undefined
  /** required for JKS and PKCS#12. For PEM: encrypts the private keys; without it they are written in the clear */
  readonly password?: string | undefined
  /**
   * Whether keys that opened with the store's old password are encrypted under the new one (`follow`, the default), or stay as they are
   * (`keep`: what the JDK's keytool does for JKS).
   */
  readonly keyPasswords?: 'follow' | 'keep' | undefined
}

/**
 * The bytes of a key store file. Keys that need no change keep their encrypted form, byte for byte.
 * Throws ERR_KEYSTORE_READ_ONLY for JCEKS, ERR_KEYSTORE_NOT_SUPPORTED_BY_TYPE for an entry that the type cannot hold.
 */
export function encodeKeyStore(store: KeyStore, options: EncodeOptions): Buffer {
  throw keyStoreError('ERR_KEYSTORE_READ_ONLY', `cannot write ${options.type ?? store.type}`)
}

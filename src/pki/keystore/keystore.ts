import type { KeyObject } from 'node:crypto'
import type { Certificate } from '../x509/certificate.ts'

export type KeyStoreType = 'JKS' | 'JCEKS' | 'PKCS12' | 'PEM'

/** One alias of a key store. Aliases keep the case they were stored with; JKS and JCEKS compare them in lower case, as Java does. */
export type KeyStoreEntry = PrivateKeyEntry | TrustedCertificateEntry | SecretKeyEntry

export interface PrivateKeyEntry {
  readonly kind: 'private-key'
  readonly alias: string
  /** milliseconds since the epoch; undefined where the format does not say */
  readonly created: number | undefined
  /** leaf first, possibly empty */
  readonly chain: readonly Certificate[]
  /**
   * Decrypts the key. Without a password the store's own is tried.
   * Throws ERR_KEYSTORE_WRONG_KEY_PASSWORD, ERR_KEYSTORE_MALFORMED.
   */
  privateKey(password?: string): KeyObject
}

export interface TrustedCertificateEntry {
  readonly kind: 'trusted-certificate'
  readonly alias: string
  readonly created: number | undefined
  readonly certificate: Certificate
}

/** Listed, never used: a mutual-TLS server has no secret keys. */
export interface SecretKeyEntry {
  readonly kind: 'secret-key'
  readonly alias: string
  readonly created: number | undefined
}

/** An opened key store: a value. Changes make a new value (`change.ts`), and `save.ts` writes one to disk. */
export interface KeyStore {
  readonly type: KeyStoreType
  /** in the order of the file */
  readonly entries: readonly KeyStoreEntry[]
}

import type { KeyObject } from 'node:crypto'
import type { Certificate } from '../x509/certificate.ts'
import type { WorkBudget } from './pbe/work-budget.ts'

export type KeyStoreType = 'JKS' | 'JCEKS' | 'PKCS12' | 'PEM'

/** One alias of a key store. Aliases are compared in lower case, as Java does: look them up with `findEntry`. */
export type KeyStoreEntry = PrivateKeyEntry | TrustedCertificateEntry | SecretKeyEntry

interface EntryFields {
  /** lower case in JKS, JCEKS and PKCS#12, as the JDK's keytool lists it; as written in PEM */
  readonly alias: string
  /** the alias as the file writes it, where that differs */
  readonly label?: string | undefined
  /** milliseconds since the epoch; undefined where the format does not say */
  readonly created: number | undefined
}

export interface PrivateKeyEntry extends EntryFields {
  readonly kind: 'private-key'
  /** leaf first, possibly empty */
  readonly chain: readonly Certificate[]
  /**
   * Decrypts the key. Without a password the store's own (and the `keyPassword` that it was opened with) is tried.
   * Throws ERR_KEYSTORE_WRONG_KEY_PASSWORD, ERR_KEYSTORE_PASSWORD_REQUIRED, ERR_KEYSTORE_MALFORMED.
   */
  privateKey(password?: string): KeyObject
  /** Like `privateKey`, but the PKCS#8 DER exactly as it was stored. */
  pkcs8(password?: string): Buffer
  /** how the key is held; for `save.ts` */
  readonly held: HeldKey
}

/** A private key as the file holds it, with the passwords that may open it: those stay private to the value. */
export interface HeldKey {
  /** DER of the EncryptedPrivateKeyInfo (RFC 5958); undefined for a key in the clear or in OpenSSL's old encryption */
  readonly sealed: Buffer | undefined
  /** PKCS#8 DER. Without a password those that the store was opened with are tried */
  open(password?: string): Buffer
  /** PKCS#8 DER, or undefined when the password is wrong; for many keys of one file */
  openWithin(password: string, budget: WorkBudget): Buffer | undefined
  /** PKCS#8 DER when the store's password opens the key; undefined when the key has a password of its own */
  openByStorePassword(): Buffer | undefined
  storePasswordIs(password: string): boolean
  /** ties the key to its certificate in PKCS#12 */
  readonly localKeyId?: Buffer
}

export interface TrustedCertificateEntry extends EntryFields {
  readonly kind: 'trusted-certificate'
  readonly certificate: Certificate
}

/** Listed, never used: a mutual-TLS server has no secret keys. */
export interface SecretKeyEntry extends EntryFields {
  readonly kind: 'secret-key'
  /** the SafeBag as PKCS#12 has it, to write it back; undefined from JCEKS */
  readonly bag?: Buffer
}

/** An opened key store: a value. Changes make a new value (`change.ts`), `encodeKeyStore` makes its bytes, `writeKeyStoreFile` writes them. */
export interface KeyStore {
  readonly type: KeyStoreType
  /** in the order of the file */
  readonly entries: readonly KeyStoreEntry[]
  /**
   * What vouches for the entries: `verified` by the store's password; `not-checked` because no password was given;
   * `none` when the file carries no such check.
   */
  readonly integrity: 'verified' | 'not-checked' | 'none'
  /** Certificates that stand in the file beside the entries (PKCS#12, PEM): kept when the store is saved, never trusted. */
  readonly otherCertificates: readonly Certificate[]
}

/** The entry of that alias. Upper and lower case do not differ. */
export function findEntry(store: Pick<KeyStore, 'entries'>, alias: string): KeyStoreEntry | undefined {
  const wanted = alias.toLowerCase()
  return store.entries.find(entry => entry.alias.toLowerCase() === wanted)
}

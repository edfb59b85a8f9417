import type { KeyObject } from 'node:crypto'
import type { Certificate } from '../x509/certificate.ts'
import type { KeyStore, KeyStoreType } from './keystore.ts'

// Every function gives a new value and leaves the old one as it is.

export interface SetOptions {
  /** what happens when the alias is taken; default `refuse`: ERR_KEYSTORE_ALIAS_EXISTS */
  readonly existing?: 'refuse' | 'replace'
  /** milliseconds since the epoch; default now */
  readonly created?: number
}

export interface NewPrivateKey {
  readonly key: KeyObject
  /** leaf first; its key must be that of `key`. May be empty in PKCS#12 and PEM only */
  readonly chain: readonly Certificate[]
  /** the key's own password; default the password with which the store is saved */
  readonly password?: string
}

export declare function emptyKeyStore(type: KeyStoreType): KeyStore
export declare function setPrivateKey(
  store: KeyStore,
  alias: string,
  source: NewPrivateKey,
  options?: SetOptions,
): KeyStore
export declare function setTrustedCertificate(
  store: KeyStore,
  alias: string,
  certificate: Certificate,
  options?: SetOptions,
): KeyStore
export declare function removeEntry(store: KeyStore, alias: string): KeyStore
export declare function renameEntry(store: KeyStore, alias: string, to: string): KeyStore
/** A certificate reply: the leaf must hold the key of the entry, else ERR_KEYSTORE_KEY_MISMATCH. */
export declare function replaceChain(store: KeyStore, alias: string, chain: readonly Certificate[]): KeyStore
/** The key's own password. `from` undefined: the passwords that the store was opened with. */
export declare function changeKeyPassword(
  store: KeyStore,
  alias: string,
  passwords: { from?: string; to: string },
): KeyStore

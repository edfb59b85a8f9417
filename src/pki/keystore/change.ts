import { createPublicKey, type KeyObject } from 'node:crypto'
import type { Certificate } from '../x509/certificate.ts'
import { sameKey } from '../x509/same-key.ts'
import { plainKey, sealedKey } from './held-key.ts'
import {
  findEntry,
  type HeldKey,
  type KeyStore,
  type KeyStoreEntry,
  type KeyStoreType,
  type PrivateKeyEntry,
} from './keystore.ts'
import { keyStoreError } from './keystore-error.ts'
import { privateKeyEntry } from './private-key-entry.ts'
import { publicKeyOf } from './public-key-of.ts'
import { sealJks, sealModern } from './seal-key.ts'

// Every function gives a new value and leaves the old one as it is.

export function emptyKeyStore(type: KeyStoreType): KeyStore {
  return { type, entries: [], integrity: 'none', otherCertificates: [] }
}

export interface SetOptions {
  /** what happens when the alias is taken; default `refuse`: ERR_KEYSTORE_ALIAS_EXISTS */
  readonly existing?: 'refuse' | 'replace' | undefined
  /** milliseconds since the epoch; default now */
  readonly created?: number | undefined
}

export interface NewPrivateKey {
  /** a private key, or its PKCS#8 DER, which is then kept byte for byte */
  readonly key: KeyObject | Buffer
  /** leaf first, with the public key of `key`; may be empty in PKCS#12 and PEM only */
  readonly chain: readonly Certificate[]
  /** the key's own password; default the password with which the store is saved */
  readonly password?: string | undefined
}

/** Adds an entry at the end, or replaces one where it stands. Throws ERR_KEYSTORE_KEY_MISMATCH when the leaf holds another key. */
export function setPrivateKey(
  store: KeyStore,
  alias: string,
  source: NewPrivateKey,
  options: SetOptions = {},
): KeyStore {
  const { key, chain, password } = source
  const pkcs8 = key instanceof Uint8Array ? key : key.export({ type: 'pkcs8', format: 'der' })
  const leaf = chain[0]
  if (leaf !== undefined && !holds(leaf, publicKeyOf(pkcs8))) throw mismatch(alias)
  const held = password === undefined ? plainKey(pkcs8) : sealUnder(store, pkcs8, password, alias)
  return put(store, privateKeyEntry({ ...nameFor(store, alias), created: createdOf(options), chain, held }), options)
}

/** Adds an entry at the end, or replaces one where it stands. */
export function setTrustedCertificate(
  store: KeyStore,
  alias: string,
  certificate: Certificate,
  options: SetOptions = {},
): KeyStore {
  const name = nameFor(store, alias)
  return put(store, { kind: 'trusted-certificate', ...name, created: createdOf(options), certificate }, options)
}

export function removeEntry(store: KeyStore, alias: string): KeyStore {
  const entry = entryOf(store, alias)
  return { ...store, entries: store.entries.filter(other => other !== entry) }
}

export function renameEntry(store: KeyStore, alias: string, to: string): KeyStore {
  const entry = entryOf(store, alias)
  const taken = findEntry(store, to)
  if (taken !== undefined && taken !== entry) throw aliasExists(taken.alias)
  const name = { label: undefined, ...nameFor(store, to) }
  const renamed = entry.kind === 'private-key' ? privateKeyEntry({ ...entry, ...name }) : { ...entry, ...name }
  return replace(store, entry, renamed)
}

/** A certificate reply: the leaf must hold the key of the entry, else ERR_KEYSTORE_KEY_MISMATCH. */
export function replaceChain(store: KeyStore, alias: string, chain: readonly Certificate[]): KeyStore {
  const entry = keyEntryOf(store, alias)
  const leaf = chain[0]
  const spki = entry.chain[0]?.spki ?? publicKeyOf(entry.pkcs8())
  if (leaf === undefined || !holds(leaf, spki)) throw mismatch(entry.alias)
  return replace(store, entry, { ...entry, chain: [...chain] })
}

/** Puts the key under a password of its own. `from` undefined: the passwords that the store was opened with are tried. */
export function changeKeyPassword(
  store: KeyStore,
  alias: string,
  passwords: { readonly from?: string | undefined; readonly to: string },
): KeyStore {
  const entry = keyEntryOf(store, alias)
  const held = sealUnder(store, entry.pkcs8(passwords.from), passwords.to, entry.alias, entry.held.localKeyId)
  return replace(store, entry, privateKeyEntry({ ...entry, held }))
}

type Name = Pick<KeyStoreEntry, 'alias' | 'label'>

/** Java's types know lower-case aliases only; PKCS#12 writes them as they were given. */
function nameFor(store: KeyStore, alias: string): Name {
  if (alias.length === 0 || alias.length > 1000 || /\p{Cc}/u.test(alias) || !alias.isWellFormed()) {
    throw keyStoreError('ERR_KEYSTORE_ALIAS_INVALID', `${JSON.stringify(alias.slice(0, 50))} cannot be an alias`)
  }
  if (store.type === 'PEM') return { alias }
  const lower = alias.toLowerCase()
  return lower === alias || store.type !== 'PKCS12' ? { alias: lower } : { alias: lower, label: alias }
}

const createdOf = ({ created = Date.now() }: SetOptions) => created

function put(store: KeyStore, entry: KeyStoreEntry, { existing = 'refuse' }: SetOptions): KeyStore {
  const old = findEntry(store, entry.alias)
  if (old === undefined) return { ...store, entries: [...store.entries, entry] }
  if (existing === 'refuse') throw aliasExists(old.alias)
  return replace(store, old, entry)
}

function replace(store: KeyStore, old: KeyStoreEntry, entry: KeyStoreEntry): KeyStore {
  return { ...store, entries: store.entries.map(other => (other === old ? entry : other)) }
}

function entryOf(store: KeyStore, alias: string): KeyStoreEntry {
  const entry = findEntry(store, alias)
  if (entry !== undefined) return entry
  throw keyStoreError('ERR_KEYSTORE_ALIAS_UNKNOWN', `no entry has the alias ${JSON.stringify(alias)}`)
}

function keyEntryOf(store: KeyStore, alias: string): PrivateKeyEntry {
  const entry = entryOf(store, alias)
  if (entry.kind === 'private-key') return entry
  throw keyStoreError('ERR_KEYSTORE_NOT_A_KEY', `${entry.alias} is a ${entry.kind} entry, no private key`)
}

/** In the form of the store's type, so that it is written as it is. */
function sealUnder(store: KeyStore, pkcs8: Buffer, password: string, alias: string, localKeyId?: Buffer): HeldKey {
  if (password === '')
    throw keyStoreError('ERR_KEYSTORE_PASSWORD_REQUIRED', `a password is needed for the key ${alias}`)
  const sealed = store.type === 'JKS' ? sealJks(pkcs8, password) : sealModern(pkcs8, password)
  return sealedKey(sealed, { passwords: [password], what: `the private key ${alias}`, localKeyId })
}

function holds(certificate: Certificate, spki: Buffer | undefined): boolean {
  if (spki === undefined) return false
  if (certificate.spki.equals(spki)) return true
  // the same key in another encoding: RSA without its NULL parameter, say
  try {
    return sameKey(certificate.publicKey(), createPublicKey({ key: spki, format: 'der', type: 'spki' }))
  } catch {
    return false
  }
}

function mismatch(alias: string) {
  return keyStoreError('ERR_KEYSTORE_KEY_MISMATCH', `the certificate does not belong to the private key of ${alias}`)
}

function aliasExists(alias: string) {
  return keyStoreError('ERR_KEYSTORE_ALIAS_EXISTS', `the alias ${alias} is taken`)
}

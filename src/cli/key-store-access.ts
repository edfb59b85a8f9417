import { stat } from 'node:fs/promises'
import { CodedError, isCoded } from '../errors.ts'
import { emptyKeyStore } from '../pki/keystore/change.ts'
import { readKeyStoreFile, writeKeyStoreFile } from '../pki/keystore/file.ts'
import {
  findEntry,
  type KeyStore,
  type KeyStoreEntry,
  type KeyStoreType,
  type PrivateKeyEntry,
} from '../pki/keystore/keystore.ts'
import { withKeyStoreLock } from '../pki/keystore/lock.ts'
import { encodeKeyStore } from '../pki/keystore/save.ts'
import type { Context } from './command.ts'
import { givenPassword, type PasswordSource, readPassword } from './password.ts'

type Input = Pick<Context, 'terminal' | 'env' | 'path'>
type Passwords = Pick<PasswordSource, 'password' | 'passwordFile' | 'option'>

export interface AccessedStore {
  /** as the user named it */
  readonly name: string
  /** absolute path */
  readonly file: string
  readonly exists: boolean
  readonly password: string | undefined
  readonly store: KeyStore
}

/**
 * Opens a store to look at it. A password is asked for only where the file cannot be read, or not be checked, without one; where nobody
 * answers, what can be read unchecked is read, and a note says so.
 */
export async function openToRead(ctx: Input, name: string, passwords: Passwords): Promise<AccessedStore> {
  const file = ctx.path(name)
  const given = await givenPassword(ctx, passwords)
  const found = (store: KeyStore, password: string | undefined) => ({ name, file, exists: true, password, store })
  if (given !== undefined) return found(await readKeyStoreFile(file, { password: given }), given)
  const unchecked = await readUnchecked(file)
  if (unchecked !== undefined && unchecked.integrity !== 'not-checked') return found(unchecked, undefined)
  if (unchecked === undefined) {
    const password = await readPassword(ctx, { ...passwords, prompt: `Password of ${name}` })
    return found(await readKeyStoreFile(file, { password }), password)
  }
  const answer = await ctx.terminal.ask.hidden(`Password of ${name} (empty: do not check its integrity): `)
  if (answer) return found(await readKeyStoreFile(file, { password: answer }), answer)
  ctx.terminal.note(`The integrity of ${name} was not checked: no password was given.`)
  return found(unchecked, undefined)
}

/** Opens a store to change it: its password is needed. */
export async function openToChange(ctx: Input, name: string, passwords: Passwords): Promise<AccessedStore> {
  const file = ctx.path(name)
  const given = await givenPassword(ctx, passwords)
  const unchecked = given === undefined ? await readUnchecked(file) : undefined
  if (unchecked?.type === 'PEM') return { name, file, exists: true, password: undefined, store: unchecked }
  const password = given ?? (await readPassword(ctx, { ...passwords, prompt: `Password of ${name}` }))
  return { name, file, exists: true, password, store: await readKeyStoreFile(file, { password }) }
}

/** Opens a store to change it, or begins a new one of that type (default: `typeOfName`). */
export async function openOrBegin(
  ctx: Input,
  name: string,
  passwords: Passwords,
  type: string | undefined,
): Promise<AccessedStore> {
  const file = ctx.path(name)
  if (await isThere(file)) return openToChange(ctx, name, passwords)
  const store = emptyKeyStore(typeNamed(type) ?? typeOfName(name))
  const given = await givenPassword(ctx, passwords)
  if (store.type === 'PEM') return { name, file, exists: false, password: given, store }
  const password =
    given ?? (await readPassword(ctx, { ...passwords, prompt: `Password for the new store ${name}`, repeat: true }))
  return { name, file, exists: false, password, store }
}

/** Applies `change` to the store as it is then, with nobody else writing, and saves it, under `newPassword` when there is one. */
export async function save(
  { name, file, exists, password, store }: AccessedStore,
  change: (store: KeyStore) => KeyStore,
  newPassword = password,
): Promise<void> {
  await withKeyStoreLock(file, async () => {
    if (!exists && (await isThere(file))) {
      throw new CodedError('ERR_KEYSTORE_LOCKED', `another program has just made ${name}`, {
        remedy: 'Run the command again.',
      })
    }
    const now = exists ? await readKeyStoreFile(file, { password }) : store
    await writeKeyStoreFile(file, encodeKeyStore(change(now), { password: newPassword }))
  })
}

/** The entry of an alias; without one the only entry there is. */
export function entryNamed({ name, store }: AccessedStore, alias: string | undefined): KeyStoreEntry {
  if (alias !== undefined) {
    const entry = findEntry(store, alias)
    if (entry !== undefined) return entry
    throw new CodedError('ERR_KEYSTORE_ALIAS_UNKNOWN', `${name} has no entry ${JSON.stringify(alias)}`, {
      remedy: `List the aliases: countersign keystore list ${name}`,
    })
  }
  const [only, another] = store.entries
  if (only !== undefined && another === undefined) return only
  throw new CodedError('ERR_CLI_USAGE', `${name} has ${store.entries.length} entries: say which one`, {
    remedy: `Pass --alias. List the aliases: countersign keystore list ${name}`,
  })
}

export function keyNamed(accessed: AccessedStore, alias: string | undefined): PrivateKeyEntry {
  const keys = accessed.store.entries.filter(entry => entry.kind === 'private-key')
  const entry = alias === undefined && keys.length === 1 ? keys[0]! : entryNamed(accessed, alias)
  if (entry.kind === 'private-key') return entry
  throw new CodedError('ERR_KEYSTORE_NOT_A_KEY', `${entry.alias} in ${accessed.name} holds no private key`, {
    remedy: 'Name the alias of a private-key entry.',
  })
}

export const typeNames = ['PKCS12', 'JKS', 'PEM'] as const

/** A type as typed, in any case; undefined when none was. */
export function typeNamed(type: string | undefined): KeyStoreType | undefined {
  const wanted = type?.toUpperCase().replace('#', '')
  const found = typeNames.find(each => each === wanted || (each === 'PKCS12' && wanted === 'P12'))
  if (type === undefined || found !== undefined) return found
  throw new CodedError('ERR_CLI_USAGE', `${type} is no type of key store that can be written`, {
    remedy: `Choose one of ${typeNames.join(', ')}.`,
  })
}

/** What the name of a new store says: JKS, PEM, else PKCS12. */
export function typeOfName(name: string): KeyStoreType {
  if (/\.jks$/iu.test(name)) return 'JKS'
  return /\.(pem|crt|cer|key)$/iu.test(name) ? 'PEM' : 'PKCS12'
}

async function readUnchecked(file: string): Promise<KeyStore | undefined> {
  try {
    return await readKeyStoreFile(file)
  } catch (error) {
    if (isCoded(error, 'ERR_KEYSTORE_PASSWORD_REQUIRED')) return undefined
    throw error
  }
}

export async function isThere(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  )
}

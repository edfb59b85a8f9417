import { readFile, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { CodedError, isCoded } from '../../errors.ts'
import { emptyKeyStore } from '../../pki/keystore/change.ts'
import { readKeyStoreFile, writeKeyStoreFile } from '../../pki/keystore/file.ts'
import type { KeyStore, KeyStoreType } from '../../pki/keystore/keystore.ts'
import { withKeyStoreLock } from '../../pki/keystore/lock.ts'
import { encodeKeyStore } from '../../pki/keystore/save.ts'
import type { Certificate } from '../../pki/x509/certificate.ts'
import { KeytoolError } from './keytool-error.ts'
import type { Session } from './session.ts'

export interface OpenedStore {
  /** as the user named it */
  readonly name: string
  /** absolute path */
  readonly file: string
  readonly exists: boolean
  readonly password: string | undefined
  readonly store: KeyStore
}

/** `-keystore`, else the JDK's default. */
export function storeName(session: Session, given = session.value('keystore')): string {
  return given ?? join(homedir(), '.keystore')
}

/** For commands that only look: an empty answer to the password prompt lists without verifying, as the JDK does. */
export async function openToRead(session: Session): Promise<OpenedStore> {
  const name = storeName(session)
  const file = session.ctx.path(name)
  await requireFile(name, file)
  let password = session.value('storepass')
  if (password === undefined) {
    // Read once without a password first: a file of the wrong kind is told before anybody types one.
    const unverified = await readStore(file, undefined, 'tolerant')
    if (unverified?.type === 'PEM') return { name, file, exists: true, password, store: unverified }
    password = (await session.ctx.terminal.ask.hidden('Enter keystore password:  ')) || undefined
    if (password === undefined && unverified !== undefined) {
      session.err(notVerified)
      return { name, file, exists: true, password, store: unverified }
    }
  }
  return { name, file, exists: true, password, store: await readStore(file, password) }
}

export interface ChangeOptions {
  /** a file that does not exist is begun */
  readonly create: boolean
  /** values of the flags, where their names differ */
  readonly name?: string | undefined
  readonly password?: string | undefined
  readonly type?: string | undefined
  /** "keystore", or "destination keystore" */
  readonly what?: string
}

/** For commands that write: the password is required, and asked for twice when the store is new. */
export async function openToChange(session: Session, options: ChangeOptions): Promise<OpenedStore> {
  const name = storeName(session, options.name ?? session.value('keystore') ?? session.value('destkeystore'))
  const file = session.ctx.path(name)
  const exists = await fileExists(file, name)
  if (!exists && !options.create) throw missing(name)
  const type = storeType(options.type ?? session.value('storetype'))
  const given = options.password ?? session.value('storepass')
  if (given !== undefined && !exists && given.length < 6)
    throw new KeytoolError('Keystore password must be at least 6 characters')
  const password = given ?? (await askPassword(session, options.what ?? 'keystore', !exists))
  const store = exists ? await readStore(file, password) : emptyKeyStore(type)
  return { name, file, exists, password, store }
}

/** Applies `change` to the store as it is then, with nobody else writing, and saves it. */
export async function saveStore(
  session: Session,
  opened: OpenedStore,
  change: (store: KeyStore) => KeyStore,
  newPassword = opened.password,
): Promise<void> {
  if (session.has('v')) session.err(`[Storing ${opened.name}]`)
  await inJavaTerms(opened.file, () =>
    withKeyStoreLock(opened.file, async () => {
      const now = opened.exists
        ? await readKeyStoreFile(opened.file, { password: opened.password })
        : await stillNew(opened)
      const next = change(now)
      const keyPasswords = next.type === 'JKS' ? 'keep' : 'follow'
      await writeKeyStoreFile(opened.file, encodeKeyStore(next, { password: newPassword, keyPasswords }))
    }),
  )
}

// Somebody may have begun the same store while this command was asking its questions.
async function stillNew(opened: OpenedStore): Promise<KeyStore> {
  if (!(await fileExists(opened.file, opened.name))) return opened.store
  return readKeyStoreFile(opened.file, { password: opened.password })
}

export async function readStore(file: string, password: string | undefined): Promise<KeyStore>
export async function readStore(file: string, password: undefined, mode: 'tolerant'): Promise<KeyStore | undefined>
export async function readStore(
  file: string,
  password: string | undefined,
  mode?: 'tolerant',
): Promise<KeyStore | undefined> {
  try {
    return await inJavaTerms(file, () => readKeyStoreFile(file, { password }))
  } catch (error) {
    const needsPassword = error instanceof KeytoolError && isCoded(error.cause, 'ERR_KEYSTORE_PASSWORD_REQUIRED')
    if (mode === 'tolerant' && needsPassword) return undefined
    throw error
  }
}

/** Key store failures in the JDK's words where it has words for them, with our remedies. */
async function inJavaTerms<T>(file: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    if (!(cause instanceof CodedError)) throw cause
    const { code, message, remedy } = cause
    const wrongPassword = code === 'ERR_KEYSTORE_WRONG_PASSWORD' || code === 'ERR_KEYSTORE_PASSWORD_REQUIRED'
    const text = wrongPassword ? await wrongPasswordText(file) : message
    throw new KeytoolError(text, { javaClass: 'java.io.IOException', remedy, cause })
  }
}

async function wrongPasswordText(file: string): Promise<string> {
  const start = (await readFile(file)).subarray(0, 4).toString('hex')
  const java = start === 'feedfeed' || start === 'cececece'
  return java ? 'Keystore was tampered with, or password was incorrect' : 'keystore password was incorrect'
}

/** Whether the store trusts exactly this certificate. */
export function isAnchor(store: KeyStore, { thumbprint }: Certificate): boolean {
  return store.entries.some(
    entry => entry.kind === 'trusted-certificate' && entry.certificate.thumbprint === thumbprint,
  )
}

async function requireFile(name: string, file: string): Promise<void> {
  if (!(await fileExists(file, name))) throw missing(name)
}

async function fileExists(file: string, name: string): Promise<boolean> {
  const found = await stat(file).catch(() => undefined)
  if (found?.isFile() && found.size === 0) throw new KeytoolError(`Keystore file exists, but is empty: ${name}`)
  return found !== undefined
}

function missing(name: string): KeytoolError {
  return new KeytoolError(`Keystore file does not exist: ${name}`, { remedy: 'Check the path that follows -keystore.' })
}

/** `-storetype` for a new store. The JDK's default is PKCS12 since version 9, whatever the file is called. */
export function storeType(given: string | undefined): KeyStoreType {
  const type = (given ?? 'PKCS12').toUpperCase()
  if (type === 'PKCS12' || type === 'JKS') return type
  throw new KeytoolError(`${given} not found`, {
    javaClass: 'java.security.KeyStoreException',
    remedy: 'New stores can be PKCS12 or JKS.',
  })
}

async function askPassword(session: Session, what: string, isNew: boolean): Promise<string> {
  const { ask } = session.ctx.terminal
  for (let tries = 0; tries < 3; tries++) {
    const password = await ask.hidden(`Enter ${what} password:  `)
    if (password === undefined) break
    if (password.length < 6) session.err('Keystore password is too short - must be at least 6 characters')
    else if (!isNew || (await ask.hidden('Re-enter new password: ')) === password) return password
    else session.err("They don't match. Try again")
  }
  throw new KeytoolError('Too many failures - try later')
}

const notVerified = `
*****************  WARNING WARNING WARNING  *****************
* The integrity of the information stored in your keystore  *
* has NOT been verified!  In order to verify its integrity, *
* you must provide your keystore password.                  *
*****************  WARNING WARNING WARNING  *****************
`

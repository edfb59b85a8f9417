import type { KeyObject } from 'node:crypto'
import { CodedError } from '../../errors.ts'
import { findEntry, type PrivateKeyEntry } from '../../pki/keystore/keystore.ts'
import { plain } from '../terminal.ts'
import { KeytoolError } from './keytool-error.ts'
import { unknownAlias } from './list.ts'
import type { Session } from './session.ts'
import type { OpenedStore } from './store-access.ts'

export interface RecoveredKey {
  readonly key: KeyObject
  /** the password that opened it */
  readonly password: string | undefined
  readonly entry: PrivateKeyEntry
}

/** The private key of an alias: with the password given, else the store's, else the one that is asked for. */
export async function recoverKey(
  session: Session,
  opened: OpenedStore,
  alias: string,
  given: string | undefined,
): Promise<RecoveredKey> {
  const entry = keyEntry(opened, alias)
  if (given !== undefined) return { key: openKey(entry, given), password: given, entry }
  try {
    return { key: openKey(entry, opened.password), password: opened.password, entry }
  } catch (error) {
    if (!(error instanceof KeytoolError)) throw error
    const password = await askKeyPassword(session, alias)
    return { key: openKey(entry, password), password, entry }
  }
}

export function keyEntry(opened: OpenedStore, alias: string): PrivateKeyEntry {
  const entry = findEntry(opened.store, alias)
  if (entry === undefined) throw unknownAlias(alias)
  if (entry.kind === 'private-key') return entry
  throw new KeytoolError(`Alias <${plain(alias)}> has no key`, { remedy: 'Name the alias of a PrivateKeyEntry.' })
}

function openKey(entry: PrivateKeyEntry, password: string | undefined): KeyObject {
  try {
    return entry.privateKey(password)
  } catch (cause) {
    if (!(cause instanceof CodedError)) throw cause
    throw new KeytoolError('Cannot recover key', {
      javaClass: 'java.security.UnrecoverableKeyException',
      remedy: cause.remedy,
      cause,
    })
  }
}

async function askKeyPassword(session: Session, alias: string): Promise<string> {
  for (let tries = 0; tries < 3; tries++) {
    const password = await session.ctx.terminal.ask.hidden(`Enter key password for <${plain(alias)}>`)
    if (password === undefined) break
    if (password !== '') return password
  }
  throw new KeytoolError('Too many failures - try later')
}

/**
 * The password of a new key. PKCS#12 has one password for all; for JKS it is asked for, and an empty answer takes the store's.
 */
export async function newKeyPassword(
  session: Session,
  opened: OpenedStore,
  alias: string,
  given: string | undefined,
): Promise<string | undefined> {
  if (opened.store.type === 'PKCS12') {
    if (given !== undefined && given !== opened.password) {
      session.err(
        'Warning:  Different store and key passwords not supported for PKCS12 KeyStores. Ignoring user-specified -keypass value.',
      )
    }
    return opened.password
  }
  if (given !== undefined) return longEnough(given)
  const { ask } = session.ctx.terminal
  for (let tries = 0; tries < 3; tries++) {
    const password = await ask.hidden(
      `Enter key password for <${plain(alias)}>\n\t(RETURN if same as keystore password):  `,
    )
    if (!password) return opened.password
    if (password.length < 6) session.err('Key password is too short - must be at least 6 characters')
    else if ((await ask.hidden('Re-enter new password: ')) === password) return password
    else session.err("They don't match. Try again")
  }
  throw new KeytoolError('Too many failures. Key not added to keystore')
}

function longEnough(password: string): string {
  if (password.length >= 6) return password
  throw new KeytoolError('Key password must be at least 6 characters')
}

import { constants, copyFile } from 'node:fs/promises'
import { emptyKeyStore, setPrivateKey, setTrustedCertificate } from '../../pki/keystore/change.ts'
import { writeKeyStoreFile } from '../../pki/keystore/file.ts'
import { findEntry, type KeyStore, type KeyStoreEntry } from '../../pki/keystore/keystore.ts'
import { withKeyStoreLock } from '../../pki/keystore/lock.ts'
import { encodeKeyStore } from '../../pki/keystore/save.ts'
import { plain } from '../terminal.ts'
import { recoverKey } from './key-access.ts'
import { KeytoolError } from './keytool-error.ts'
import { unknownAlias } from './list.ts'
import type { Session } from './session.ts'
import { isAnchor, type OpenedStore, openToChange, readStore, saveStore, storeType } from './store-access.ts'

type Change = (store: KeyStore) => KeyStore

/** `-importkeystore`: one entry (-srcalias) or all of them from another store; the way to convert JKS to PKCS#12 and back. */
export async function importKeyStore(session: Session): Promise<OpenedStore> {
  const sourceName = session.value('srckeystore')
  if (sourceName === undefined) throw new KeytoolError('Must specify source keystore', { remedy: 'Pass -srckeystore.' })
  const inPlace = session.ctx.path(sourceName) === session.ctx.path(destinationName(session))
  const target = inPlace ? undefined : await openTarget(session)
  const source = await openSource(session, sourceName)
  session.err(`Importing keystore ${sourceName} to ${destinationName(session)}...`)
  const destination = target ?? inPlaceTarget(session, source)
  const alias = session.value('srcalias')
  const change =
    alias === undefined ? await all(session, source, destination) : await one(session, source, destination, alias)
  if (change === undefined) return destination
  if (inPlace) await migrate(session, source, destination, change)
  else await saveStore(session, destination, change)
  return destination
}

function destinationName(session: Session): string {
  return session.value('destkeystore') ?? session.value('keystore') ?? ''
}

function openTarget(session: Session): Promise<OpenedStore> {
  return openToChange(session, {
    create: true,
    name: session.value('destkeystore'),
    password: session.value('deststorepass'),
    type: session.value('deststoretype'),
    what: 'destination keystore',
  })
}

async function openSource(session: Session, name: string): Promise<OpenedStore> {
  const file = session.ctx.path(name)
  const given = session.value('srcstorepass')
  const password = given ?? (await session.ctx.terminal.ask.hidden('Enter source keystore password:  '))
  return { name, file, exists: true, password, store: await readStore(file, password ?? '') }
}

// JDK: same file at both ends means "change the type of this store", and the old one is kept beside it.
function inPlaceTarget(session: Session, source: OpenedStore): OpenedStore {
  const type = storeType(session.value('deststoretype'))
  const password = session.value('deststorepass') ?? source.password
  return { ...source, exists: false, password, store: emptyKeyStore(type) }
}

async function migrate(session: Session, source: OpenedStore, destination: OpenedStore, change: Change) {
  const old = await withKeyStoreLock(source.file, async () => {
    const copy = await backUp(source.file)
    await writeKeyStoreFile(source.file, encodeKeyStore(change(destination.store), { password: destination.password }))
    return copy.slice(source.file.length)
  })
  session.warn(
    `Migrated "${source.name}" to ${destination.store.type}. The ${source.store.type} keystore is backed up as "${source.name}${old}".`,
  )
}

/** A copy under the first free name, with the mode of the file: until the new store stands, the old one stays where it is. */
async function backUp(file: string): Promise<string> {
  for (let n = 1; ; n++) {
    const copy = `${file}.old${n === 1 ? '' : n}`
    try {
      await copyFile(file, copy, constants.COPYFILE_EXCL)
      return copy
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
  }
}

async function one(
  session: Session,
  source: OpenedStore,
  destination: OpenedStore,
  alias: string,
): Promise<Change | undefined> {
  const entry = findEntry(source.store, alias)
  if (entry === undefined) throw unknownAlias(alias)
  return transfer(session, source, destination, entry, session.value('destalias') ?? entry.label ?? alias)
}

async function all(session: Session, source: OpenedStore, destination: OpenedStore): Promise<Change | undefined> {
  if (session.value('destalias') !== undefined || session.value('srckeypass') !== undefined) {
    throw new KeytoolError('if alias not specified, destalias and srckeypass must not be specified')
  }
  const changes: Change[] = []
  for (const entry of source.store.entries) {
    const name = plain(entry.alias)
    try {
      const change = await transfer(session, source, destination, entry, entry.alias)
      if (change !== undefined) changes.push(change)
      session.err(`Entry for alias ${name} ${change === undefined ? 'not' : 'successfully'} imported.`)
    } catch (error) {
      if (!(error instanceof KeytoolError)) throw error
      const cause = `${error.javaClass}: ${error.message}`
      session.err(`Problem importing entry for alias ${name}: ${cause}.\nEntry for alias ${name} not imported.`)
      if (!session.has('noprompt') && !(await goOn(session))) break
    }
  }
  const failed = source.store.entries.length - changes.length
  session.err(
    `Import command completed:  ${changes.length} entries successfully imported, ${failed} entries failed or cancelled`,
  )
  return changes.length === 0 ? undefined : store => changes.reduce((now, change) => change(now), store)
}

async function goOn(session: Session): Promise<boolean> {
  return !(await session.confirmed('Do you want to quit the import process? [no]:  '))
}

/** How to put the entry into the destination; undefined when the user cancels. */
async function transfer(
  session: Session,
  source: OpenedStore,
  destination: OpenedStore,
  entry: KeyStoreEntry,
  wanted: string,
): Promise<Change | undefined> {
  const alias = await freeAlias(session, destination, wanted)
  if (alias === undefined) return undefined
  const options = { existing: 'replace' as const, ...(entry.created === undefined ? {} : { created: entry.created }) }
  if (entry.kind === 'trusted-certificate') {
    session.checkWeak(`<${plain(alias)}>`, entry.certificate, isAnchor(destination.store, entry.certificate))
    return store => setTrustedCertificate(store, alias, entry.certificate, options)
  }
  if (entry.kind === 'secret-key') throw new KeytoolError('secret keys are not imported')
  const { key, password: opened } = await recoverKey(session, source, entry.alias, session.value('srckeypass'))
  for (const [i, certificate] of entry.chain.entries()) {
    const which = entry.chain.length > 1 ? ` #${i + 1} of ${entry.chain.length}` : ''
    session.checkWeak(`<${plain(alias)}>${which}`, certificate, isAnchor(destination.store, certificate))
  }
  const password = destinationKeyPassword(session, destination, source, opened)
  return store =>
    setPrivateKey(store, alias, { key, chain: entry.chain, ...(password === undefined ? {} : { password }) }, options)
}

// JDK: PKCS#12 has one password; JKS keeps the key's own unless -destkeypass names another.
function destinationKeyPassword(
  session: Session,
  destination: OpenedStore,
  source: OpenedStore,
  opened: string | undefined,
): string | undefined {
  if (destination.store.type === 'PKCS12') return destination.password
  const given = session.value('destkeypass')
  return given ?? (opened === source.password ? destination.password : opened)
}

async function freeAlias(session: Session, destination: OpenedStore, wanted: string): Promise<string | undefined> {
  if (findEntry(destination.store, wanted) === undefined) return wanted
  if (session.has('noprompt')) {
    session.err(`Warning: Overwriting existing alias ${plain(wanted)} in destination keystore`)
    return wanted
  }
  if (await session.confirmed(`Existing entry alias ${plain(wanted)} exists, overwrite? [no]:  `)) return wanted
  const other = await session.ctx.terminal.ask.line('Enter new alias name\t(RETURN to cancel import for this entry):  ')
  return other || undefined
}

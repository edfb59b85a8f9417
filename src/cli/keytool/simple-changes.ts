import { changeKeyPassword, removeEntry, renameEntry } from '../../pki/keystore/change.ts'
import { findEntry } from '../../pki/keystore/keystore.ts'
import { plain } from '../terminal.ts'
import { recoverKey } from './key-access.ts'
import { KeytoolError } from './keytool-error.ts'
import { unknownAlias } from './list.ts'
import type { Session } from './session.ts'
import { type OpenedStore, openToChange, saveStore } from './store-access.ts'

/** `-delete` */
export async function deleteEntry(session: Session): Promise<OpenedStore> {
  const opened = await openToChange(session, { create: false })
  const alias = await requiredAlias(session)
  if (findEntry(opened.store, alias) === undefined) throw unknownAlias(alias)
  await saveStore(session, opened, store => removeEntry(store, alias))
  return opened
}

/** `-changealias` */
export async function changeAlias(session: Session): Promise<OpenedStore> {
  const opened = await openToChange(session, { create: false })
  const { alias } = session
  const to = session.value('destalias') ?? (await session.ctx.terminal.ask.line('Enter destination alias name:  '))
  if (!to) throw new KeytoolError('Must specify destination alias')
  if (findEntry(opened.store, to) !== undefined)
    throw new KeytoolError(`Destination alias <${plain(to)}> already exists`)
  if (findEntry(opened.store, alias) === undefined) throw unknownAlias(alias)
  await saveStore(session, opened, store => renameEntry(store, alias, to))
  return opened
}

/** `-storepasswd`: in JKS the keys keep their own passwords, in PKCS#12 there is only one. */
export async function changeStorePassword(session: Session): Promise<OpenedStore> {
  const opened = await openToChange(session, { create: false })
  const password = await newPassword(session, 'keystore password', opened.password)
  await saveStore(session, opened, store => store, password)
  return opened
}

/** `-keypasswd` */
export async function changePasswordOfKey(session: Session): Promise<OpenedStore> {
  const opened = await openToChange(session, { create: false })
  if (opened.store.type === 'PKCS12') {
    throw new KeytoolError('-keypasswd commands not supported if -storetype is PKCS12', {
      javaClass: 'java.lang.UnsupportedOperationException',
      remedy: 'In PKCS#12 the keys have the password of the store: change that with -storepasswd.',
    })
  }
  const { alias } = session
  const { password: from } = await recoverKey(session, opened, alias, session.value('keypass'))
  const to = await newPassword(session, `key password for <${plain(alias)}>`, from)
  await saveStore(session, opened, store => changeKeyPassword(store, alias, from === undefined ? { to } : { from, to }))
  return opened
}

async function requiredAlias(session: Session): Promise<string> {
  const alias = session.value('alias') ?? (await session.ctx.terminal.ask.line('Enter alias name:  '))
  if (!alias) throw new KeytoolError('Must specify alias')
  return alias
}

async function newPassword(session: Session, what: string, old: string | undefined): Promise<string> {
  const given = session.value('new')
  if (given !== undefined) {
    if (given.length < 6) throw new KeytoolError('New password must be at least 6 characters')
    return given
  }
  const { ask } = session.ctx.terminal
  for (let tries = 0; tries < 3; tries++) {
    const password = await ask.hidden(`New ${what}: `)
    if (password === undefined) break
    if (password.length < 6) session.err('Password is too short - must be at least 6 characters')
    else if (password === old) session.err('Passwords must differ')
    else if ((await ask.hidden(`Re-enter new ${what}: `)) === password) return password
    else session.err("They don't match. Try again")
  }
  throw new KeytoolError('Too many failures - try later')
}

import { writeFile } from 'node:fs/promises'
import { findEntry } from '../../pki/keystore/keystore.ts'
import { writePem } from '../../pki/x509/pem.ts'
import { plain } from '../terminal.ts'
import { KeytoolError } from './keytool-error.ts'
import { unknownAlias } from './list.ts'
import type { Session } from './session.ts'
import { type OpenedStore, openToRead } from './store-access.ts'

/** `-exportcert`: the certificate of an alias, DER or with -rfc PEM, to a file or standard output. */
export async function exportCert(session: Session): Promise<OpenedStore> {
  const opened = await openToRead(session)
  const { alias } = session
  const entry = findEntry(opened.store, alias)
  if (entry === undefined) throw unknownAlias(alias)
  const certificate =
    entry.kind === 'trusted-certificate' ? entry.certificate : entry.kind === 'private-key' ? entry.chain[0] : undefined
  if (certificate === undefined) throw new KeytoolError(`Alias <${plain(alias)}> has no certificate`)
  const bytes = session.has('rfc') ? writePem('CERTIFICATE', certificate.raw) : certificate.raw
  const file = session.value('file')
  session.checkWeak('The certificate', certificate, entry.kind === 'trusted-certificate')
  if (file === undefined) {
    session.write(bytes)
    return opened
  }
  await writeFile(session.ctx.path(file), bytes)
  session.err(`Certificate stored in file <${file}>`)
  return opened
}

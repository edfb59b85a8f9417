import { writeFile } from 'node:fs/promises'
import { keyIdentifier } from '../../pki/x509/build-extensions.ts'
import { buildName } from '../../pki/x509/build-name.ts'
import { writePem } from '../../pki/x509/pem.ts'
import { buildRequest } from '../../pki/x509/request.ts'
import { plain } from '../terminal.ts'
import { extensionsOf } from './extension-flags.ts'
import { keyIdentifiers } from './gen-key-pair.ts'
import { recoverKey } from './key-access.ts'
import { KeytoolError } from './keytool-error.ts'
import { nameText } from './name-flag.ts'
import type { Session } from './session.ts'
import { signingOptions } from './signature-flag.ts'
import { type OpenedStore, openToChange } from './store-access.ts'

/** `-certreq`: a PKCS#10 request for the key under the alias, PEM, to a file or standard output. */
export async function certReq(session: Session): Promise<OpenedStore> {
  const opened = await openToChange(session, { create: false })
  const { alias } = session
  const { key: privateKey, entry } = await recoverKey(session, opened, alias, session.value('keypass'))
  const [leaf] = entry.chain
  if (leaf === undefined) throw new KeytoolError(`${plain(alias)} has no public key (certificate)`)
  const dname = session.value('dname')
  const extensions = extensionsOf(session.flags.extensions)
  const request = buildRequest({
    subject: dname === undefined ? leaf.subject : buildName(nameText(dname)),
    privateKey,
    extensions: [...extensions, ...keyIdentifiers(extensions, keyIdentifier(leaf.spki), undefined)],
    ...signingOptions(session.value('sigalg'), privateKey),
  })
  const text = writePem('NEW CERTIFICATE REQUEST', request)
  const file = session.value('file')
  if (file === undefined) session.write(text)
  else await writeFile(session.ctx.path(file), text)
  if (file !== undefined && session.has('v')) {
    session.err(`Certification request stored in file <${file}>\nSubmit this to your CA`)
  }
  return opened
}

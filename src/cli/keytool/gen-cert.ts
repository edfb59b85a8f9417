import { writeFile } from 'node:fs/promises'
import { signatureVerifies } from '../../pki/path/signature.ts'
import { buildCertificate } from '../../pki/x509/build-certificate.ts'
import { keyIdentifier } from '../../pki/x509/build-extensions.ts'
import { buildName } from '../../pki/x509/build-name.ts'
import { looksLikePem, readPem, writePem } from '../../pki/x509/pem.ts'
import { type CertificateRequest, parseRequest } from '../../pki/x509/request.ts'
import { plain } from '../terminal.ts'
import { extensionsOf } from './extension-flags.ts'
import { keyIdentifiers } from './gen-key-pair.ts'
import { recoverKey } from './key-access.ts'
import { KeytoolError } from './keytool-error.ts'
import { nameText } from './name-flag.ts'
import type { Session } from './session.ts'
import { signingOptions } from './signature-flag.ts'
import { endDate, startDate } from './start-date.ts'
import { type OpenedStore, openToChange } from './store-access.ts'

/** `-gencert`: a certificate for a request, signed with the key under the alias. Extensions asked for in the request count for nothing. */
export async function genCert(session: Session): Promise<OpenedStore> {
  const opened = await openToChange(session, { create: false })
  const { alias } = session
  const { key: signingKey, entry } = await recoverKey(session, opened, alias, session.value('keypass'))
  const [issuer] = entry.chain
  if (issuer === undefined) throw new KeytoolError(`${plain(alias)} has no public key (certificate)`)
  const request = await readRequest(session)
  const dname = session.value('dname')
  const extensions = extensionsOf(session.flags.extensions)
  const notBefore = startDate(session.value('startdate'), session.ctx.clock.now())
  const certificate = buildCertificate({
    subject: dname === undefined ? request.subject : buildName(nameText(dname)),
    issuer: issuer.subject,
    publicKey: request.spki,
    signingKey,
    notBefore,
    notAfter: endDate(notBefore, session.value('validity')),
    extensions: [...extensions, ...keyIdentifiers(extensions, keyIdentifier(request.spki), issuer)],
    ...signingOptions(session.value('sigalg'), signingKey),
  })
  const bytes = session.has('rfc') ? writePem('CERTIFICATE', certificate) : certificate
  const file = session.value('outfile')
  if (file === undefined) session.write(bytes)
  else await writeFile(session.ctx.path(file), bytes)
  return opened
}

/** A request proves that its maker holds the key: one that does not is refused. */
async function readRequest(session: Session): Promise<CertificateRequest> {
  const file = session.value('infile')
  const bytes = await session.input(file)
  try {
    const block = looksLikePem(bytes)
      ? readPem(bytes).find(({ label }) => label.endsWith('CERTIFICATE REQUEST'))
      : undefined
    const request = parseRequest(block?.der ?? bytes)
    if (signatureVerifies(request, request.publicKey())) return request
  } catch (cause) {
    throw new KeytoolError('Input not a certificate request', { remedy: (cause as Error).message, cause })
  }
  throw new KeytoolError('Invalid PKCS #10 signature', { javaClass: 'java.security.SignatureException' })
}

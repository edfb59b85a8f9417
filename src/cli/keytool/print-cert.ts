import { writePem } from '../../pki/x509/pem.ts'
import { readCertificates } from '../read-certificates.ts'
import { javaCertificate } from './java-certificate.ts'
import { KeytoolError } from './keytool-error.ts'
import type { Session } from './session.ts'

/** `-printcert`: certificates of a file, in full or with -rfc as PEM. Needs no key store. */
export async function printCert(session: Session): Promise<undefined> {
  const certificates = await read(session)
  const many = certificates.length > 1
  for (const [i, certificate] of certificates.entries()) {
    const text = session.has('rfc') ? writePem('CERTIFICATE', certificate.raw) : javaCertificate(certificate)
    if (many && !session.has('rfc')) session.out(`Certificate[${i + 1}]:`)
    session.write(text)
    if (i + 1 < certificates.length) session.out('')
    session.checkWeak(many ? `The certificate #${i + 1} of ${certificates.length}` : 'The certificate', certificate)
  }
}

async function read(session: Session) {
  const file = session.value('file')
  const bytes = await session.input(file)
  try {
    return readCertificates(bytes, file ?? 'standard input')
  } catch (cause) {
    const what = bytes.length === 0 ? 'Empty input' : 'Failed to parse input'
    throw new KeytoolError(what, { remedy: (cause as Error).message, cause })
  }
}

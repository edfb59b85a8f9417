import { setTrustedCertificate } from '../../pki/keystore/change.ts'
import { findEntry, type KeyStore } from '../../pki/keystore/keystore.ts'
import type { Certificate } from '../../pki/x509/certificate.ts'
import { basicConstraints } from '../../pki/x509/extensions.ts'
import { sameName } from '../../pki/x509/name.ts'
import { readCertificates } from '../read-certificates.ts'
import { plain } from '../terminal.ts'
import { installReply } from './certificate-reply.ts'
import { buildChain, isSignedBy } from './chain.ts'
import { javaCertificate } from './java-certificate.ts'
import { KeytoolError } from './keytool-error.ts'
import type { Session } from './session.ts'
import { type OpenedStore, openToChange, saveStore } from './store-access.ts'

/** `-importcert`: a trusted certificate under a new alias, or the authority's reply for the key that stands under the alias. */
export async function importCert(session: Session): Promise<OpenedStore> {
  const opened = await openToChange(session, { create: true })
  const certificates = readReply(await session.input(session.value('file')), session.value('file') ?? 'standard input')
  if (findEntry(opened.store, session.alias)?.kind === 'private-key') {
    const installed = await installReply(session, opened, certificates)
    session.err(`Certificate reply was ${installed ? '' : 'not '}installed in keystore`)
    return opened
  }
  const added = await addTrusted(session, opened, certificates[0]!)
  session.err(`Certificate was ${added ? '' : 'not '}added to keystore`)
  return opened
}

function readReply(bytes: Buffer, file: string): Certificate[] {
  try {
    return readCertificates(bytes, file)
  } catch (cause) {
    throw new KeytoolError('Input not an X.509 certificate', { remedy: (cause as Error).message, cause })
  }
}

async function addTrusted(session: Session, opened: OpenedStore, certificate: Certificate): Promise<boolean> {
  const { alias } = session
  if (findEntry(opened.store, alias) !== undefined) {
    throw new KeytoolError(`Certificate not imported, alias <${plain(alias)}> already exists`, {
      remedy: 'Choose another -alias, or -delete the entry first.',
    })
  }
  if (!session.has('noprompt') && !(await trusted(session, opened.store, certificate))) return false
  session.checkWeak('The input', certificate)
  await saveStore(session, opened, store => setTrustedCertificate(store, alias, certificate))
  return true
}

/**
 * What authorities of the store vouch for already is added without a question, as by the JDK. Unlike there, a pinned end entity vouches
 * for nobody: its holder could otherwise sign what the administrator then trusts unasked.
 */
async function trusted(session: Session, store: KeyStore, certificate: Certificate): Promise<boolean> {
  const selfSigned = sameName(certificate.subject, certificate.issuer)
  if (selfSigned && !isSignedBy(certificate, certificate)) {
    throw new KeytoolError('Signature does not match.', { javaClass: 'java.security.SignatureException' })
  }
  const same = store.entries.find(entry => certificateOf(entry)?.thumbprint === certificate.thumbprint)
  if (same !== undefined) {
    session.err(`Certificate already exists in keystore under alias <${plain(same.alias)}>`)
    session.checkWeak('The input', certificate)
    session.printWarnings(true)
    return session.confirmed('Do you still want to add it? [no]:  ')
  }
  if (!selfSigned && buildChain(certificate, authorities(store)) !== undefined) return true
  session.write(javaCertificate(certificate))
  session.checkWeak('The input', certificate)
  session.printWarnings(true)
  return session.confirmed('Trust this certificate? [no]:  ')
}

function authorities(store: KeyStore): Certificate[] {
  return storeCertificates(store).filter(certificate => {
    try {
      return basicConstraints(certificate)?.ca === true
    } catch {
      return false
    }
  })
}

function certificateOf(entry: KeyStore['entries'][number]): Certificate | undefined {
  if (entry.kind === 'trusted-certificate') return entry.certificate
  return entry.kind === 'private-key' ? entry.chain[0] : undefined
}

/** One certificate per alias: what the JDK builds chains from. */
export function storeCertificates(store: KeyStore): Certificate[] {
  return store.entries.map(certificateOf).filter(certificate => certificate !== undefined)
}

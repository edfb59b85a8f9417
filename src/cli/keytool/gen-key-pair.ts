import { setPrivateKey } from '../../pki/keystore/change.ts'
import { findEntry } from '../../pki/keystore/keystore.ts'
import { buildCertificate } from '../../pki/x509/build-certificate.ts'
import { authorityKeyIdentifier, keyIdentifier, subjectKeyIdentifier } from '../../pki/x509/build-extensions.ts'
import { buildName } from '../../pki/x509/build-name.ts'
import { type Certificate, parseCertificate } from '../../pki/x509/certificate.ts'
import { subjectKeyIdentifier as readKeyIdentifier } from '../../pki/x509/extensions.ts'
import { readName } from '../../pki/x509/name.ts'
import { plain } from '../terminal.ts'
import { askName } from './dname-prompt.ts'
import { extensionsOf } from './extension-flags.ts'
import { generateKey } from './generate-key.ts'
import { javaSignatureName } from './java-algorithm.ts'
import { javaName } from './java-name.ts'
import { newKeyPassword, recoverKey } from './key-access.ts'
import { KeytoolError } from './keytool-error.ts'
import { nameText } from './name-flag.ts'
import type { Session } from './session.ts'
import { signingOptions } from './signature-flag.ts'
import { endDate, startDate } from './start-date.ts'
import { type OpenedStore, openToChange, saveStore } from './store-access.ts'

/** `-genkeypair`: a new key with a self-signed certificate, or one that a key of the store signs (-signer). */
export async function genKeyPair(session: Session): Promise<OpenedStore> {
  const opened = await openToChange(session, { create: true })
  const { alias } = session
  if (findEntry(opened.store, alias) !== undefined) {
    throw new KeytoolError(`Key pair not generated, alias <${plain(alias)}> already exists`)
  }
  const algorithm = session.value('keyalg')
  if (algorithm === undefined) throw new KeytoolError('The -keyalg option must be specified.')
  const extensions = extensionsOf(session.flags.extensions)
  const notBefore = startDate(session.value('startdate'), session.ctx.clock.now())
  const notAfter = endDate(notBefore, session.value('validity'))
  const subject = buildName(nameText(session.value('dname') ?? (await askName(session))))
  const signer = session.value('signer')
  const issuer =
    signer === undefined ? undefined : await recoverKey(session, opened, signer, session.value('signerkeypass'))
  const { key, text } = generateKey(algorithm, session.value('keysize'), session.value('groupname'))
  const signingKey = issuer?.key ?? key
  const chainAbove: readonly Certificate[] = issuer?.entry.chain ?? []
  const certificate = parseCertificate(
    buildCertificate({
      subject,
      ...(chainAbove[0] === undefined ? {} : { issuer: chainAbove[0].subject }),
      publicKey: key,
      signingKey,
      notBefore,
      notAfter,
      extensions: [...extensions, ...keyIdentifiers(extensions, keyIdentifier(key), chainAbove[0])],
      ...signingOptions(session.value('sigalg'), signingKey),
    }),
  )
  announce(session, text, certificate, signer)
  const password = await newKeyPassword(session, opened, alias, session.value('keypass'))
  const created = session.ctx.clock.now()
  const chain = [certificate, ...chainAbove]
  await saveStore(session, opened, store =>
    setPrivateKey(store, alias, { key, chain, ...(password === undefined ? {} : { password }) }, { created }),
  )
  session.checkWeak('The generated certificate', certificate)
  return opened
}

/** RFC 5280 sections 4.2.1.1 and 4.2.1.2, unless a flag said otherwise. */
export function keyIdentifiers(
  given: readonly { readonly oid: string }[],
  subject: Uint8Array,
  issuer: Certificate | undefined,
) {
  const above = issuer === undefined ? undefined : (readKeyIdentifier(issuer) ?? keyIdentifier(issuer.spki))
  const added = [subjectKeyIdentifier(subject), ...(above === undefined ? [] : [authorityKeyIdentifier(above)])]
  return added.filter(extension => given.every(({ oid }) => oid !== extension.oid))
}

function announce(session: Session, key: string, certificate: Certificate, signer: string | undefined) {
  const algorithm = javaSignatureName(certificate.signatureAlgorithm.oid)
  const days = Math.round((certificate.notAfter - certificate.notBefore) / 86_400_000)
  const kind =
    signer === undefined
      ? `self-signed certificate (${algorithm})`
      : `a certificate (${algorithm}) issued by <${plain(signer)}>`
  const name = javaName(readName(certificate.subject.raw))
  session.err(
    `Generating ${key} key pair and ${kind} with a validity of ${days.toLocaleString('en-US')} days\n\tfor: ${name}`,
  )
}

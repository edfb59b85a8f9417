import { replaceChain } from '../../pki/keystore/change.ts'
import type { Certificate } from '../../pki/x509/certificate.ts'
import { plain } from '../terminal.ts'
import { buildChain, isSignedBy } from './chain.ts'
import { storeCertificates } from './import-cert.ts'
import { javaCertificate } from './java-certificate.ts'
import { keyEntry } from './key-access.ts'
import { KeytoolError } from './keytool-error.ts'
import type { Session } from './session.ts'
import { isAnchor, type OpenedStore, saveStore } from './store-access.ts'

/** What an authority sent for the key under the alias: one certificate, or a whole chain. Answers whether it was installed. */
export async function installReply(
  session: Session,
  opened: OpenedStore,
  reply: readonly Certificate[],
): Promise<boolean> {
  const { alias } = session
  const [current] = keyEntry(opened, alias).chain
  if (current === undefined) throw new KeytoolError(`<${plain(alias)}> has no public key (certificate)`)
  const chain =
    reply.length === 1 ? single(session, opened, current, reply[0]!) : await whole(session, opened, current, reply)
  if (chain === undefined) return false
  await saveStore(session, opened, store => replaceChain(store, alias, chain))
  return true
}

function single(session: Session, opened: OpenedStore, current: Certificate, reply: Certificate): Certificate[] {
  if (!current.spki.equals(reply.spki)) throw new KeytoolError("Public keys in reply and keystore don't match")
  if (current.raw.equals(reply.raw))
    throw new KeytoolError('Certificate reply and certificate in keystore are identical')
  const chain = buildChain(reply, storeCertificates(opened.store))
  if (chain === undefined) {
    throw new KeytoolError('Failed to establish chain from reply', {
      remedy:
        'Import the issuing authority and the ones above it under aliases of their own first, or import the whole chain.',
    })
  }
  for (const certificate of chain) checkWeak(session, opened, 'Reply', certificate)
  return chain
}

async function whole(
  session: Session,
  opened: OpenedStore,
  current: Certificate,
  reply: readonly Certificate[],
): Promise<Certificate[] | undefined> {
  const chain = inOrder(session.alias, current, reply)
  for (const [i, certificate] of chain.entries())
    checkWeak(session, opened, `Reply #${i + 1} of ${chain.length}`, certificate)
  if (session.has('noprompt')) return chain
  const top = chain.at(-1)!
  const signer = storeCertificates(opened.store).find(each => each.raw.equals(top.raw) || isSignedBy(top, each))
  if (signer !== undefined) return signer.raw.equals(top.raw) ? chain : [...chain, signer]
  session.err('\nTop-level certificate in reply:\n')
  session.write(javaCertificate(top))
  session.printWarnings(true)
  return (await session.confirmed('\n... is not trusted. Install reply anyway? [no]:  ')) ? chain : undefined
}

/** Bottom up, beginning with the certificate of the key that stands in the store. */
function inOrder(alias: string, current: Certificate, reply: readonly Certificate[]): Certificate[] {
  const rest = [...reply]
  const take = (found: number) => rest.splice(found, 1)[0]!
  const leaf = rest.findIndex(each => each.spki.equals(current.spki))
  if (leaf < 0) throw new KeytoolError(`Certificate reply does not contain public key for <${plain(alias)}>`)
  const chain = [take(leaf)]
  while (rest.length > 0) {
    const next = rest.findIndex(each => isSignedBy(chain.at(-1)!, each))
    if (next < 0) throw new KeytoolError('Incomplete certificate chain in reply')
    chain.push(take(next))
  }
  return chain
}

function checkWeak(session: Session, { store }: OpenedStore, who: string, certificate: Certificate) {
  session.checkWeak(who, certificate, isAnchor(store, certificate))
}

import type { KeyStoreEntry } from '../../pki/keystore/keystore.ts'
import { findEntry } from '../../pki/keystore/keystore.ts'
import type { Certificate } from '../../pki/x509/certificate.ts'
import { writePem } from '../../pki/x509/pem.ts'
import { plain } from '../terminal.ts'
import { colonHex } from './hex-dump.ts'
import { javaCertificate } from './java-certificate.ts'
import { javaDay } from './java-date.ts'
import { KeytoolError } from './keytool-error.ts'
import type { Session } from './session.ts'
import { type OpenedStore, openToRead } from './store-access.ts'

const stars = '*******************************************'

/** `-list`: one alias, or all of them, in short, with -v in full, with -rfc as PEM. */
export async function list(session: Session): Promise<OpenedStore> {
  const opened = await openToRead(session)
  const { store } = opened
  const lister = new Lister(session, opened)
  const alias = session.value('alias')
  if (alias !== undefined) {
    const entry = findEntry(store, alias)
    if (entry === undefined) throw unknownAlias(alias)
    lister.entry(entry, 'The certificate')
    return opened
  }
  const count = store.entries.length
  session.out(`Keystore type: ${store.type}\nKeystore provider: SUN\n`)
  session.out(`Your keystore contains ${count.toLocaleString('en-US')} ${count === 1 ? 'entry' : 'entries'}\n`)
  for (const entry of store.entries.toSorted((a, b) => (a.alias < b.alias ? -1 : 1))) {
    lister.entry(entry, `<${plain(entry.alias)}>`)
    if (lister.inFull) session.out(`\n\n${stars}\n${stars}\n\n`)
  }
  return opened
}

export function unknownAlias(alias: string): KeytoolError {
  return new KeytoolError(`Alias <${plain(alias)}> does not exist`, {
    remedy: 'Use -list to see the aliases of this store.',
  })
}

class Lister {
  readonly #session: Session
  readonly #trusted: ReadonlySet<string>
  readonly #form: 'short' | 'full' | 'pem'

  constructor(session: Session, { store }: OpenedStore) {
    this.#session = session
    const anchors = store.entries.filter(entry => entry.kind === 'trusted-certificate')
    this.#trusted = new Set(anchors.map(entry => entry.certificate.thumbprint))
    this.#form = session.has('v') ? 'full' : session.has('rfc') ? 'pem' : 'short'
  }

  get inFull(): boolean {
    return this.#form !== 'short'
  }

  entry(entry: KeyStoreEntry, who: string): void {
    const { alias, created, kind } = entry
    const session = this.#session
    // PKCS#12 from other tools has no dates: the JDK then says today
    const day = javaDay(created ?? session.ctx.clock.now())
    const name = kinds[kind]
    if (this.inFull) session.out(`Alias name: ${plain(alias)}\nCreation date: ${day}\nEntry type: ${name}`)
    const short = `${plain(alias)}, ${day}, ${name}, `
    if (kind === 'private-key') this.#chain(entry.chain, who, short)
    else if (kind === 'trusted-certificate') {
      session.out(this.inFull ? '' : `${short}\n${fingerprint(entry.certificate)}`)
      if (this.inFull) this.#certificate(entry.certificate)
      this.#check(who, entry.certificate)
    } else if (!this.inFull) session.out(short)
  }

  #chain(chain: readonly Certificate[], who: string, short: string) {
    const session = this.#session
    const [leaf] = chain
    const length = `Certificate chain length: ${chain.length}`
    if (!this.inFull) session.out(`${short}\n${leaf === undefined ? length : fingerprint(leaf)}`)
    else session.out(length)
    for (const [i, certificate] of chain.entries()) {
      if (this.inFull) session.out(`Certificate[${i + 1}]:`)
      if (this.inFull) this.#certificate(certificate)
      this.#check(chain.length > 1 ? `${who} #${i + 1} of ${chain.length}` : who, certificate)
    }
  }

  #certificate(certificate: Certificate) {
    const text = this.#form === 'full' ? javaCertificate(certificate, this.#isTrusted(certificate)) : pem(certificate)
    this.#session.write(text)
  }

  #check(who: string, certificate: Certificate) {
    this.#session.checkWeak(who, certificate, this.#isTrusted(certificate))
  }

  #isTrusted(certificate: Certificate): boolean {
    return this.#trusted.has(certificate.thumbprint)
  }
}

const kinds = {
  'private-key': 'PrivateKeyEntry',
  'trusted-certificate': 'trustedCertEntry',
  'secret-key': 'SecretKeyEntry',
} as const

function fingerprint(certificate: Certificate): string {
  return `Certificate fingerprint (SHA-256): ${colonHex(certificate.thumbprint)}`
}

function pem(certificate: Certificate): string {
  return writePem('CERTIFICATE', certificate.raw)
}

import type { Certificate } from '../../x509/certificate.ts'
import { writePem } from '../../x509/pem.ts'
import type { KeyStore, KeyStoreEntry } from '../keystore.ts'
import { keyStoreError } from '../keystore-error.ts'
import type { KeyOf } from '../save.ts'

/** A PEM bundle: each key with its chain behind it, or trusted certificates; aliases in the lines that OpenSSL writes too. */
export function encodePemStore(store: KeyStore, keyOf: KeyOf): Buffer {
  const kinds = new Set(store.entries.map(entry => entry.kind))
  if (kinds.has('private-key') && kinds.has('trusted-certificate')) {
    throw notSupported('a PEM file cannot hold trusted certificates beside private keys')
  }
  const blocks = store.entries.flatMap(entry => encodeEntry(entry, keyOf))
  return Buffer.from([...blocks, ...store.otherCertificates.map(pem)].join(''))
}

function encodeEntry(entry: KeyStoreEntry, keyOf: KeyOf): string[] {
  switch (entry.kind) {
    case 'trusted-certificate':
      return [nameLines(entry), pem(entry.certificate)]
    case 'private-key': {
      const { form, der } = keyOf(entry)
      const label = form === 'sealed' ? 'ENCRYPTED PRIVATE KEY' : 'PRIVATE KEY'
      return [nameLines(entry), writePem(label, der), ...entry.chain.map(pem)]
    }
    case 'secret-key':
      throw notSupported(`PEM cannot hold the secret key ${entry.alias}`)
  }
}

function nameLines({ label, alias }: KeyStoreEntry): string {
  // a control character, a line end above all, could make a block of its own
  return `Bag Attributes\n    friendlyName: ${(label ?? alias).replace(/\p{Cc}/gu, ' ')}\n`
}

const pem = ({ raw }: Certificate) => writePem('CERTIFICATE', raw)

function notSupported(message: string) {
  return keyStoreError('ERR_KEYSTORE_NOT_SUPPORTED_BY_TYPE', message)
}

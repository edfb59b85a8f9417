import type { Certificate } from '../../x509/certificate.ts'
import type { KeyStore, KeyStoreEntry } from '../keystore.ts'
import { keyStoreError } from '../keystore-error.ts'
import type { KeyOf } from '../save.ts'
import { encodeUtf } from './data-input.ts'
import { entryTag, jksDigest, jksMagic } from './read-jks.ts'

export interface JksOptions {
  readonly password: string
  readonly keyOf: KeyOf
  /** milliseconds since the epoch, for entries without a date */
  readonly now: number
}

/** JKS, version 2. */
export function encodeJks(store: KeyStore, options: JksOptions): Buffer {
  const body = Buffer.concat([
    int(jksMagic),
    int(2),
    int(store.entries.length),
    ...store.entries.map(entry => encodeEntry(entry, options)),
  ])
  return Buffer.concat([body, jksDigest(options.password, body)])
}

function encodeEntry(entry: KeyStoreEntry, { keyOf, now }: JksOptions): Buffer {
  const { alias, created = now } = entry
  const head = (kind: number) => [int(kind), encodeUtf(alias.toLowerCase()), long(created)]
  switch (entry.kind) {
    case 'trusted-certificate':
      return Buffer.concat([...head(entryTag.trustedCertificate), encodeCertificate(entry.certificate)])
    case 'private-key': {
      if (entry.chain.length === 0) throw notSupported(`JKS cannot hold the key ${alias} without its certificate`)
      const { der } = keyOf(entry)
      const chain = [int(entry.chain.length), ...entry.chain.map(encodeCertificate)]
      return Buffer.concat([...head(entryTag.privateKey), int(der.length), der, ...chain])
    }
    case 'secret-key':
      throw notSupported(`JKS cannot hold the secret key ${alias}`)
  }
}

function encodeCertificate({ raw }: Certificate): Buffer {
  return Buffer.concat([encodeUtf('X.509'), int(raw.length), raw])
}

function int(value: number): Buffer {
  const octets = Buffer.alloc(4)
  octets.writeUInt32BE(value)
  return octets
}

function long(value: number): Buffer {
  const octets = Buffer.alloc(8)
  octets.writeBigInt64BE(BigInt(Math.trunc(value)))
  return octets
}

function notSupported(message: string) {
  return keyStoreError('ERR_KEYSTORE_NOT_SUPPORTED_BY_TYPE', message)
}

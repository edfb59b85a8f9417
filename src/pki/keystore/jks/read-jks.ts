import { hash, timingSafeEqual } from 'node:crypto'
import type { Certificate } from '../../x509/certificate.ts'
import { sealedKey } from '../held-key.ts'
import type { KeyStore, KeyStoreEntry } from '../keystore.ts'
import { keyStoreError } from '../keystore-error.ts'
import type { OpenOptions } from '../open.ts'
import { utf16be } from '../pbe/password-encodings.ts'
import { privateKeyEntry } from '../private-key-entry.ts'
import { readCertificate } from '../read-certificate.ts'
import { certificatesPerStep, type Steps } from '../steps.ts'
import { DataInput } from './data-input.ts'
import { skipSealedObject } from './sealed-object.ts'

export const jksMagic = 0xfeedfeed
export const jceksMagic = 0xcececece
export const digestLength = 20
export const entryTag = { privateKey: 1, trustedCertificate: 2, secretKey: 3 } as const

/**
 * Reads JKS (versions 1 and 2) and JCEKS. The structure is read first, so that a file that is cut short is told from a wrong password;
 * no certificate is looked at before the digest over everything is verified.
 */
export function* readJks(bytes: Uint8Array, options: OpenOptions): Steps<KeyStore> {
  const input = new DataInput(bytes)
  const type = input.u32('the header') === jceksMagic ? 'JCEKS' : 'JKS'
  const version = input.u32('the header')
  if (version !== 1 && version !== 2) {
    throw keyStoreError('ERR_KEYSTORE_MALFORMED', `version ${version} of ${type} is unknown`)
  }
  const frame: Frame = { input, version, secretKeys: type === 'JCEKS', options }
  const count = input.length('the number of entries')
  const readers: (() => KeyStoreEntry)[] = []
  for (let i = 0; i < count; i++) readers.push(readEntry(frame))
  const body = input.bytes.subarray(0, input.offset)
  const digest = input.take(digestLength, 'the digest')
  if (input.left > 0) {
    throw keyStoreError('ERR_KEYSTORE_MALFORMED', `${input.left} octets stand behind the end of the store`)
  }
  checkDigest(body, digest, options)
  const entries: KeyStoreEntry[] = []
  for (const read of readers) if (entries.push(read()) % certificatesPerStep === 0) yield
  return {
    type,
    entries: lastOfEachAlias(entries),
    integrity: options.password === undefined ? 'not-checked' : 'verified',
    otherCertificates: [],
  }
}

interface Frame {
  readonly input: DataInput
  readonly version: number
  readonly secretKeys: boolean
  readonly options: OpenOptions
}

/** Steps over one entry; what it gives reads the certificates. */
function readEntry(frame: Frame): () => KeyStoreEntry {
  const { input, options } = frame
  const { offset } = input
  const kind = input.u32('an entry')
  const label = input.utf('an alias')
  const created = input.time('a date')
  const alias = label.toLowerCase()
  if (kind === entryTag.privateKey) {
    const sealed = Buffer.from(input.take(input.length('a private key'), `the private key of ${alias}`))
    const count = input.length('the length of a chain')
    const chain: Buffer[] = []
    for (let i = 0; i < count; i++) chain.push(readCertificateOctets(frame, alias))
    return () => {
      const passwords = [options.keyPassword, options.password].filter(one => one !== undefined)
      const held = sealedKey(sealed, {
        storePassword: options.password,
        passwords,
        what: `the private key ${alias} of ${options.file ?? 'the key store'}`,
      })
      return privateKeyEntry({ alias, created, held, chain: chain.map(der => read(der, alias)) })
    }
  }
  if (kind === entryTag.trustedCertificate) {
    const der = readCertificateOctets(frame, alias)
    return () => ({ kind: 'trusted-certificate', alias, created, certificate: read(der, alias) })
  }
  if (kind === entryTag.secretKey && frame.secretKeys) {
    skipSealedObject(input)
    return () => ({ kind: 'secret-key', alias, created })
  }
  throw keyStoreError('ERR_KEYSTORE_MALFORMED', `an entry of the unknown kind ${kind} at offset ${offset}`)
}

function readCertificateOctets({ input, version }: Frame, alias: string): Buffer {
  if (version === 2) {
    const type = input.utf('a certificate type')
    if (type !== 'X.509' && type !== 'X509') {
      throw keyStoreError(
        'ERR_KEYSTORE_UNSUPPORTED',
        `${alias} holds a certificate of the type ${JSON.stringify(type)}`,
      )
    }
  }
  return input.take(input.length('a certificate'), `a certificate of ${alias}`)
}

const read = (der: Buffer, alias: string): Certificate => readCertificate(der, `the entry ${alias}`)

/** SHA-1 over the password, a salt of Sun's humour, and the store. */
export function jksDigest(password: string, body: Uint8Array): Buffer {
  return hash('sha1', Buffer.concat([utf16be(password), Buffer.from('Mighty Aphrodite'), body]), 'buffer')
}

function checkDigest(body: Buffer, digest: Buffer, { password, file = 'the key store' }: OpenOptions): void {
  if (password === undefined || timingSafeEqual(jksDigest(password, body), digest)) return
  throw keyStoreError('ERR_KEYSTORE_WRONG_PASSWORD', `the password does not open ${file}, or the file was changed`)
}

/** Java keeps one entry per alias: a later one takes the place of an earlier one. */
function lastOfEachAlias(entries: readonly KeyStoreEntry[]): KeyStoreEntry[] {
  return [...new Map(entries.map(entry => [entry.alias, entry])).values()]
}

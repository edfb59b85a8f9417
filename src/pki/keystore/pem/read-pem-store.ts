import { basename, extname } from 'node:path'
import { isCoded } from '../../../errors.ts'
import { DerReader, encoded, tag } from '../../asn1/der.ts'
import type { Certificate } from '../../x509/certificate.ts'
import { type PemBlock, readPem } from '../../x509/pem.ts'
import { IssuerIndex } from '../issuer-index.ts'
import type { HeldKey, KeyStore, KeyStoreEntry } from '../keystore.ts'
import { keyStoreError } from '../keystore-error.ts'
import type { OpenOptions } from '../open.ts'
import { privateKeyEntry } from '../private-key-entry.ts'
import { publicKeyOf } from '../public-key-of.ts'
import { readCertificate } from '../read-certificate.ts'
import { heldPemKey } from './held-pem-key.ts'

/**
 * Reads a PEM bundle: certificates and private keys in any order. A key gets the certificate that holds its public key, with the issuers of
 * that. Without a key in the file every certificate is a trusted entry; beside a key, one that belongs to no chain is no entry.
 * Aliases are OpenSSL's friendlyName lines, else the name of the file, with a number from the second on.
 */
export function readPemStore(bytes: Uint8Array, options: OpenOptions): KeyStore {
  const file = options.file ?? 'the key store'
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8')
  const items = readItems(text, file, options)
  const keys = items.filter(item => item.kind === 'key')
  const certificates = items.filter(item => item.kind === 'certificate')
  if (items.length === 0) {
    throw keyStoreError('ERR_KEYSTORE_UNKNOWN_FORMAT', `${file} holds neither a certificate nor a private key`)
  }
  const opened = openKeys(keys, options, file)

  const names = new Names(options.file)
  const index = new IssuerIndex(certificates.map(({ certificate }) => certificate))
  const used = new Set<string>()
  const entries: KeyStoreEntry[] = []
  for (const key of keys) {
    const leaf = leafOf(key, opened.get(key), certificates)
    const chain = leaf === undefined ? [] : index.chainOf(leaf)
    for (const { thumbprint } of chain) used.add(thumbprint)
    entries.push(privateKeyEntry({ alias: names.of(key), created: undefined, chain, held: key.held }))
  }
  if (keys.length > 0) {
    const rest = certificates.map(one => one.certificate).filter(one => !used.has(one.thumbprint))
    return { type: 'PEM', entries, integrity: 'none', otherCertificates: rest }
  }
  for (const item of certificates) {
    const { certificate } = item
    entries.push({ kind: 'trusted-certificate', alias: names.of(item), created: undefined, certificate })
  }
  return { type: 'PEM', entries, integrity: 'none', otherCertificates: [] }
}

interface Item {
  readonly name: string | undefined
  /** place in the file */
  readonly position: number
}
interface KeyItem extends Item {
  readonly kind: 'key'
  readonly held: HeldKey
  readonly encrypted: boolean
}
interface CertificateItem extends Item {
  readonly kind: 'certificate'
  readonly certificate: Certificate
}

function readItems(text: string, file: string, options: OpenOptions): (KeyItem | CertificateItem)[] {
  const names = friendlyNames(text)
  const passwords = [options.keyPassword, options.password].filter(one => one !== undefined)
  const items: (KeyItem | CertificateItem)[] = []
  for (const [position, block] of readBlocks(text, file).entries()) {
    const place = { name: names[position], position }
    const held = heldPemKey(block, { storePassword: options.password, passwords, what: `the private key of ${file}` })
    if (held !== undefined) items.push({ kind: 'key', ...place, ...held })
    else if (/^(X509 |TRUSTED )?CERTIFICATE$/.test(block.label)) {
      const certificate = readCertificate(certificateOctets(block), `block ${position + 1} of ${file}`)
      items.push({ kind: 'certificate', ...place, certificate })
    }
  }
  return items
}

function readBlocks(text: string, file: string): PemBlock[] {
  try {
    const blocks = readPem(text)
    if (blocks.length > 0) return blocks
  } catch (cause) {
    if (!isCoded(cause, 'ERR_PEM_MALFORMED')) throw cause
    if (text.lastIndexOf('-----END ') > text.lastIndexOf('-----BEGIN ')) {
      throw keyStoreError('ERR_KEYSTORE_MALFORMED', `${file} is damaged: ${cause.message}`, { cause })
    }
  }
  throw keyStoreError('ERR_KEYSTORE_TRUNCATED', `${file} ends in the middle of a PEM block`)
}

/** OpenSSL's TRUSTED CERTIFICATE has settings of its own behind the certificate, which nobody else knows. */
function certificateOctets({ label, der }: PemBlock): Uint8Array {
  if (label !== 'TRUSTED CERTIFICATE') return der
  try {
    return encoded(new DerReader(der).element(tag.sequence))
  } catch {
    return der
  }
}

/** The name that OpenSSL writes before each block ("    friendlyName: server"), for each block. */
function friendlyNames(text: string): (string | undefined)[] {
  const names: (string | undefined)[] = []
  let name: string | undefined
  for (const line of text.split(/\r\n|\n|\r/)) {
    if (line.startsWith('-----BEGIN ')) names.push(name)
    else if (line.startsWith('-----END ')) name = undefined
    else name = /^\s*friendlyName: (.+)$/.exec(line)?.[1]?.trim() ?? name
  }
  return names
}

/** Opens what can be opened. With a password given, one encrypted key at least has to open. */
function openKeys(keys: readonly KeyItem[], { password }: OpenOptions, file: string): Map<KeyItem, Buffer> {
  const opened = new Map<KeyItem, Buffer>()
  let failure: unknown
  for (const key of keys) {
    try {
      opened.set(key, key.held.open())
    } catch (cause) {
      if (!isCoded(cause, 'ERR_KEYSTORE_WRONG_KEY_PASSWORD') && !isCoded(cause, 'ERR_KEYSTORE_PASSWORD_REQUIRED')) {
        throw cause
      }
      failure = cause
    }
  }
  const encrypted = keys.filter(key => key.encrypted)
  if (password !== undefined && encrypted.length > 0 && !encrypted.some(key => opened.has(key))) {
    throw keyStoreError('ERR_KEYSTORE_WRONG_PASSWORD', `the password does not open ${file}`, { cause: failure })
  }
  return opened
}

function leafOf(
  key: KeyItem,
  pkcs8: Buffer | undefined,
  certificates: readonly CertificateItem[],
): Certificate | undefined {
  const spki = pkcs8 && publicKeyOf(pkcs8)
  if (spki !== undefined) return certificates.find(({ certificate }) => certificate.spki.equals(spki))?.certificate
  // a key that does not open: it stands right before its certificate or behind it, by habit
  const next = certificates.find(({ position }) => position > key.position)
  return (next ?? certificates[0])?.certificate
}

/** Aliases that are all different, also in lower case. */
class Names {
  readonly #stem: string | undefined
  readonly #taken = new Set<string>()
  #unnamed = 0

  constructor(file: string | undefined) {
    this.#stem = file === undefined ? undefined : basename(file, extname(file))
  }

  of({ name }: Item): string {
    const base = name ?? this.#next()
    let alias = base
    for (let i = 2; this.#taken.has(alias.toLowerCase()); i++) alias = `${base}-${i}`
    this.#taken.add(alias.toLowerCase())
    return alias
  }

  #next(): string {
    const count = ++this.#unnamed
    if (this.#stem === undefined) return `${count}`
    return count === 1 ? this.#stem : `${this.#stem}-${count}`
  }
}

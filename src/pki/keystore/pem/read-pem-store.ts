import { basename, extname } from 'node:path'
import { isCoded } from '../../../errors.ts'
import { DerReader, encoded, tag } from '../../asn1/der.ts'
import { asBuffer } from '../../asn1/strings.ts'
import type { Certificate } from '../../x509/certificate.ts'
import { type PemBlock, pemBlocks } from '../../x509/pem.ts'
import { IssuerIndex } from '../issuer-index.ts'
import type { HeldKey, KeyStore, TrustedCertificateEntry } from '../keystore.ts'
import { keyStoreError } from '../keystore-error.ts'
import type { OpenOptions } from '../open.ts'
import { WorkBudget } from '../pbe/work-budget.ts'
import { privateKeyEntry } from '../private-key-entry.ts'
import { publicKeyOf } from '../public-key-of.ts'
import { readCertificate } from '../read-certificate.ts'
import { certificatesPerStep, type Steps } from '../steps.ts'
import { UniqueAliases } from '../unique-aliases.ts'
import { heldPemKey } from './held-pem-key.ts'

/**
 * Reads a PEM bundle: certificates and private keys in any order. A key gets the certificate that holds its public key, with the issuers of
 * that. Without a key in the file every certificate is a trusted entry; beside a key, one that belongs to no chain is no entry.
 * Aliases are OpenSSL's friendlyName lines, else the name of the file, with a number from the second on.
 */
export function* readPemStore(bytes: Uint8Array, options: OpenOptions): Steps<KeyStore> {
  const file = options.file ?? 'the key store'
  const { keys, certificates } = yield* readItems(asBuffer(bytes), file, options)
  if (keys.length + certificates.length === 0) {
    throw keyStoreError('ERR_KEYSTORE_UNKNOWN_FORMAT', `${file} holds neither a certificate nor a private key`)
  }
  if (keys.length === 0) return { type: 'PEM', entries: certificates, integrity: 'none', otherCertificates: [] }
  const opened = openKeys(keys, options, file)
  const all = certificates.map(({ certificate }) => certificate)
  const index = new IssuerIndex(all)
  const used = new Set<string>()
  const entries = keys.map(key => {
    const leaf = leafOf(key, opened.get(key), all)
    const chain = leaf === undefined ? [] : index.chainOf(leaf)
    for (const { thumbprint } of chain) used.add(thumbprint)
    return privateKeyEntry({ alias: key.alias, created: undefined, chain, held: key.held })
  })
  const rest = all.filter(one => !used.has(one.thumbprint))
  return { type: 'PEM', entries, integrity: 'none', otherCertificates: rest }
}

interface Items {
  readonly keys: readonly KeyItem[]
  /** with an alias only in a file without keys, where they are its entries */
  readonly certificates: readonly TrustedCertificateEntry[]
}

interface KeyItem {
  readonly alias: string
  readonly held: HeldKey
  readonly encrypted: boolean
  /** how many certificates stand before it */
  readonly before: number
}

const isCertificate = ({ label }: PemBlock) => /^(X509 |TRUSTED )?CERTIFICATE$/.test(label)
const isKey = ({ label }: PemBlock) => /(^| )PRIVATE KEY$/.test(label)

function* readItems(bytes: Buffer, file: string, options: OpenOptions): Steps<Items> {
  if (isCutShort(bytes)) throw keyStoreError('ERR_KEYSTORE_TRUNCATED', `${file} ends in the middle of a PEM block`)
  const aliases = new Aliases(options.file, friendlyNames(bytes))
  const passwords = [options.keyPassword, options.password].filter(one => one !== undefined)
  const named = hasKey(bytes) ? isKey : isCertificate
  const keys: KeyItem[] = []
  const certificates: TrustedCertificateEntry[] = []
  let position = 0
  for (const block of readBlocks(bytes, file)) {
    const alias = named(block) ? aliases.of(position) : ''
    const what = `the private key ${alias} of ${file}`
    const held = heldPemKey(block, { storePassword: options.password, passwords, what })
    if (held !== undefined) keys.push({ alias, ...held, before: certificates.length })
    else if (isCertificate(block)) {
      const certificate = readCertificate(certificateOctets(block), `block ${position + 1} of ${file}`, 'own')
      certificates.push({ kind: 'trusted-certificate', alias, created: undefined, certificate })
    }
    if (++position % certificatesPerStep === 0) yield
  }
  return { keys, certificates }
}

function* readBlocks(bytes: Buffer, file: string): Generator<PemBlock> {
  try {
    yield* pemBlocks(bytes)
  } catch (cause) {
    if (!isCoded(cause, 'ERR_PEM_MALFORMED')) throw cause
    throw keyStoreError('ERR_KEYSTORE_MALFORMED', `${file} is damaged: ${cause.message}`, { cause })
  }
}

/** Whether a block is a private key, which is seen before any is read. */
function hasKey(bytes: Buffer): boolean {
  const line = /^-----BEGIN (?:[\x20-\x2c\x2e-\x7e]{0,52} )?PRIVATE KEY-----[ \t]*$/m
  return bytes.includes('PRIVATE KEY-----') && line.test(bytes.toString('latin1'))
}

/** Whether the last boundary is anything but a whole END line: a block that is cut off in its first line would go unseen. */
function isCutShort(bytes: Buffer): boolean {
  let end = bytes.length
  for (let at = bytes.length; at >= 0; at--) {
    if (at > 0 && bytes[at - 1] !== 0x0a && bytes[at - 1] !== 0x0d) continue
    const line = bytes.toString('latin1', at, end)
    if (/^(-{1,5}$|-----[A-Z])/.test(line)) return !/^-----END .+-----\s*$/.test(line)
    end = at - 1
  }
  return false
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
function friendlyNames(bytes: Buffer): (string | undefined)[] {
  const names: (string | undefined)[] = []
  if (!bytes.includes('friendlyName: ')) return names
  let name: string | undefined
  for (const line of bytes.toString('utf8').split(/\r\n|\n|\r/)) {
    if (line.startsWith('-----BEGIN ')) names.push(name)
    else if (line.startsWith('-----END ')) name = undefined
    else name = /^\s*friendlyName: (.+)$/.exec(line)?.[1]?.trim() ?? name
  }
  return names
}

/** Opens what can be opened. With a password given, one encrypted key at least has to open. */
function openKeys(keys: readonly KeyItem[], options: OpenOptions, file: string): Map<KeyItem, Buffer> {
  const passwords = [options.keyPassword, options.password].filter(one => one !== undefined)
  const budget = new WorkBudget(file)
  const opened = new Map<KeyItem, Buffer>()
  for (const key of keys) {
    const pkcs8 = key.encrypted ? firstOpened(key.held, passwords, budget) : key.held.open()
    if (pkcs8 !== undefined) opened.set(key, pkcs8)
  }
  const encrypted = keys.filter(key => key.encrypted)
  if (options.password !== undefined && encrypted.length > 0 && !encrypted.some(key => opened.has(key))) {
    throw keyStoreError('ERR_KEYSTORE_WRONG_PASSWORD', `the password does not open ${file}`)
  }
  return opened
}

/** Within the budget of the file: a bundle may hold any number of keys. */
function firstOpened(held: HeldKey, passwords: readonly string[], budget: WorkBudget): Buffer | undefined {
  for (const password of passwords) {
    const pkcs8 = held.openWithin(password, budget)
    if (pkcs8 !== undefined) return pkcs8
  }
  return undefined
}

function leafOf(
  key: KeyItem,
  pkcs8: Buffer | undefined,
  certificates: readonly Certificate[],
): Certificate | undefined {
  const spki = pkcs8 && publicKeyOf(pkcs8)
  if (spki !== undefined) return certificates.find(certificate => certificate.spki.equals(spki))
  // a key that does not open: it stands right before its certificate or behind it, by habit
  return certificates[key.before] ?? certificates[0]
}

/** Aliases that are all different, also in lower case: OpenSSL's names, else the file's. */
class Aliases {
  readonly #stem: string | undefined
  readonly #names: readonly (string | undefined)[]
  /** undefined: nothing has a name, and numbers differ by themselves */
  readonly #unique: UniqueAliases | undefined
  #unnamed = 0

  constructor(file: string | undefined, names: readonly (string | undefined)[]) {
    this.#stem = file === undefined ? undefined : basename(file, extname(file))
    this.#names = names
    this.#unique = names.length > 0 ? new UniqueAliases() : undefined
  }

  of(position: number): string {
    const name = this.#names[position] ?? this.#next()
    return this.#unique?.of(name) ?? name
  }

  #next(): string {
    const count = ++this.#unnamed
    if (this.#stem === undefined) return `${count}`
    return count === 1 ? this.#stem : `${this.#stem}-${count}`
  }
}

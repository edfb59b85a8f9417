import { CodedError } from '../../../errors.ts'
import { content, contextTag, DerReader, readOid, readSmallInteger, tag } from '../../asn1/der.ts'
import { asBuffer } from '../../asn1/strings.ts'
import { berToDer } from '../ber-to-der.ts'
import { unsealKey } from '../held-key.ts'
import type { KeyStore } from '../keystore.ts'
import { keyStoreError } from '../keystore-error.ts'
import type { OpenOptions } from '../open.ts'
import { decryptPbe } from '../pbe/decrypt-pbe.ts'
import { WorkBudget } from '../pbe/work-budget.ts'
import { entriesOfBags } from './entries-of-bags.ts'
import { type Mac, readMac } from './mac.ts'
import { contentType } from './oids.ts'
import { type Bag, readBags } from './read-bags.ts'

/** Reads a PFX (RFC 7292 section 4), in BER as well as in DER. What follows it in the file is ignored, as everybody does. */
export function readPkcs12(bytes: Uint8Array, options: OpenOptions): KeyStore {
  const file = options.file ?? 'the key store'
  const budget = new WorkBudget(file)
  const pfx = readPfx(berToDer(bytes))
  try {
    const integrity = checkMac(pfx, options, budget)
    const passwords = decryptionPasswords(options, integrity)
    const { bags, decrypted } = readSafes(pfx.authenticatedSafe, { passwords, integrity, budget, options })
    if (pfx.mac === undefined && !decrypted) checkByKeys(bags, options, budget)
    const context = {
      storePassword: options.password ?? (integrity === 'verified' ? '' : undefined),
      passwords: keyPasswords(options, passwords),
      file,
      budget,
    }
    return { type: 'PKCS12', integrity, ...entriesOfBags(bags, context) }
  } catch (cause) {
    // inside a file that is whole, nothing can be cut short: it was damaged
    if (!(cause instanceof CodedError)) throw cause
    if (cause.code !== 'ERR_DER_MALFORMED' && cause.code !== 'ERR_KEYSTORE_TRUNCATED') throw cause
    throw keyStoreError('ERR_KEYSTORE_MALFORMED', `${file} is damaged: ${cause.message}`, { cause })
  }
}

interface Pfx {
  readonly authenticatedSafe: Uint8Array
  readonly mac: Mac | undefined
}

function readPfx(der: Buffer): Pfx {
  try {
    const pfx = new DerReader(der).enter()
    const version = readSmallInteger(pfx.element(tag.integer))
    if (version !== 3) throw keyStoreError('ERR_KEYSTORE_UNSUPPORTED', `version ${version} of PKCS#12 is not supported`)
    const authSafe = pfx.enter()
    const type = readOid(authSafe.element(tag.oid))
    if (type === contentType.signedData) {
      throw keyStoreError('ERR_KEYSTORE_UNSUPPORTED', 'a PKCS#12 file that is signed with a key is not supported')
    }
    if (type !== contentType.data)
      throw keyStoreError('ERR_KEYSTORE_MALFORMED', `a PKCS#12 file of the content ${type}`)
    const authenticatedSafe = content(authSafe.enter(contextTag(0)).element(tag.octetString))
    return { authenticatedSafe, mac: pfx.done ? undefined : readMac(pfx.enter()) }
  } catch (cause) {
    if (cause instanceof CodedError && cause.code !== 'ERR_DER_MALFORMED') throw cause
    throw keyStoreError('ERR_KEYSTORE_MALFORMED', 'the frame of the PKCS#12 file is damaged', { cause })
  }
}

/** The password of the store is the one that the MAC says. Without one given, an empty password may be the right one. */
function checkMac({ mac, authenticatedSafe }: Pfx, options: OpenOptions, budget: WorkBudget): KeyStore['integrity'] {
  if (mac === undefined) return 'none'
  if (mac.verify(authenticatedSafe, options.password ?? '', budget)) return 'verified'
  if (options.password === undefined) return 'not-checked'
  throw keyStoreError(
    'ERR_KEYSTORE_WRONG_PASSWORD',
    `the password does not open ${options.file ?? 'the key store'}, or the file was changed`,
  )
}

/**
 * In the order in which they are tried. The empty one may stand in for the store's where a MAC has proven that: some stores keep
 * their contents under an empty password. Without a MAC it would let a wrong password pass.
 */
function decryptionPasswords({ password, keyPassword }: OpenOptions, integrity: KeyStore['integrity']): string[] {
  const given = [password, keyPassword].filter(one => one !== undefined)
  const emptyToo = integrity === 'verified' || (integrity === 'none' && password === undefined)
  return emptyToo ? [...given, ''] : given
}

/** A password that is given for keys is tried on keys first. */
function keyPasswords({ keyPassword }: OpenOptions, passwords: readonly string[]): string[] {
  return keyPassword === undefined ? [...passwords] : [keyPassword, ...passwords.filter(one => one !== keyPassword)]
}

interface Opening {
  readonly passwords: readonly string[]
  readonly integrity: KeyStore['integrity']
  readonly budget: WorkBudget
  readonly options: OpenOptions
}

function readSafes(authenticatedSafe: Uint8Array, opening: Opening): { bags: Bag[]; decrypted: boolean } {
  const safes = new DerReader(berToDer(authenticatedSafe)).enter()
  const bags: Bag[] = []
  let decrypted = false
  while (!safes.done) {
    const safe = safes.enter()
    const type = readOid(safe.element(tag.oid))
    if (type === contentType.data) {
      bags.push(...readBags(content(safe.enter(contextTag(0)).element(tag.octetString))))
    } else if (type === contentType.encryptedData) {
      bags.push(...readEncrypted(safe.enter(contextTag(0)), opening))
      decrypted = true
    } else {
      throw keyStoreError('ERR_KEYSTORE_UNSUPPORTED', `contents of the type ${type} are not supported`, {
        remedy: 'Export the store with a password instead of a recipient’s key.',
      })
    }
  }
  return { bags, decrypted }
}

/** EncryptedData (RFC 5652 section 8). */
function readEncrypted(wrapper: DerReader, { passwords, integrity, budget, options }: Opening): Bag[] {
  const data = wrapper.enter()
  readSmallInteger(data.element(tag.integer))
  const info = data.enter()
  info.element(tag.oid)
  const algorithm = info.element(tag.sequence)
  const octets = implicitOctets(info)
  for (const password of passwords) {
    const inside = new DerReader(algorithm.bytes, algorithm.contentStart, algorithm.end)
    for (const plain of decryptPbe(inside, octets, password, budget)) {
      const bags = bagsIfAny(plain)
      if (bags !== undefined) return bags
    }
  }
  const file = options.file ?? 'the key store'
  if (options.password === undefined) {
    throw keyStoreError('ERR_KEYSTORE_PASSWORD_REQUIRED', `a password is needed to open ${file}`)
  }
  if (integrity !== 'verified') {
    throw keyStoreError('ERR_KEYSTORE_WRONG_PASSWORD', `the password does not open ${file}`)
  }
  throw keyStoreError(
    'ERR_KEYSTORE_WRONG_KEY_PASSWORD',
    `the contents of ${file} have another password than the store`,
    {
      remedy: 'Give the password of the contents as the key password, next to the password of the store.',
    },
  )
}

/** [0] IMPLICIT OCTET STRING, in one piece or (BER) in several. */
function implicitOctets(info: DerReader): Uint8Array {
  const whole = info.optional(contextTag(0, 'primitive'))
  if (whole !== undefined) return content(whole)
  const pieces = info.enter(contextTag(0))
  const octets: Buffer[] = []
  while (!pieces.done) octets.push(asBuffer(content(pieces.element(tag.octetString))))
  return Buffer.concat(octets)
}

/** Undefined when the octets are no SafeContents at all: then the password was wrong. Damage further in is damage. */
function bagsIfAny(plain: Buffer): Bag[] | undefined {
  let list: DerReader
  try {
    const der = berToDer(plain)
    const outer = new DerReader(der)
    list = outer.enter()
    if (!list.done) list.enter().element(tag.oid)
  } catch {
    return undefined
  }
  return readBags(plain)
}

/** Neither a MAC nor encrypted contents tell a wrong password: then it has to open a key, if there is one. */
function checkByKeys(bags: readonly Bag[], options: OpenOptions, budget: WorkBudget): void {
  const { password, keyPassword, file = 'the key store' } = options
  const sealed = bags.filter(bag => bag.kind === 'shrouded-key')
  const given = [password, keyPassword].filter(one => one !== undefined)
  if (password === undefined || sealed.length === 0) return
  const opens = sealed.some(bag => given.some(one => unsealKey(bag.value, one, budget, file) !== undefined))
  if (opens) return
  throw keyStoreError('ERR_KEYSTORE_WRONG_PASSWORD', `the password does not open ${file}`)
}

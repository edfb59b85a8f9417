import { timingSafeEqual } from 'node:crypto'
import { CodedError } from '../../errors.ts'
import { content, readSmallInteger, readWhole, tag } from '../asn1/der.ts'
import { berToDer } from './ber-to-der.ts'
import type { HeldKey } from './keystore.ts'
import { keyStoreError } from './keystore-error.ts'
import { decryptPbe } from './pbe/decrypt-pbe.ts'
import { WorkBudget } from './pbe/work-budget.ts'

export interface SealedKeyOptions {
  readonly storePassword?: string | undefined
  /** tried in this order when none is given */
  readonly passwords: readonly string[]
  /** "the private key x of FILE", for messages */
  readonly what: string
  readonly localKeyId?: Buffer | undefined
}

/** A key under a password: `sealed` is an EncryptedPrivateKeyInfo. The passwords stay private to the value, out of logs and JSON. */
export function sealedKey(sealed: Buffer, options: SealedKeyOptions): HeldKey {
  return new SealedKey(sealed, options)
}

class SealedKey implements HeldKey {
  readonly sealed: Buffer
  readonly localKeyId?: Buffer
  readonly #options: SealedKeyOptions

  constructor(sealed: Buffer, options: SealedKeyOptions) {
    this.sealed = sealed
    if (options.localKeyId !== undefined) this.localKeyId = options.localKeyId
    this.#options = options
  }

  open(password?: string): Buffer {
    const { passwords, what } = this.#options
    const budget = new WorkBudget(what)
    return openWith(password, passwords, what, one => this.openWithin(one, budget))
  }

  openWithin(password: string, budget: WorkBudget): Buffer | undefined {
    return unsealKey(this.sealed, password, budget, this.#options.what)
  }

  openByStorePassword(): Buffer | undefined {
    const { storePassword, what } = this.#options
    return storePassword === undefined ? undefined : this.openWithin(storePassword, new WorkBudget(what))
  }

  storePasswordIs(password: string): boolean {
    const { storePassword } = this.#options
    return storePassword !== undefined && sameText(storePassword, password)
  }
}

/** Tries the password that is given, or else all that are known. */
export function openWith(
  given: string | undefined,
  known: readonly string[],
  what: string,
  open: (password: string) => Buffer | undefined,
): Buffer {
  const passwords = given === undefined ? [...new Set(known)] : [given]
  for (const password of passwords) {
    const pkcs8 = open(password)
    if (pkcs8 !== undefined) return pkcs8
  }
  // an empty one may have been tried on nobody's behalf
  throw given === undefined && passwords.every(password => password === '')
    ? keyStoreError('ERR_KEYSTORE_PASSWORD_REQUIRED', `a password is needed for ${what}`)
    : keyStoreError('ERR_KEYSTORE_WRONG_KEY_PASSWORD', `the password does not open ${what}`)
}

/** A key in the clear, which goes under the store's password when it is saved. */
export function plainKey(pkcs8: Buffer, localKeyId?: Buffer): HeldKey {
  return new PlainKey(pkcs8, localKeyId)
}

class PlainKey implements HeldKey {
  readonly sealed = undefined
  readonly localKeyId?: Buffer
  readonly #pkcs8: Buffer

  constructor(pkcs8: Buffer, localKeyId?: Buffer) {
    if (localKeyId !== undefined) this.localKeyId = localKeyId
    this.#pkcs8 = pkcs8
  }

  open(): Buffer {
    return this.#pkcs8
  }

  openWithin(): Buffer {
    return this.#pkcs8
  }

  openByStorePassword(): Buffer {
    return this.#pkcs8
  }

  storePasswordIs(): boolean {
    return false
  }
}

/** PKCS#8 DER out of an EncryptedPrivateKeyInfo (RFC 5958 section 3); undefined when the password is wrong. */
export function unsealKey(sealed: Buffer, password: string, budget: WorkBudget, what: string): Buffer | undefined {
  try {
    const info = readWhole(berToDer(sealed))
    const algorithm = info.enter()
    const data = content(info.element(tag.octetString))
    for (const plain of decryptPbe(algorithm, data, password, budget)) {
      const pkcs8 = privateKeyInfo(plain)
      if (pkcs8 !== undefined) return pkcs8
    }
    return undefined
  } catch (cause) {
    if (cause instanceof CodedError && cause.code !== 'ERR_DER_MALFORMED') throw cause
    throw keyStoreError('ERR_KEYSTORE_MALFORMED', `${what} is damaged`, { cause })
  }
}

/** The octets as PrivateKeyInfo (RFC 5958 section 2), or undefined when they are none: a wrong password may well leave valid padding. */
export function privateKeyInfo(octets: Buffer): Buffer | undefined {
  try {
    const der = berToDer(octets)
    const info = readWhole(der)
    if (readSmallInteger(info.element(tag.integer)) > 1) return undefined
    info.enter().element(tag.oid)
    info.element(tag.octetString)
    return der
  } catch {
    return undefined
  }
}

function sameText(one: string, other: string): boolean {
  const a = Buffer.from(one, 'utf16le')
  const b = Buffer.from(other, 'utf16le')
  return a.length === b.length && timingSafeEqual(a, b)
}

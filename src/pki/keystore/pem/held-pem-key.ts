import { createPrivateKey, getCipherInfo } from 'node:crypto'
import type { PemBlock } from '../../x509/pem.ts'
import { openWith, plainKey, privateKeyInfo, type SealedKeyOptions, sealedKey } from '../held-key.ts'
import type { HeldKey } from '../keystore.ts'
import { keyStoreError } from '../keystore-error.ts'

/** The key of a PEM block: PKCS#8, encrypted PKCS#8, PKCS#1, SEC 1 or DSA, the latter also in OpenSSL's old encryption. */
export function heldPemKey(
  block: PemBlock,
  options: SealedKeyOptions,
): { held: HeldKey; encrypted: boolean } | undefined {
  switch (block.label) {
    case 'ENCRYPTED PRIVATE KEY':
      return { held: sealedKey(block.der, options), encrypted: true }
    case 'PRIVATE KEY': {
      const pkcs8 = privateKeyInfo(block.der)
      if (pkcs8 === undefined) throw keyStoreError('ERR_KEYSTORE_MALFORMED', `${options.what} is damaged`)
      return { held: plainKey(pkcs8), encrypted: false }
    }
    case 'RSA PRIVATE KEY':
    case 'EC PRIVATE KEY':
    case 'DSA PRIVATE KEY': {
      const encrypted = block.headers.get('Proc-Type')?.includes('ENCRYPTED') === true
      if (encrypted) {
        checkCipher(block, options.what)
        return { held: new TraditionalKey(block, options), encrypted }
      }
      const pkcs8 = toPkcs8(block, undefined)
      if (pkcs8 === undefined) throw keyStoreError('ERR_KEYSTORE_MALFORMED', `${options.what} is damaged`)
      return { held: plainKey(pkcs8), encrypted }
    }
    default:
      return undefined
  }
}

/** OpenSSL's own encryption (RFC 1421 headers), which node:crypto reads. */
class TraditionalKey implements HeldKey {
  readonly sealed = undefined
  readonly #block: PemBlock
  readonly #options: SealedKeyOptions

  constructor(block: PemBlock, options: SealedKeyOptions) {
    this.#block = block
    this.#options = options
  }

  open(password?: string): Buffer {
    const { passwords, what } = this.#options
    return openWith(password, passwords, what, one => toPkcs8(this.#block, one))
  }

  // one round of MD5: no budget is needed
  openWithin(password: string): Buffer | undefined {
    return toPkcs8(this.#block, password)
  }

  openByStorePassword(): Buffer | undefined {
    const { storePassword } = this.#options
    return storePassword === undefined ? undefined : toPkcs8(this.#block, storePassword)
  }

  storePasswordIs(): boolean {
    return false
  }
}

/** Undefined when the password is wrong or the key damaged. */
function toPkcs8(block: PemBlock, passphrase: string | undefined): Buffer | undefined {
  const headers = [...block.headers].map(([name, value]) => `${name}: ${value}\n`).join('')
  const body = (block.der.toString('base64').match(/.{1,64}/g) ?? []).join('\n')
  const key = `-----BEGIN ${block.label}-----\n${headers && `${headers}\n`}${body}\n-----END ${block.label}-----\n`
  try {
    return createPrivateKey({ key, ...(passphrase === undefined ? {} : { passphrase }) }).export({
      type: 'pkcs8',
      format: 'der',
    })
  } catch {
    return undefined
  }
}

/** Node lacks single DES. A wrong password and an unknown cipher give the same error, so the cipher is looked at first. */
function checkCipher({ headers }: PemBlock, what: string): void {
  const cipher = headers.get('DEK-Info')?.split(',')[0] ?? 'nothing'
  if (getCipherInfo(cipher.toLowerCase()) !== undefined) return
  throw keyStoreError('ERR_KEYSTORE_UNSUPPORTED', `${what} is encrypted with ${cipher}, which is not supported`, {
    remedy: 'Write the key anew: openssl pkcs8 -topk8 -in OLD.key -out NEW.key',
  })
}

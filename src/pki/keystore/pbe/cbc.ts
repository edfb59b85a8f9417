import { createDecipheriv } from 'node:crypto'
import { decryptRc2Cbc } from './rc2.ts'

/** A block cipher in CBC mode. */
export type CbcCipher =
  | { readonly name: 'aes-128-cbc' | 'aes-192-cbc' | 'aes-256-cbc' | 'des-ede3-cbc' | 'des-ede-cbc' | 'des-cbc' }
  | { readonly name: 'rc2-cbc'; readonly effectiveBits: number }

export function blockSize({ name }: CbcCipher): number {
  return name.startsWith('aes') ? 16 : 8
}

/** The plaintext without its padding (RFC 8018 section 6.1.1); undefined when the padding is wrong, as it is for most wrong passwords. */
export function decryptCbc(cipher: CbcCipher, key: Buffer, iv: Uint8Array, data: Uint8Array): Buffer | undefined {
  const size = blockSize(cipher)
  if (data.length === 0 || data.length % size !== 0 || iv.length !== size) return undefined
  return withoutPadding(decryptBlocks(cipher, key, iv, data), size)
}

function decryptBlocks(cipher: CbcCipher, key: Buffer, iv: Uint8Array, data: Uint8Array): Buffer {
  if (cipher.name === 'rc2-cbc') return decryptRc2Cbc(key, cipher.effectiveBits, iv, data)
  // OpenSSL 3 keeps single DES in its legacy provider, which Node does not load: three times the same key is the same cipher
  const [name, octets] =
    cipher.name === 'des-cbc' ? ['des-ede3-cbc', Buffer.concat([key, key, key])] : [cipher.name, key]
  const decipher = createDecipheriv(name, octets, iv).setAutoPadding(false)
  return Buffer.concat([decipher.update(data), decipher.final()])
}

function withoutPadding(plain: Buffer, size: number): Buffer | undefined {
  const count = plain[plain.length - 1]!
  if (count < 1 || count > size) return undefined
  for (let i = plain.length - count; i < plain.length; i++) if (plain[i] !== count) return undefined
  return plain.subarray(0, plain.length - count)
}

import { createPrivateKey, type KeyObject } from 'node:crypto'
import { CodedError } from '../errors.ts'

/** One private key from a file: PEM, or PKCS#8 DER. Throws ERR_KEY_UNREADABLE. */
export function readKey(bytes: Buffer, file: string, passphrase: string | undefined): KeyObject {
  try {
    const pem = bytes.includes('-----BEGIN ')
    const secret = passphrase === undefined ? {} : { passphrase }
    return createPrivateKey(pem ? { key: bytes, ...secret } : { key: bytes, format: 'der', type: 'pkcs8', ...secret })
  } catch (cause) {
    const locked = /passphrase|decrypt/iu.test((cause as Error).message)
    throw new CodedError('ERR_KEY_UNREADABLE', `cannot read the private key ${file}`, {
      remedy: locked
        ? 'The key is encrypted: pass its password with --key-password env:NAME or --key-password-file FILE.'
        : 'Name a file with one private key in PEM or PKCS#8 DER form.',
      cause,
    })
  }
}

import type { KeyObject } from 'node:crypto'
import type { SigningOptions } from '../../pki/x509/sign.ts'
import { KeytoolError } from './keytool-error.ts'

/** `-sigalg` in the JDK's spelling as our signing options; without it the JDK's default for the key. */
export function signingOptions(name: string | undefined, key: KeyObject): SigningOptions {
  if (name === undefined) return defaults(key)
  const type: string = key.asymmetricKeyType ?? ''
  const [, digest = '', family = ''] = /^(SHA1|SHA256|SHA384|SHA512|MD5)with(RSA|ECDSA)$/iu.exec(name) ?? []
  const expected = type === 'rsa' ? 'RSA' : type === 'ec' ? 'ECDSA' : undefined
  if (family !== '' && family.toUpperCase() === expected) return { digest: digests[digest.toUpperCase()]! }
  if (name.toUpperCase() === 'RSASSA-PSS' && type.startsWith('rsa')) return { ...defaults(key), padding: 'pss' }
  if (name.toLowerCase() === type && type.startsWith('ed')) return {}
  throw new KeytoolError(`${name} Signature not available`, {
    javaClass: 'java.security.NoSuchAlgorithmException',
    remedy: `For this ${type.toUpperCase()} key leave -sigalg out, or name one that fits it: SHA256withRSA, SHA384withECDSA, Ed25519 …`,
  })
}

const digests: Readonly<Record<string, NonNullable<SigningOptions['digest']>>> = {
  SHA1: 'insecureSha1',
  MD5: 'insecureMd5',
  SHA256: 'sha256',
  SHA384: 'sha384',
  SHA512: 'sha512',
}

// The JDK's own: SHA-256 up to RSA 3072 and P-256, then longer ones.
function defaults(key: KeyObject): SigningOptions {
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0
  if (bits === 0) return {}
  return { digest: bits <= 3072 ? 'sha256' : bits <= 7680 ? 'sha384' : 'sha512' }
}

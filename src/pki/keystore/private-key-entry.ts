import type { KeyObject } from 'node:crypto'
import type { Certificate } from '../x509/certificate.ts'
import type { HeldKey, PrivateKeyEntry } from './keystore.ts'
import { keyStoreError } from './keystore-error.ts'
import { readPrivateKey } from './read-private-key.ts'

interface Fields {
  readonly alias: string
  readonly label?: string | undefined
  readonly created: number | undefined
  readonly chain: readonly Certificate[]
  readonly held: HeldKey
}

export function privateKeyEntry({ alias, label, created, chain, held }: Fields): PrivateKeyEntry {
  return {
    kind: 'private-key',
    alias,
    ...(label === undefined ? {} : { label }),
    created,
    chain,
    held,
    pkcs8: password => held.open(password),
    privateKey: password => readKey(held.open(password), alias),
  }
}

function readKey(pkcs8: Buffer, alias: string): KeyObject {
  try {
    return readPrivateKey(pkcs8)
  } catch (cause) {
    throw keyStoreError('ERR_KEYSTORE_UNSUPPORTED', `the private key of ${alias} is of a kind that cannot be used`, {
      remedy: 'Use an RSA, EC, Ed25519, Ed448 or ML-DSA key.',
      cause,
    })
  }
}

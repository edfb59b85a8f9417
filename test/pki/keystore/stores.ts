// Key stores for the tests of this folder.
import { generateKeyPairSync } from 'node:crypto'
import { emptyKeyStore, setPrivateKey, setTrustedCertificate } from '../../../src/pki/keystore/change.ts'
import type { KeyStore, KeyStoreType, PrivateKeyEntry } from '../../../src/pki/keystore/keystore.ts'
import { findEntry } from '../../../src/pki/keystore/keystore.ts'
import { parseCertificate } from '../../../src/pki/x509/certificate.ts'
import { type Issued, selfSigned, testAuthority } from '../../support/certificates.ts'

const root = testAuthority({ name: 'Store Root', keyType: 'rsa-2048' })
const middle = root.intermediate({ name: 'Store Middle' })

export const authority = {
  root,
  middle,
  /** another key under the name of the intermediate */
  namesake: root.intermediate({ name: 'Store Middle' }),
}
export const alice = middle.issue({ subject: 'CN=alice' })
export const bob = selfSigned({ subject: 'CN=bob', keyType: 'rsa-2048' })
export const carol = middle.issue({ subject: 'CN=carol', keyType: 'ed25519' })

export const certificate = (issued: { readonly der: Buffer }) => parseCertificate(issued.der)

/** Leaf, intermediate and root. */
export const fullChain = (issued: Issued) => [...issued.chain.map(der => parseCertificate(der)), certificate(root)]

/** 2023-11-14T22:13:20.000Z */
export const created = 1_700_000_000_000

/** Two keys and a trusted certificate, of different dates, aliases in both cases. */
export function mixedStore(type: KeyStoreType): KeyStore {
  const keys = [
    ['Alice', { key: alice.privateKey, chain: fullChain(alice) }, created],
    ['bob', { key: bob.privateKey, chain: [certificate(bob)] }, created + 1000],
  ] as const
  let store = emptyKeyStore(type)
  for (const [alias, source, date] of keys) store = setPrivateKey(store, alias, source, { created: date })
  return type === 'PEM'
    ? store
    : setTrustedCertificate(store, 'Root-CA', certificate(root), { created: created + 2000 })
}

export function keyEntry(store: KeyStore, alias: string): PrivateKeyEntry {
  const entry = findEntry(store, alias)
  if (entry?.kind !== 'private-key') throw new Error(`no private key ${alias}`)
  return entry
}

export function pkcs8(issued: Pick<Issued, 'privateKey'>): Buffer {
  return issued.privateKey.export({ type: 'pkcs8', format: 'der' })
}

/** What a store holds, as plain values to compare. */
export function outline(store: KeyStore) {
  return store.entries.map(entry => ({
    alias: entry.alias,
    kind: entry.kind,
    certificates:
      entry.kind === 'private-key'
        ? entry.chain.map(one => one.thumbprint)
        : entry.kind === 'trusted-certificate'
          ? [entry.certificate.thumbprint]
          : [],
  }))
}

/** A key that belongs to nothing. */
export const strangerKey = generateKeyPairSync('ed25519').privateKey

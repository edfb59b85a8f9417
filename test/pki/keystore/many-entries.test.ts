import assert from 'node:assert/strict'
import { test } from 'node:test'
import { emptyKeyStore, setTrustedCertificate } from '../../../src/pki/keystore/change.ts'
import type { KeyStore } from '../../../src/pki/keystore/keystore.ts'
import { openKeyStore } from '../../../src/pki/keystore/open.ts'
import { privateKeyEntry } from '../../../src/pki/keystore/private-key-entry.ts'
import { encodeKeyStore } from '../../../src/pki/keystore/save.ts'
import { alice, authority, certificate, created, keyEntry, pkcs8 } from './stores.ts'

const password = 'changeit'
const count = 1000

/** Different certificates under one key, which is quick to make. */
const clients = Array.from({ length: count }, (_, i) =>
  certificate(authority.root.issue({ subject: `CN=client ${i}`, key: alice })),
)

function trusted(type: 'JKS' | 'PKCS12'): KeyStore {
  const entries = clients.map(
    (one, i) => setTrustedCertificate(emptyKeyStore(type), `client-${i}`, one, { created }).entries[0]!,
  )
  return { ...emptyKeyStore(type), entries }
}

/** The key is encrypted once, as the JDK would do it a thousand times: opening does not open keys. */
function keys(type: 'JKS' | 'PKCS12'): KeyStore {
  const one = { ...trusted(type), entries: [] as KeyStore['entries'] }
  const single = { ...one, entries: [privateKeyEntry({ alias: 'a', created, chain: [clients[0]!], held: plain() })] }
  const { held } = keyEntry(openKeyStore(encodeKeyStore(single, { password }), { password }), 'a')
  const entries = clients.map((client, i) =>
    privateKeyEntry({ alias: `client-${i}`, created: created + i, chain: [client], held }),
  )
  return { ...one, entries }
}

const plain = () => keyEntry(openKeyStore(Buffer.from(alice.keyPem)), '1').held

for (const type of ['JKS', 'PKCS12'] as const) {
  for (const [what, make] of [
    ['trusted certificates', trusted],
    ['private keys', keys],
  ] as const) {
    test(`${type} with ${count} ${what} opens in less than a second of processor time`, () => {
      const bytes = encodeKeyStore(make(type), { password })
      const start = process.cpuUsage()
      const store = openKeyStore(bytes, { password })
      const { user, system } = process.cpuUsage(start)
      assert.equal(store.entries.length, count)
      assert.equal(store.entries.at(-1)?.alias, `client-${count - 1}`)
      assert.ok(user + system < 1_000_000, `${user + system} µs`)
      if (what === 'private keys') {
        const last = keyEntry(store, `client-${count - 1}`)
        assert.deepEqual(last.pkcs8(), pkcs8(alice))
        assert.equal(last.chain[0]?.thumbprint, clients.at(-1)?.thumbprint)
      }
    })
  }
}

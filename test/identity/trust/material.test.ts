import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readAnchors, selectEntries } from '../../../src/identity/trust/material.ts'
import { emptyKeyStore, setPrivateKey, setTrustedCertificate } from '../../../src/pki/keystore/change.ts'
import type { KeyStore } from '../../../src/pki/keystore/keystore.ts'
import { atOnce } from '../../../src/pki/keystore/steps.ts'
import { baseTime, day, type Issued, testAuthority } from '../../support/certificates.ts'

const ca = testAuthority()
type Entry = (store: KeyStore) => KeyStore
const entry =
  (alias: string, { certificate }: Issued): Entry =>
  store =>
    setTrustedCertificate(store, alias, certificate)
const key: Entry = store => setPrivateKey(store, 'server', { key: ca.privateKey, chain: [ca.certificate] })
const store = (...entries: readonly Entry[]): KeyStore =>
  entries.reduce((made, add) => add(made), emptyKeyStore('PKCS12'))

test('every trusted certificate of every store is an anchor, in order', () => {
  const leaf = ca.issue()
  const { anchors, warnings } = atOnce(
    readAnchors(
      [
        { name: 'one.p12', store: store(entry('ca', ca), entry('laptop', leaf)) },
        { name: 'two.pem', store: store(entry('ca', testAuthority())) },
      ],
      { at: baseTime, clientAuth: 'want' },
    ),
  )
  assert.deepEqual(
    anchors.map(({ alias }) => alias),
    ['ca', 'laptop', 'ca'],
  )
  assert.deepEqual(warnings, [])
})

test('no anchor is no start, whatever else the stores hold', () => {
  for (const clientAuth of ['want', 'need'] as const) {
    for (const stores of [[], [{ name: 'a.p12', store: store() }], [{ name: 'a.p12', store: store(key) }]])
      assert.throws(() => atOnce(readAnchors(stores, { at: baseTime, clientAuth })), { code: 'ERR_TRUST_EMPTY' })
  }
  assert.deepEqual(atOnce(readAnchors([], { at: baseTime, clientAuth: 'none' })).anchors, [])
})

test('a store that gives no anchor is no start either, beside one that does: who named it meant to trust somebody in it', () => {
  const good = { name: 'good.p12', store: store(entry('ca', ca)) }
  const idle = [
    { name: 'server.p12', store: store(key) },
    { name: 'empty.p12', store: store() },
  ]
  for (const bad of idle) {
    assert.throws(() => atOnce(readAnchors([good, bad], { at: baseTime, clientAuth: 'want' })), {
      code: 'ERR_TRUST_EMPTY',
      message: `no trusted certificate in ${bad.name}`,
    })
  }
  assert.equal(atOnce(readAnchors([good, ...idle], { at: baseTime, clientAuth: 'none' })).anchors.length, 1)
  const nobody = selectEntries({ name: 'other.p12', store: store(entry('ca', ca)) }, [])
  assert.equal(
    atOnce(readAnchors([good, nobody], { at: baseTime, clientAuth: 'want' })).anchors.length,
    1,
    'none was chosen',
  )
})

test('a trust store that nobody checked is warned of', () => {
  const opened = { ...store(entry('ca', ca)), integrity: 'not-checked' } as const
  const { warnings } = atOnce(readAnchors([{ name: 't.p12', store: opened }], { at: baseTime, clientAuth: 'need' }))
  assert.deepEqual(warnings, ['t.p12: opened without a password, so nothing vouches that it was not changed'])
})

test('what will not do what was meant is warned of', () => {
  const old = testAuthority({ notBefore: baseTime - 9 * day, notAfter: baseTime - day })
  const young = testAuthority({ notBefore: baseTime + day })
  const { warnings } = atOnce(
    readAnchors(
      [{ name: 't.jks', store: store(key, entry('old', old), entry('young', young), entry('a', ca), entry('b', ca)) }],
      { at: baseTime, clientAuth: 'need' },
    ),
  )
  assert.deepEqual(
    warnings.map(warning => warning.replace(/^t\.jks, alias /, '')),
    [
      '"server": a private-key entry in a trust store is not trusted',
      '"old": the certificate has expired, and lets nobody in',
      '"young": the certificate is not valid yet',
      '"b": the same certificate stands as t.jks, alias "a"',
    ],
  )
})

test('a certificate that stands more than once is warned of at each place but the first, tenant by tenant', () => {
  const { warnings } = atOnce(
    readAnchors(
      [
        { name: 'a.jks', store: store(entry('one', ca), entry('two', ca)) },
        { name: 'a.jks', store: store(entry('one', ca)) },
        { name: 'b.jks', store: store(entry('leaf', ca.issue())) },
      ],
      { at: baseTime, clientAuth: 'need' },
    ),
  )
  assert.deepEqual(warnings, [
    'a.jks, alias "two": the same certificate stands as a.jks, alias "one"',
    'a.jks, alias "one": the same certificate stands as a.jks, alias "one"',
  ])
  const leaf = ca.issue()
  const byTenant = ['acme', 'globex', 'acme'].map((tenant, i) => ({
    name: `${i}.jks`,
    tenant,
    store: store(entry('leaf', leaf)),
  }))
  assert.deepEqual(atOnce(readAnchors(byTenant, { at: baseTime, clientAuth: 'need' })).warnings, [
    '2.jks, alias "leaf": the same certificate stands as 0.jks, alias "leaf"',
  ])
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isCoded } from '../../../src/errors.ts'
import {
  changeKeyPassword,
  emptyKeyStore,
  removeEntry,
  renameEntry,
  replaceChain,
  setPrivateKey,
  setTrustedCertificate,
} from '../../../src/pki/keystore/change.ts'
import { findEntry } from '../../../src/pki/keystore/keystore.ts'
import { openKeyStore } from '../../../src/pki/keystore/open.ts'
import { encodeKeyStore } from '../../../src/pki/keystore/save.ts'
import {
  alice,
  authority as authorities,
  bob,
  carol,
  certificate,
  created,
  fullChain,
  keyEntry,
  mixedStore,
  outline,
  pkcs8,
  strangerKey,
} from './stores.ts'

const refuses = (run: () => unknown, code: string) =>
  assert.throws(run, error => isCoded(error, code) && error.remedy !== undefined)

test('every change makes a new value', () => {
  const store = mixedStore('PKCS12')
  const before = outline(store)
  removeEntry(store, 'alice')
  renameEntry(store, 'alice', 'other')
  setTrustedCertificate(store, 'new', certificate(bob))
  changeKeyPassword(store, 'alice', { to: 'another' })
  assert.deepEqual(outline(store), before)
})

test('an alias that is taken is refused, or replaced where it stands', () => {
  const store = mixedStore('JKS')
  refuses(() => setTrustedCertificate(store, 'ALICE', certificate(bob)), 'ERR_KEYSTORE_ALIAS_EXISTS')
  refuses(
    () => setPrivateKey(store, 'root-ca', { key: bob.privateKey, chain: [certificate(bob)] }),
    'ERR_KEYSTORE_ALIAS_EXISTS',
  )
  const replaced = setTrustedCertificate(store, 'ALICE', certificate(bob), { existing: 'replace', created })
  assert.deepEqual(
    replaced.entries.map(entry => [entry.alias, entry.kind]),
    [
      ['alice', 'trusted-certificate'],
      ['bob', 'private-key'],
      ['root-ca', 'trusted-certificate'],
    ],
  )
})

test('an alias that nobody has is named', () => {
  const store = mixedStore('JKS')
  for (const change of [
    () => removeEntry(store, 'nobody'),
    () => renameEntry(store, 'nobody', 'other'),
    () => replaceChain(store, 'nobody', [certificate(bob)]),
    () => changeKeyPassword(store, 'nobody', { to: 'x' }),
  ]) {
    assert.throws(change, error => isCoded(error, 'ERR_KEYSTORE_ALIAS_UNKNOWN') && error.message.includes('nobody'))
  }
})

test('an alias has to be one', () => {
  for (const alias of ['', 'a\nb', 'a\0', 'x'.repeat(1001), '\ud800']) {
    refuses(() => setTrustedCertificate(emptyKeyStore('JKS'), alias, certificate(bob)), 'ERR_KEYSTORE_ALIAS_INVALID')
  }
})

test('renaming keeps the place, the date and the key, and may change letters', () => {
  const store = mixedStore('PKCS12')
  refuses(() => renameEntry(store, 'alice', 'BOB'), 'ERR_KEYSTORE_ALIAS_EXISTS')
  const renamed = renameEntry(renameEntry(store, 'alice', 'Zoe'), 'BOB', 'Bob')
  assert.deepEqual(
    renamed.entries.map(entry => [entry.alias, entry.label, entry.created]),
    [
      ['zoe', 'Zoe', created],
      ['bob', 'Bob', created + 1000],
      ['root-ca', 'Root-CA', created + 2000],
    ],
  )
  assert.deepEqual(keyEntry(renamed, 'zoe').pkcs8(), pkcs8(alice))
  assert.equal(renameEntry(renamed, 'zoe', 'zoe').entries[0]?.label, undefined)
})

test('a key is taken with its own certificate only', () => {
  const store = emptyKeyStore('PKCS12')
  refuses(() => setPrivateKey(store, 'x', { key: strangerKey, chain: fullChain(alice) }), 'ERR_KEYSTORE_KEY_MISMATCH')
  refuses(
    () => setPrivateKey(store, 'x', { key: alice.privateKey, chain: fullChain(alice).toReversed() }),
    'ERR_KEYSTORE_KEY_MISMATCH',
  )
  const taken = setPrivateKey(store, 'x', { key: pkcs8(carol), chain: fullChain(carol) })
  assert.deepEqual(keyEntry(taken, 'x').pkcs8(), pkcs8(carol))
})

test('a certificate reply has to hold the key of the entry', () => {
  const store = setPrivateKey(emptyKeyStore('JKS'), 'bob', { key: bob.privateKey, chain: [certificate(bob)] })
  const reply = authorities.middle.issue({ subject: 'CN=bob', key: bob })
  const replied = replaceChain(store, 'BOB', fullChain(reply))
  assert.equal(keyEntry(replied, 'bob').chain[0]?.thumbprint, reply.thumbprint)
  refuses(() => replaceChain(store, 'bob', fullChain(alice)), 'ERR_KEYSTORE_KEY_MISMATCH')
  refuses(() => replaceChain(store, 'bob', []), 'ERR_KEYSTORE_KEY_MISMATCH')
  refuses(() => replaceChain(mixedStore('JKS'), 'root-ca', [certificate(bob)]), 'ERR_KEYSTORE_NOT_A_KEY')
})

test('a certificate reply for a sealed key needs no password', () => {
  const sealed = openKeyStore(encodeKeyStore(mixedStore('JKS'), { password: 'changeit' }))
  const reply = authorities.middle.issue({ subject: 'CN=bob', key: bob })
  assert.equal(keyEntry(replaceChain(sealed, 'bob', fullChain(reply)), 'bob').chain.length, 3)
})

test('the password of a key is changed by who knows it', () => {
  const store = openKeyStore(encodeKeyStore(mixedStore('JKS'), { password: 'changeit' }), { password: 'changeit' })
  const changed = changeKeyPassword(store, 'alice', { to: 'mine' })
  refuses(() => changeKeyPassword(changed, 'alice', { from: 'wrong', to: 'x' }), 'ERR_KEYSTORE_WRONG_KEY_PASSWORD')
  refuses(() => changeKeyPassword(changed, 'alice', { to: '' }), 'ERR_KEYSTORE_PASSWORD_REQUIRED')
  const back = openKeyStore(encodeKeyStore(changed, { password: 'changeit' }), { password: 'changeit' })
  refuses(() => changeKeyPassword(back, 'alice', { to: 'x' }), 'ERR_KEYSTORE_WRONG_KEY_PASSWORD')
  assert.deepEqual(
    keyEntry(changeKeyPassword(back, 'alice', { from: 'mine', to: 'x' }), 'alice').pkcs8('x'),
    pkcs8(alice),
  )
})

test('a key comes with a password of its own', () => {
  for (const type of ['JKS', 'PKCS12'] as const) {
    const source = { key: alice.privateKey, chain: fullChain(alice), password: 'her own' }
    const bytes = encodeKeyStore(setPrivateKey(emptyKeyStore(type), 'alice', source), { password: 'changeit' })
    const entry = keyEntry(openKeyStore(bytes, { password: 'changeit' }), 'alice')
    refuses(() => entry.privateKey(), 'ERR_KEYSTORE_WRONG_KEY_PASSWORD')
    assert.deepEqual(entry.pkcs8('her own'), pkcs8(alice))
  }
})

test('nothing is written under no password, or an empty one', () => {
  for (const type of ['JKS', 'PKCS12'] as const) {
    for (const password of [undefined, '']) {
      refuses(() => encodeKeyStore(mixedStore(type), { password }), 'ERR_KEYSTORE_PASSWORD_REQUIRED')
    }
  }
  refuses(() => encodeKeyStore(mixedStore('PEM'), { password: '' }), 'ERR_KEYSTORE_PASSWORD_REQUIRED')
})

test('JKS takes no key without a certificate', () => {
  const store = setPrivateKey(emptyKeyStore('PKCS12'), 'bare', { key: carol.privateKey, chain: [] })
  assert.equal(
    openKeyStore(encodeKeyStore(store, { password: 'changeit' }), { password: 'changeit' }).entries.length,
    1,
  )
  refuses(() => encodeKeyStore(store, { type: 'JKS', password: 'changeit' }), 'ERR_KEYSTORE_NOT_SUPPORTED_BY_TYPE')
})

test('a conversion needs every key to open, and says which does not', () => {
  const store = changeKeyPassword(mixedStore('JKS'), 'bob', { to: 'his own' })
  const opened = openKeyStore(encodeKeyStore(store, { password: 'changeit' }), { password: 'changeit' })
  assert.throws(
    () => encodeKeyStore(opened, { type: 'PKCS12', password: 'changeit' }),
    error => isCoded(error, 'ERR_KEYSTORE_WRONG_KEY_PASSWORD') && error.message.includes('bob'),
  )
})

test('aliases are found in any case', () => {
  const store = mixedStore('PEM')
  assert.equal(findEntry(store, 'ALICE')?.alias, 'Alice')
  assert.equal(findEntry(store, 'nobody'), undefined)
})

test('a key is read also after two keys of different types were compared', () => {
  const store = mixedStore('JKS')
  assert.equal(alice.publicKey.equals(bob.publicKey), false)
  assert.equal(keyEntry(store, 'alice').privateKey().asymmetricKeyType, 'ec')
  assert.equal(alice.publicKey.equals(bob.publicKey), false)
  assert.equal(setPrivateKey(store, 'carol', { key: carol.privateKey, chain: fullChain(carol) }).entries.length, 4)
})

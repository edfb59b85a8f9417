// What every writable format has to keep. The formats' own files test what only they have.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { inspect } from 'node:util'
import { isCoded } from '../../../src/errors.ts'
import {
  changeKeyPassword,
  emptyKeyStore,
  removeEntry,
  renameEntry,
  setPrivateKey,
  setTrustedCertificate,
} from '../../../src/pki/keystore/change.ts'
import type { KeyStoreType } from '../../../src/pki/keystore/keystore.ts'
import { openKeyStore } from '../../../src/pki/keystore/open.ts'
import { encodeKeyStore } from '../../../src/pki/keystore/save.ts'
import {
  alice,
  authority,
  bob,
  certificate,
  created,
  fullChain,
  keyEntry,
  mixedStore,
  outline,
  pkcs8,
} from './stores.ts'

const password = 'correct horse'
const types: KeyStoreType[] = ['JKS', 'PKCS12', 'PEM']

for (const type of types) {
  const java = type !== 'PEM'
  const reopen = (bytes: Uint8Array, with_ = password) => openKeyStore(bytes, { password: with_ })

  describe(type, () => {
    test('keeps entries, their order, chains and keys', () => {
      const store = mixedStore(type)
      const back = reopen(encodeKeyStore(store, { password }))
      assert.equal(back.type, type)
      assert.deepEqual(outline(back), outline(store))
      assert.deepEqual(keyEntry(back, 'alice').pkcs8(), pkcs8(alice))
      assert.equal(keyEntry(back, 'bob').privateKey().equals(bob.privateKey), true)
      assert.deepEqual(back.otherCertificates, [])
    })

    if (java) {
      test('keeps an order in which keys stand behind certificates', () => {
        let store = setTrustedCertificate(emptyKeyStore(type), 'first', certificate(authority.root))
        store = setPrivateKey(store, 'second', { key: alice.privateKey, chain: fullChain(alice) })
        store = setTrustedCertificate(store, 'third', certificate(authority.middle))
        store = setPrivateKey(store, 'fourth', { key: bob.privateKey, chain: [certificate(bob)] })
        assert.deepEqual(outline(reopen(encodeKeyStore(store, { password }))), outline(store))
      })

      test('keeps dates', () => {
        const back = reopen(encodeKeyStore(mixedStore(type), { password }))
        assert.deepEqual(
          back.entries.map(entry => entry.created),
          [created, created + 1000, created + 2000],
        )
      })

      test('is empty when it is empty', () => {
        assert.deepEqual(reopen(encodeKeyStore(emptyKeyStore(type), { password })).entries, [])
      })
    }

    test('compares aliases without regard to case', () => {
      const back = reopen(encodeKeyStore(mixedStore(type), { password }))
      assert.equal(keyEntry(back, 'ALICE').alias, java ? 'alice' : 'Alice')
      assert.throws(
        () => setTrustedCertificate(back, 'aLICE', certificate(bob)),
        error => isCoded(error, 'ERR_KEYSTORE_ALIAS_EXISTS'),
      )
    })

    test('opens what was never changed to the same octets', () => {
      const bytes = encodeKeyStore(mixedStore(type), { password })
      const again = encodeKeyStore(reopen(bytes), { password })
      // PKCS#12 gets a new salt for its certificates and its MAC; keys stay as they were
      if (type !== 'PKCS12') return assert.deepEqual(again, bytes)
      for (const alias of ['alice', 'bob']) {
        assert.deepEqual(keyEntry(reopen(again), alias).held.sealed, keyEntry(reopen(bytes), alias).held.sealed)
      }
    })

    test('refuses a wrong password, and one that differs in case', () => {
      const bytes = encodeKeyStore(mixedStore(type), { password })
      for (const wrong of ['', 'wrong', 'Correct horse', `${password} `]) {
        assert.throws(
          () => reopen(bytes, wrong),
          error => isCoded(error, 'ERR_KEYSTORE_WRONG_PASSWORD') && error.remedy !== undefined,
        )
      }
    })

    test('takes passwords and aliases of any script', () => {
      const strange = 'pässwörd ლ(ಠ益ಠლ) 🔑'
      let store = setPrivateKey(emptyKeyStore(type), 'schlüssel-ключ-鍵-🔑', {
        key: alice.privateKey,
        chain: fullChain(alice),
      })
      store = renameEntry(store, 'schlüssel-ключ-鍵-🔑', 'schlüssel-ключ-鍵')
      const back = reopen(encodeKeyStore(store, { password: strange }), strange)
      assert.deepEqual(keyEntry(back, 'schlüssel-ключ-鍵').pkcs8(), pkcs8(alice))
    })

    test('lets keys follow a new password, or keep the old one', () => {
      const old = reopen(encodeKeyStore(mixedStore(type), { password }))
      const followed = reopen(encodeKeyStore(old, { password: 'the new one' }), 'the new one')
      assert.deepEqual(keyEntry(followed, 'alice').pkcs8('the new one'), pkcs8(alice))

      const kept = encodeKeyStore(old, { password: 'the new one', keyPasswords: 'keep' })
      // PEM has no password but those of its keys
      const opened = java ? reopen(kept, 'the new one') : reopen(kept)
      assert.deepEqual(keyEntry(opened, 'alice').pkcs8(password), pkcs8(alice))
      assert.throws(
        () => keyEntry(opened, 'alice').pkcs8('the new one'),
        error => isCoded(error, 'ERR_KEYSTORE_WRONG_KEY_PASSWORD'),
      )
    })

    test('holds keys under passwords of their own', () => {
      const store = changeKeyPassword(mixedStore(type), 'alice', { to: 'only alice' })
      const bytes = encodeKeyStore(store, { password })
      const back = reopen(bytes)
      assert.deepEqual(keyEntry(back, 'bob').pkcs8(), pkcs8(bob))
      assert.throws(
        () => keyEntry(back, 'alice').pkcs8(),
        error => isCoded(error, 'ERR_KEYSTORE_WRONG_KEY_PASSWORD') && /alice/i.test(error.message),
      )
      assert.deepEqual(keyEntry(back, 'alice').pkcs8('only alice'), pkcs8(alice))
      // nobody who saves the store has to know the password of each key
      const saved = reopen(encodeKeyStore(back, { password: 'another' }), 'another')
      assert.deepEqual(keyEntry(saved, 'alice').held.sealed, keyEntry(back, 'alice').held.sealed)
      const known = openKeyStore(bytes, { password, keyPassword: 'only alice' })
      assert.deepEqual(keyEntry(known, 'alice').pkcs8(), pkcs8(alice))
      assert.deepEqual(keyEntry(known, 'bob').pkcs8(), pkcs8(bob))
    })

    test('loses an entry that is removed, and nothing else', () => {
      const back = reopen(encodeKeyStore(removeEntry(mixedStore(type), 'ALICE'), { password }))
      assert.deepEqual(outline(back), outline(mixedStore(type)).slice(1))
    })

    test('shows no password or key to logs', () => {
      const store = reopen(encodeKeyStore(mixedStore(type), { password: 'hush-hush' }), 'hush-hush')
      const secret = pkcs8(alice).subarray(-16).toString('base64').slice(2, 18)
      for (const text of [JSON.stringify(store.entries[0]), inspectDeep(store)]) {
        assert.doesNotMatch(text, /hush-hush/)
        assert.equal(text.includes(secret), false)
      }
    })

    for (const to of types.filter(other => other !== type)) {
      test(`becomes ${to}`, () => {
        const store = to === 'PEM' ? removeEntry(mixedStore(type), 'root-ca') : mixedStore(type)
        const opened = reopen(encodeKeyStore(store, { password }))
        const converted = reopen(encodeKeyStore(opened, { type: to, password: 'the other' }), 'the other')
        assert.equal(converted.type, to)
        const lower = (list: ReturnType<typeof outline>) =>
          list.map(one => ({ ...one, alias: one.alias.toLowerCase() }))
        assert.deepEqual(lower(outline(converted)), lower(outline(store)))
        assert.deepEqual(keyEntry(converted, 'alice').pkcs8(), pkcs8(alice))
      })
    }
  })
}

function inspectDeep(value: unknown): string {
  return inspect(value, { depth: 10, showHidden: false, maxArrayLength: 1000 })
}

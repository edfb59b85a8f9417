import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { isCoded } from '../../../src/errors.ts'
import { openKeyStore } from '../../../src/pki/keystore/open.ts'
import { encodeKeyStore } from '../../../src/pki/keystore/save.ts'
import { alice, authority, bob, carol, keyEntry, mixedStore, outline, pkcs8 } from './stores.ts'

const open = (text: string, options = {}) =>
  openKeyStore(Buffer.from(text), { file: '/etc/ssl/server.crt', ...options })
const ec = (format: 'sec1' | 'pkcs8') => alice.privateKey.export({ type: format, format: 'pem' }) as string
const thumbprints = (list: readonly { thumbprint: string }[]) => list.map(one => one.thumbprint)

test('certificates alone are trusted entries, named after the file', () => {
  const store = open(`# my authorities\r\n${authority.root.pem.replaceAll('\n', '\r\n')}${bob.pem}`)
  assert.equal(store.integrity, 'none')
  assert.deepEqual(outline(store), [
    { alias: 'server', kind: 'trusted-certificate', certificates: [authority.root.thumbprint] },
    { alias: 'server-2', kind: 'trusted-certificate', certificates: [bob.thumbprint] },
  ])
})

test('an alias stays when another certificate is appended', () => {
  assert.equal(open(bob.pem).entries[0]?.alias, 'server')
  assert.equal(open(bob.pem + alice.pem).entries[0]?.alias, 'server')
})

test('names that OpenSSL writes are aliases, told apart when they are the same', () => {
  const named = (name: string, pem: string) => `Bag Attributes\n    friendlyName: ${name}\nsubject=CN = x\n${pem}`
  const store = open(named('ca', authority.root.pem) + named('CA', bob.pem) + named('Ümläut', alice.pem) + carol.pem)
  assert.deepEqual(
    store.entries.map(entry => entry.alias),
    ['ca', 'CA-2', 'Ümläut', 'server'],
  )
})

test('a key finds its certificate and its issuers wherever they stand', () => {
  const store = open(authority.root.pem + bob.pem + authority.middle.pem + ec('pkcs8') + alice.pem)
  assert.deepEqual(outline(store), [
    { alias: 'server', kind: 'private-key', certificates: thumbprints([alice, authority.middle, authority.root]) },
  ])
  assert.deepEqual(thumbprints(store.otherCertificates), [bob.thumbprint])
})

test('a key alone is an entry without a chain', () => {
  const store = open(carol.keyPem)
  assert.equal(keyEntry(store, 'server').chain.length, 0)
  assert.equal(keyEntry(store, 'server').privateKey().asymmetricKeyType, 'ed25519')
})

const dsa = generateKeyPairSync('dsa', { modulusLength: 1024, divisorLength: 160 }).privateKey
const forms: Record<string, [string, Buffer]> = {
  'PKCS#8': [ec('pkcs8'), pkcs8(alice)],
  'SEC 1': [ec('sec1'), pkcs8(alice)],
  'SEC 1 with its parameters in front': [
    `-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n${ec('sec1')}`,
    pkcs8(alice),
  ],
  'PKCS#1': [bob.privateKey.export({ type: 'pkcs1', format: 'pem' }) as string, pkcs8(bob)],
  DSA: [dsa.export({ type: 'pkcs8', format: 'pem' }) as string, dsa.export({ type: 'pkcs8', format: 'der' })],
}
for (const [name, [pem, expected]] of Object.entries(forms)) {
  test(`reads a key in ${name}`, () => {
    assert.deepEqual(keyEntry(open(pem), 'server').pkcs8(), expected)
  })
}

const sealed = {
  'encrypted PKCS#8': bob.privateKey.export({
    type: 'pkcs8',
    format: 'pem',
    cipher: 'aes-256-cbc',
    passphrase: 'secret',
  }),
  "OpenSSL's old encryption": bob.privateKey.export({
    type: 'pkcs1',
    format: 'pem',
    cipher: 'aes-128-cbc',
    passphrase: 'secret',
  }),
  "OpenSSL's old encryption with 3DES": bob.privateKey.export({
    type: 'pkcs1',
    format: 'pem',
    cipher: 'des-ede3-cbc',
    passphrase: 'secret',
  }),
}
for (const [name, pem] of Object.entries(sealed)) {
  test(`a key in ${name} needs its password`, () => {
    const text = `${pem}${authority.root.pem}${bob.pem}`
    for (const options of [
      { password: 'secret' },
      { keyPassword: 'secret' },
      { password: 'other', keyPassword: 'secret' },
    ]) {
      const entry = keyEntry(open(text, options), 'server')
      assert.deepEqual(entry.pkcs8(), pkcs8(bob))
      assert.equal(entry.chain[0]?.thumbprint, bob.thumbprint)
    }
    assert.throws(
      () => open(text, { password: 'wrong' }),
      error => isCoded(error, 'ERR_KEYSTORE_WRONG_PASSWORD'),
    )
    const locked = keyEntry(open(`${pem}${bob.pem}`), 'server')
    assert.throws(
      () => locked.privateKey(),
      error => isCoded(error, 'ERR_KEYSTORE_PASSWORD_REQUIRED'),
    )
    assert.throws(
      () => locked.privateKey('wrong'),
      error => isCoded(error, 'ERR_KEYSTORE_WRONG_KEY_PASSWORD'),
    )
    assert.deepEqual(locked.pkcs8('secret'), pkcs8(bob))
    assert.equal(locked.chain[0]?.thumbprint, bob.thumbprint)
  })
}

test('two keys under two passwords', () => {
  const other = alice.privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'other' })
  const store = open(`${sealed['encrypted PKCS#8']}${other}${bob.pem}${alice.pem}`, { password: 'secret' })
  assert.deepEqual(keyEntry(store, 'server').pkcs8(), pkcs8(bob))
  assert.deepEqual(keyEntry(store, 'server-2').pkcs8('other'), pkcs8(alice))
})

test('saved without a password, encrypted keys stay as they are; keys from elsewhere are in the clear', () => {
  const store = open(`${sealed['encrypted PKCS#8']}${bob.pem}`, { password: 'secret' })
  const text = encodeKeyStore(store, {}).toString()
  assert.match(text, /BEGIN ENCRYPTED PRIVATE KEY/)
  assert.deepEqual(
    keyEntry(open(text, { password: 'secret' }), 'server').held.sealed,
    keyEntry(store, 'server').held.sealed,
  )
  const converted = openKeyStore(encodeKeyStore(mixedStore('PKCS12'), { password: 'x' }), { password: 'x' })
  const { entries } = converted
  const keys = { ...converted, entries: entries.filter(entry => entry.kind === 'private-key') }
  assert.match(encodeKeyStore(keys, { type: 'PEM' }).toString(), /BEGIN PRIVATE KEY/)
})

test('trusted certificates beside keys do not fit into a PEM file', () => {
  assert.throws(
    () => encodeKeyStore(mixedStore('PKCS12'), { type: 'PEM' }),
    error => isCoded(error, 'ERR_KEYSTORE_NOT_SUPPORTED_BY_TYPE'),
  )
})

test('an alias cannot smuggle in a block', () => {
  const evil = `x\n${bob.pem}`
  const store = { type: 'PEM', entries: [], integrity: 'none', otherCertificates: [] } as const
  const entry = { ...open(authority.root.pem).entries[0]!, alias: evil }
  assert.deepEqual(thumbprints(trusted(open(encodeKeyStore({ ...store, entries: [entry] }, {}).toString()))), [
    authority.root.thumbprint,
  ])
})

function trusted(store: ReturnType<typeof open>) {
  return store.entries.flatMap(entry => (entry.kind === 'trusted-certificate' ? [entry.certificate] : []))
}

test('a truncated file is refused as one, unless it ends between two blocks', () => {
  const text = ec('pkcs8') + alice.pem
  const boundary = ec('pkcs8').length
  for (let length = 0; length < text.length - 1; length++) {
    if (length === boundary || length === boundary - 1) continue
    assert.throws(
      () => open(text.slice(0, length)),
      error =>
        isCoded(error, 'ERR_KEYSTORE_TRUNCATED') || (length < 11 && isCoded(error, 'ERR_KEYSTORE_UNKNOWN_FORMAT')),
      `${length}`,
    )
  }
})

const refused: Record<string, [string, string]> = {
  'a damaged certificate': [bob.pem.replace('MII', 'MIA'), 'ERR_KEYSTORE_CERTIFICATE_MALFORMED'],
  'what is no base64': [bob.pem.replace('MII', 'M*I'), 'ERR_KEYSTORE_MALFORMED'],
  'a damaged key': [ec('sec1').replace('MHc', 'MHd'), 'ERR_KEYSTORE_MALFORMED'],
  'a certificate request': [bob.pem.replaceAll('CERTIFICATE', 'CERTIFICATE REQUEST'), 'ERR_KEYSTORE_UNKNOWN_FORMAT'],
  'text without a block': ['hello, world, this is no key store', 'ERR_KEYSTORE_UNKNOWN_FORMAT'],
}
for (const [name, [text, code]] of Object.entries(refused)) {
  test(`refused: ${name}`, () => {
    assert.throws(
      () => open(text),
      error => isCoded(error, code) && error.remedy !== undefined,
    )
  })
}

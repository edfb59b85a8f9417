import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { test } from 'node:test'
import { isCoded } from '../../../src/errors.ts'
import { encodeUtf } from '../../../src/pki/keystore/jks/data-input.ts'
import { jksDigest } from '../../../src/pki/keystore/jks/read-jks.ts'
import { openKeyStore } from '../../../src/pki/keystore/open.ts'
import { encodeKeyStore } from '../../../src/pki/keystore/save.ts'
import { alice, authority, bob, created, keyEntry, mixedStore, outline, pkcs8 } from './stores.ts'

const password = 'changeit'
const int = (value: number) => {
  const octets = Buffer.alloc(4)
  octets.writeUInt32BE(value)
  return octets
}
const long = (value: bigint) => {
  const octets = Buffer.alloc(8)
  octets.writeBigInt64BE(value)
  return octets
}
const signed = (body: Buffer) => Buffer.concat([body, jksDigest(password, body)])
const trusted = (alias: string, der: Buffer, { type = 'X.509', date = BigInt(created), version = 2 } = {}) =>
  Buffer.concat([
    int(2),
    encodeUtf(alias),
    long(date),
    ...(version === 2 ? [encodeUtf(type)] : []),
    int(der.length),
    der,
  ])
const store = (version: number, ...entries: Buffer[]) =>
  signed(Buffer.concat([int(0xfeedfeed), int(version), int(entries.length), ...entries]))

test('version 1 has no certificate types', () => {
  const opened = openKeyStore(store(1, trusted('root', authority.root.der, { version: 1 })), { password })
  assert.deepEqual(outline(opened), [
    { alias: 'root', kind: 'trusted-certificate', certificates: [authority.root.thumbprint] },
  ])
})

test('of two entries with one alias, in any case, the later one stays', () => {
  const { entries } = openKeyStore(store(2, trusted('Twin', bob.der), trusted('tWIN', authority.root.der)), {
    password,
  })
  assert.equal(entries.length, 1)
  assert.equal(
    entries[0]?.kind === 'trusted-certificate' && entries[0].certificate.thumbprint,
    authority.root.thumbprint,
  )
})

test('an alias may hold every character, also such as Java encodes in its own way', () => {
  const alias = 'a\0ü鍵🔑'
  const { entries } = openKeyStore(store(2, trusted(alias, bob.der)), { password })
  assert.equal(entries[0]?.alias, alias)
  assert.deepEqual(encodeUtf(alias).subarray(2), Buffer.from('61c080c3bce98db5eda0bdedb491', 'hex'))
})

test('without a password certificates are listed, and nothing vouches for them', () => {
  const opened = openKeyStore(encodeKeyStore(mixedStore('JKS'), { password }))
  assert.equal(opened.integrity, 'not-checked')
  assert.deepEqual(outline(opened), outline(mixedStore('JKS')))
  assert.throws(
    () => keyEntry(opened, 'alice').privateKey(),
    error => isCoded(error, 'ERR_KEYSTORE_PASSWORD_REQUIRED'),
  )
  assert.deepEqual(keyEntry(opened, 'alice').pkcs8(password), pkcs8(alice))
})

test('every changed octet is noticed', () => {
  const bytes = encodeKeyStore(mixedStore('JKS'), { password })
  for (let at = 0; at < bytes.length; at += 7) {
    const changed = Buffer.from(bytes)
    changed[at]! ^= 1
    assert.throws(() => openKeyStore(changed, { password }), isKeyStoreError)
  }
})

test('every truncation is told from a wrong password', () => {
  const bytes = encodeKeyStore(mixedStore('JKS'), { password })
  for (let length = 0; length < bytes.length; length++) {
    assert.throws(
      () => openKeyStore(bytes.subarray(0, length), { password }),
      error => isCoded(error, 'ERR_KEYSTORE_TRUNCATED'),
    )
  }
})

const malformed: Record<string, [Buffer, string]> = {
  'octets behind the end': [Buffer.concat([store(2), Buffer.from([0])]), 'ERR_KEYSTORE_MALFORMED'],
  'an unknown version': [store(3), 'ERR_KEYSTORE_MALFORMED'],
  'an unknown kind of entry': [store(2, Buffer.concat([int(9), encodeUtf('x'), long(0n)])), 'ERR_KEYSTORE_MALFORMED'],
  'a secret key, which only JCEKS has': [
    store(2, Buffer.concat([int(3), encodeUtf('x'), long(0n)])),
    'ERR_KEYSTORE_MALFORMED',
  ],
  'a negative length': [
    store(2, Buffer.concat([int(2), encodeUtf('x'), long(0n), encodeUtf('X.509'), int(0xffffffff)])),
    'ERR_KEYSTORE_MALFORMED',
  ],
  'an alias that is no UTF-8': [
    store(2, Buffer.concat([int(2), Buffer.from([0, 2, 0xff, 0x41]), long(0n)])),
    'ERR_KEYSTORE_MALFORMED',
  ],
  'a certificate of another type': [store(2, trusted('x', bob.der, { type: 'PGP' })), 'ERR_KEYSTORE_UNSUPPORTED'],
  'a certificate that is none': [
    store(2, trusted('x', Buffer.from('0000', 'hex'))),
    'ERR_KEYSTORE_CERTIFICATE_MALFORMED',
  ],
  'more entries than octets': [
    signed(Buffer.concat([int(0xfeedfeed), int(2), int(0x7fffffff)])),
    'ERR_KEYSTORE_TRUNCATED',
  ],
  'a certificate longer than the file': [
    store(2, Buffer.concat([int(2), encodeUtf('x'), long(0n), encodeUtf('X.509'), int(0x7fffffff)])),
    'ERR_KEYSTORE_TRUNCATED',
  ],
}
for (const [name, [bytes, code]] of Object.entries(malformed)) {
  test(`refused: ${name}`, () => {
    assert.throws(
      () => openKeyStore(bytes, { password }),
      error => isCoded(error, code) && error.remedy !== undefined,
    )
  })
}

test('a date that is out of all range is no date, and no error', () => {
  const opened = openKeyStore(store(2, trusted('x', bob.der, { date: -(2n ** 63n) })), { password })
  assert.equal(Number.isFinite(opened.entries[0]?.created), true)
})

test('a damaged private key says so, however good the password', () => {
  const opened = openKeyStore(encodeKeyStore(mixedStore('JKS'), { password }), { password })
  const sealed = keyEntry(opened, 'bob').held.sealed!
  const bytes = encodeKeyStore(opened, { password })
  const at = bytes.indexOf(sealed)
  // the algorithm identifier
  const body = Buffer.from(bytes.subarray(0, -20))
  body.fill(0xff, at + 4, at + 10)
  const damaged = openKeyStore(signed(body), { password })
  assert.throws(
    () => keyEntry(damaged, 'bob').privateKey(),
    error => isCoded(error, 'ERR_KEYSTORE_MALFORMED'),
  )
})

test('the digest is SHA-1 over the password in UTF-16, "Mighty Aphrodite" and the store', () => {
  const body = Buffer.from('body')
  const expected = hash('sha1', Buffer.concat([Buffer.from('\0p\0w'), Buffer.from('Mighty Aphrodite'), body]), 'buffer')
  assert.deepEqual(jksDigest('pw', body), expected)
})

function isKeyStoreError(error: unknown): boolean {
  return isCoded(error) && error.code.startsWith('ERR_KEYSTORE_')
}

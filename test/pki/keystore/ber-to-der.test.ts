import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isCoded } from '../../../src/errors.ts'
import { berToDer } from '../../../src/pki/keystore/ber-to-der.ts'
import { openKeyStore } from '../../../src/pki/keystore/open.ts'
import { encodeKeyStore } from '../../../src/pki/keystore/save.ts'
import { toBer } from './ber.ts'
import { alice, authority, keyEntry, mixedStore, outline, pkcs8 } from './stores.ts'

test('a PKCS#12 file in BER throughout opens like the same in DER', () => {
  const store = mixedStore('PKCS12')
  const ber = toBer(encodeKeyStore(store, { password: 'changeit' }))
  const opened = openKeyStore(ber, { password: 'changeit' })
  assert.equal(opened.integrity, 'verified')
  assert.deepEqual(outline(opened), outline(store))
  assert.deepEqual(keyEntry(opened, 'alice').pkcs8(), pkcs8(alice))
  assert.throws(
    () => openKeyStore(ber, { password: 'wrong' }),
    error => isCoded(error, 'ERR_KEYSTORE_WRONG_PASSWORD'),
  )
})

test('every truncation of it is refused as one', () => {
  const ber = toBer(encodeKeyStore(mixedStore('PKCS12'), { password: 'changeit' }))
  for (let length = 0; length < ber.length; length++) {
    assert.throws(
      () => openKeyStore(ber.subarray(0, length), { password: 'changeit' }),
      error => isCoded(error, 'ERR_KEYSTORE_TRUNCATED'),
    )
  }
})

test('DER comes back as it is, without what stands behind it', () => {
  const { der } = authority.root
  assert.deepEqual(berToDer(der), der)
  assert.deepEqual(berToDer(Buffer.concat([der, Buffer.from('rest')])), der)
})

test('BER of any cut comes back as DER', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2000 }), piece => {
      assert.deepEqual(berToDer(toBer(alice.der, piece)), alice.der)
    }),
    { numRuns: 30 },
  )
})

test('joined strings become one', () => {
  const nested = Buffer.from('2480 2480 04024142 0000 040143 0000'.replaceAll(' ', ''), 'hex')
  assert.equal(berToDer(nested).toString('hex'), '0403414243')
})

const refused: Record<string, [string, string]> = {
  'indefinite length of a primitive element': ['0480410000', 'ERR_KEYSTORE_MALFORMED'],
  'a tag of several octets': ['3f8101020500', 'ERR_KEYSTORE_MALFORMED'],
  'end-of-contents octets where no contents are': ['30020000', 'ERR_KEYSTORE_MALFORMED'],
  'a length of nine octets': ['3089010000000000000000', 'ERR_KEYSTORE_MALFORMED'],
  'a length of 2^63': ['30888000000000000000', 'ERR_KEYSTORE_TRUNCATED'],
  'an element longer than its container': ['3004047f41420000', 'ERR_KEYSTORE_MALFORMED'],
  'missing end-of-contents octets': ['3080040141', 'ERR_KEYSTORE_TRUNCATED'],
  nothing: ['', 'ERR_KEYSTORE_TRUNCATED'],
}
for (const [name, [text, code]] of Object.entries(refused)) {
  test(`refused: ${name}`, () => {
    assert.throws(
      () => berToDer(Buffer.from(text, 'hex')),
      error => isCoded(error, code),
    )
  })
}

test('depth has a bound, not the stack', () => {
  for (const length of ['80', '82ffff']) {
    const deep = Buffer.from(`30${length}`.repeat(100_000), 'hex')
    assert.throws(
      () => berToDer(deep),
      error => isCoded(error, 'ERR_KEYSTORE_MALFORMED') || isCoded(error, 'ERR_KEYSTORE_TRUNCATED'),
    )
  }
  const open = Buffer.concat([Buffer.from('3080'.repeat(50_000), 'hex'), Buffer.alloc(100_000)])
  assert.throws(
    () => berToDer(open),
    error => isCoded(error, 'ERR_KEYSTORE_MALFORMED'),
  )
})

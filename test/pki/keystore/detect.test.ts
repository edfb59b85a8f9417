import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isCoded } from '../../../src/errors.ts'
import { maxKeyStoreSize, openKeyStore } from '../../../src/pki/keystore/open.ts'
import { encodeKeyStore } from '../../../src/pki/keystore/save.ts'
import { alice, bob, mixedStore, pkcs8 } from './stores.ts'

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex')
const bouncy = (version: string, ...rest: Buffer[]) =>
  Buffer.concat([hex(version), hex('00000014'), Buffer.alloc(20, 7), hex('00000400'), ...rest])

const cases: Record<string, [Buffer, string, RegExp]> = {
  'an empty file': [Buffer.alloc(0), 'ERR_KEYSTORE_TRUNCATED', /empty/],
  'a file of two octets': [hex('feed'), 'ERR_KEYSTORE_TRUNCATED', /2 octets/],
  'a DER header that is cut short': [hex('3084000000'), 'ERR_KEYSTORE_TRUNCATED', /header/],
  'a certificate in DER': [bob.der, 'ERR_KEYSTORE_UNKNOWN_FORMAT', /certificate in DER/],
  'a private key in DER': [pkcs8(alice), 'ERR_KEYSTORE_UNKNOWN_FORMAT', /private key in DER/],
  'an encrypted private key in DER': [
    alice.privateKey.export({ type: 'pkcs8', format: 'der', cipher: 'aes-128-cbc', passphrase: 'x' }),
    'ERR_KEYSTORE_UNKNOWN_FORMAT',
    /encrypted private key in DER/,
  ],
  'PKCS#7': [hex('3080 06092a864886f70d010702 a080'), 'ERR_KEYSTORE_UNKNOWN_FORMAT', /PKCS#7/],
  'other ASN.1': [hex('3006 0c04 74657874'), 'ERR_KEYSTORE_UNKNOWN_FORMAT', /ASN.1/],
  'an empty BKS': [bouncy('00000001', hex('00'), Buffer.alloc(20)), 'ERR_KEYSTORE_BOUNCY_CASTLE', /BKS/],
  'a BKS of version 2': [
    bouncy('00000002', hex('01 0005'), Buffer.from('alias'), Buffer.alloc(50)),
    'ERR_KEYSTORE_BOUNCY_CASTLE',
    /BKS/,
  ],
  'an UBER': [bouncy('00000001', hex('c561a203 73785bfa 46d53019')), 'ERR_KEYSTORE_BOUNCY_CASTLE', /UBER/],
  'a BCFKS': [hex('3010 300c 3007 0602 2a03 0101ff 0401aa 0400'), 'ERR_KEYSTORE_BOUNCY_CASTLE', /BCFKS/],
  'a picture': [hex('89504e470d0a1a0a0000000d49484452'), 'ERR_KEYSTORE_UNKNOWN_FORMAT', /neither/],
}
for (const [name, [bytes, code, message]] of Object.entries(cases)) {
  test(`${name} is told from a damaged key store`, () => {
    assert.throws(
      () => openKeyStore(bytes, { password: 'changeit', file: 'the-file' }),
      error =>
        isCoded(error, code) &&
        message.test(error.message) &&
        error.message.includes('the-file') &&
        error.remedy !== undefined,
    )
  })
}

test('a PEM file may begin with any text, also with a zero', () => {
  for (const before of ['0', '0\n', '0123 my certificate\n', '\ufeff', '# 0x30\n']) {
    const text = before.endsWith('\n') || before === '\ufeff' ? before : `${before}\n`
    assert.equal(openKeyStore(Buffer.from(text + (before === '\ufeff' ? '\n' : '') + bob.pem)).entries.length, 1)
  }
})

test('a type that is asked for and not there is refused', () => {
  const bytes = encodeKeyStore(mixedStore('JKS'), { password: 'changeit' })
  assert.equal(openKeyStore(bytes, { type: 'JKS', password: 'changeit' }).type, 'JKS')
  assert.throws(
    () => openKeyStore(bytes, { type: 'PKCS12', password: 'changeit' }),
    error => isCoded(error, 'ERR_KEYSTORE_WRONG_TYPE'),
  )
})

test('a file beyond all size is not looked at', () => {
  assert.throws(
    () => openKeyStore(Buffer.alloc(maxKeyStoreSize + 1)),
    error => isCoded(error, 'ERR_KEYSTORE_TOO_LARGE'),
  )
})

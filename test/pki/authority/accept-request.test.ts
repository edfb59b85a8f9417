import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isCoded } from '../../../src/errors.ts'
import { acceptRequest } from '../../../src/pki/authority/accept-request.ts'
import { basicConstraints, extKeyUsage, rawExtension, subjectAltName } from '../../../src/pki/x509/build-extensions.ts'
import { buildRequest } from '../../../src/pki/x509/request.ts'
import { type KeyType, testKey } from '../../support/certificates.ts'

const { privateKey, publicKey } = testKey()

for (const keyType of ['p-256', 'p-384', 'rsa-2048', 'rsa-pss-2048', 'ed25519', 'ed448', 'ml-dsa-65'] as KeyType[]) {
  test(`a request proves possession of its ${keyType} key`, () => {
    const pair = testKey(keyType)
    const { key, subjectText } = acceptRequest(buildRequest({ subject: 'CN=alice', privateKey: pair.privateKey }))
    assert.ok(key.equals(pair.publicKey))
    assert.equal(subjectText, 'CN=alice')
  })
}

test("a request for somebody else's key is refused", () => {
  const der = buildRequest({ subject: 'CN=alice', privateKey })
  const spki = publicKey.export({ type: 'spki', format: 'der' })
  const other = testKey().publicKey.export({ type: 'spki', format: 'der' })
  const forged = Buffer.from(der)
  other.copy(forged, forged.indexOf(spki))
  assert.throws(
    () => acceptRequest(forged),
    error => isCoded(error, 'ERR_AUTHORITY_REQUEST_FORGED'),
  )
})

test('a request that was changed after it was signed is refused', () => {
  const der = buildRequest({ subject: 'CN=alice', privateKey })
  der.write('malic', der.indexOf('alice'))
  assert.throws(
    () => acceptRequest(der),
    error => isCoded(error, 'ERR_AUTHORITY_REQUEST_FORGED'),
  )
})

test('a request with a weak signature is refused', () => {
  const weak = buildRequest({ subject: 'CN=alice', privateKey: testKey('rsa-2048').privateKey, digest: 'insecureSha1' })
  assert.throws(
    () => acceptRequest(weak),
    error => isCoded(error, 'ERR_AUTHORITY_UNFIT'),
  )
})

test('what was asked for is told apart from what is never given', () => {
  const extensions = [
    subjectAltName([
      { dns: 'a.test' },
      { ip: '::1' },
      { email: 'a@a.test' },
      { uri: 'spiffe://a.test/a' },
      { upn: 'a@a.test' },
      { directoryName: 'CN=admin' },
      { registeredId: '1.2.3' },
    ]),
    basicConstraints({ ca: true }),
    extKeyUsage(['serverAuth', 'codeSigning']),
    rawExtension('1.2.3.4', Buffer.of(5, 0)),
  ]
  const accepted = acceptRequest(buildRequest({ subject: 'CN=alice', privateKey, extensions }))
  assert.deepEqual(accepted.names, [
    { dns: 'a.test' },
    { ip: '0:0:0:0:0:0:0:1' },
    { email: 'a@a.test' },
    { uri: 'spiffe://a.test/a' },
    { upn: 'a@a.test' },
  ])
  assert.deepEqual(accepted.nameTexts[4], 'UPN:a@a.test')
  assert.deepEqual(accepted.ignored, ['DirName:CN=admin', 'RID:1.2.3', 'extension 1.2.3.4'])
})

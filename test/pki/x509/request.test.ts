import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { isCoded } from '../../../src/errors.ts'
import { contextTag, der, integer, octetString, oid, sequence, setOf } from '../../../src/pki/asn1/der.ts'
import { extKeyUsage, subjectAltName } from '../../../src/pki/x509/build-extensions.ts'
import { buildName } from '../../../src/pki/x509/build-name.ts'
import { generalNameText } from '../../../src/pki/x509/general-name.ts'
import { writePem } from '../../../src/pki/x509/pem.ts'
import { buildRequest, parseRequest } from '../../../src/pki/x509/request.ts'
import { type KeyType, testKey } from '../../support/certificates.ts'
import { run } from '../../support/run.ts'
import { scratchFolder } from '../../support/scratch.ts'

const folder = scratchFolder()
const { privateKey, publicKey } = testKey()
const extensions = [subjectAltName([{ dns: 'a.test' }, { upn: 'alice@a.test' }]), extKeyUsage(['clientAuth'])]
const sample = buildRequest({ subject: 'CN=alice,O=Example', privateKey, extensions })

const keyTypes: KeyType[] = ['p-256', 'p-521', 'rsa-2048', 'rsa-pss-2048', 'ed25519', 'ed448']
for (const keyType of keyTypes) {
  test(`OpenSSL verifies a request of a ${keyType} key`, async () => {
    const request = buildRequest({ subject: 'CN=alice,O=Example', privateKey: testKey(keyType).privateKey, extensions })
    writeFileSync(join(folder, 'request.pem'), writePem('CERTIFICATE REQUEST', request))
    const { stdout, stderr } = await run('openssl', ['req', '-verify', '-noout', '-text', '-in', 'request.pem'], {
      cwd: folder,
    })
    assert.match(stdout + stderr, /verify OK/)
    assert.match(stdout, /Subject: O ?= ?Example, CN ?= ?alice/)
    assert.match(stdout, /DNS:a.test, othername: UPN::alice@a.test/)
  })
}

test('a request is read as it was built', () => {
  const request = parseRequest(sample)
  assert.equal(request.subject.toString(), 'CN=alice,O=Example')
  assert.deepEqual(request.names.map(generalNameText), ['DNS:a.test', 'UPN:alice@a.test'])
  const read = Array.from(request.extensions.values(), ({ oid, critical, value }) => ({ oid, critical, value }))
  assert.deepEqual(read, extensions)
  assert.ok(request.publicKey().equals(publicKey))
})

test('a request without extensions has an empty set of attributes', () => {
  const der = buildRequest({ subject: '', privateKey })
  assert.equal(parseRequest(der).extensions.size, 0)
  assert.equal(der.includes(Buffer.from([0xa0, 0x00])), true)
})

test('requests of OpenSSL are read', async () => {
  const args = [
    'req',
    '-new',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-keyout',
    'k.pem',
    '-outform',
    'DER',
    '-out',
    'r.der',
  ]
  await run(
    'openssl',
    [...args, '-subj', '/O=Example/CN=bob', '-addext', 'subjectAltName=email:bob@example.test,IP:192.0.2.1'],
    { cwd: folder },
  )
  const request = parseRequest(readFileSync(join(folder, 'r.der')))
  assert.equal(request.subject.toString(), 'CN=bob,O=Example')
  assert.deepEqual(request.names.map(generalNameText), ['email:bob@example.test', 'IP:192.0.2.1'])
})

/** A request with these attributes; its signature is nonsense, which parsing does not look at. */
function withAttributes(...attributes: Buffer[]): Buffer {
  const { tbs, signatureAlgorithm } = parseRequest(sample)
  const spki = parseRequest(sample).spki
  assert.ok(tbs.includes(spki))
  const body = sequence(integer(0), buildName('CN=a'), spki, der(contextTag(0), ...attributes))
  return sequence(body, signatureAlgorithm.raw, der(0x03, Buffer.from([0, 1])))
}
const extensionRequest = (...values: Buffer[]) => sequence(oid('1.2.840.113549.1.9.14'), setOf(...values))
const oneExtension = sequence(sequence(oid('1.2.3'), octetString(Buffer.of(5, 0))))

test('unknown attributes are passed over', () => {
  const challenge = sequence(oid('1.2.840.113549.1.9.7'), setOf(octetString(Buffer.from('x'))))
  assert.equal(parseRequest(withAttributes(challenge, extensionRequest(oneExtension))).extensions.size, 1)
})

test('what could be read in two ways is refused', () => {
  const twice: [string, Buffer][] = [
    ['two requests for extensions', withAttributes(extensionRequest(oneExtension), extensionRequest(oneExtension))],
    [
      'two values',
      withAttributes(extensionRequest(oneExtension, sequence(sequence(oid('1.2.4'), octetString(Buffer.of()))))),
    ],
    [
      'one extension twice',
      withAttributes(extensionRequest(sequence(...Array(2).fill(sequence(oid('1.2.3'), octetString(Buffer.of())))))),
    ],
    ['octets after the end', Buffer.concat([sample, Buffer.of(0)])],
    ['an empty list of names', buildRequest({ subject: 'CN=a', privateKey, extensions: [subjectAltName([])] })],
  ]
  for (const [what, request] of twice) {
    assert.throws(
      () => parseRequest(request),
      error => isCoded(error, 'ERR_REQUEST_MALFORMED'),
      what,
    )
  }
})

test('a key that cannot be read is said when it is asked for', () => {
  const spki = sequence(sequence(oid('1.2.3.4')), der(0x03, Buffer.from([0, 1])))
  const body = sequence(integer(0), buildName('CN=a'), spki, der(contextTag(0)))
  const request = parseRequest(sequence(body, sequence(oid('1.3.101.112')), der(0x03, Buffer.from([0, 1]))))
  assert.throws(
    () => request.publicKey(),
    error => isCoded(error, 'ERR_REQUEST_MALFORMED'),
  )
})

test('no cut, no flipped bit and no noise gets past the reader except as a request or ERR_REQUEST_MALFORMED', () => {
  const tame = (bytes: Uint8Array) => {
    try {
      const request = parseRequest(bytes)
      request.subject.toString()
      request.publicKey()
    } catch (error) {
      assert.ok(isCoded(error, 'ERR_REQUEST_MALFORMED'), String(error))
    }
  }
  for (let length = 0; length < sample.length; length++) {
    assert.throws(
      () => parseRequest(sample.subarray(0, length)),
      error => isCoded(error, 'ERR_REQUEST_MALFORMED'),
    )
  }
  const position = fc.nat({ max: sample.length - 1 })
  fc.assert(
    fc.property(fc.array(fc.tuple(position, fc.nat({ max: 255 })), { minLength: 1, maxLength: 4 }), changes => {
      const bytes = Buffer.from(sample)
      for (const [at, octet] of changes) bytes[at] = octet
      tame(bytes)
    }),
    { numRuns: 1000 },
  )
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), tame))
})

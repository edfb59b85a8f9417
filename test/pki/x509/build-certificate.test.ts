import assert from 'node:assert/strict'
import { createSecretKey, generateKeyPairSync, X509Certificate } from 'node:crypto'
import { test } from 'node:test'
import { isCoded } from '../../../src/errors.ts'
import { DerReader } from '../../../src/pki/asn1/der.ts'
import { readTime } from '../../../src/pki/asn1/time.ts'
import { buildCertificate, encodeTime, randomSerialNumber } from '../../../src/pki/x509/build-certificate.ts'
import { parseCertificate } from '../../../src/pki/x509/certificate.ts'
import { baseTime, day, testAuthority, testKey } from '../../support/certificates.ts'

test('without extensions it is a version 1 certificate', () => {
  const { privateKey, publicKey } = testKey()
  const validity = { notBefore: baseTime, notAfter: baseTime + day }
  const der = buildCertificate({ subject: 'CN=one', publicKey, signingKey: privateKey, ...validity })
  const { version, notBefore, notAfter } = parseCertificate(der)
  assert.deepEqual({ version, notBefore, notAfter }, { version: 1, ...validity })
})

test('times change their type in 2050, and before 1950', () => {
  const cases: [string, number][] = [
    ['2049-12-31T23:59:59Z', 0x17],
    ['2050-01-01T00:00:00Z', 0x18],
    ['1950-01-01T00:00:00Z', 0x17],
    ['1949-12-31T23:59:59Z', 0x18],
    ['9999-12-31T23:59:59Z', 0x18],
  ]
  for (const [text, tag] of cases) {
    const encoded = encodeTime(Date.parse(text))
    assert.equal(encoded[0], tag, text)
    assert.equal(readTime(new DerReader(encoded).element()), Date.parse(text))
  }
})

test('serial numbers are positive, 16 octets and never the same', () => {
  const serials = Array.from({ length: 100 }, randomSerialNumber)
  assert.ok(serials.every(serial => serial.length === 16 && serial[0]! >= 0x40 && serial[0]! < 0x80))
  assert.equal(new Set(serials.map(String)).size, 100)
})

test('the issuer keeps its exact bytes', () => {
  const ca = testAuthority({ name: [{ type: 'CN', value: 'Old CA', encoding: 'teletex' }] })
  assert.deepEqual(ca.issue().certificate.issuer.raw, ca.certificate.subject.raw)
})

test('an RSA-PSS key that is bound to a digest and a salt signs with those', () => {
  const bound = { modulusLength: 2048, hashAlgorithm: 'sha384', mgf1HashAlgorithm: 'sha384', saltLength: 60 }
  // the declarations take the length for a text
  const { privateKey, publicKey } = generateKeyPairSync('rsa-pss', bound as object as { modulusLength: number })
  const validity = { notBefore: baseTime, notAfter: baseTime + day }
  const der = buildCertificate({ subject: 'CN=a', publicKey, signingKey: privateKey, ...validity })
  assert.equal(new X509Certificate(der).verify(publicKey), true)
})

test('a key that cannot sign is refused', () => {
  const { publicKey } = testKey()
  const x25519 = generateKeyPairSync('x25519').privateKey
  for (const signingKey of [publicKey, createSecretKey(Buffer.alloc(16)), x25519]) {
    const source = { subject: 'CN=a', publicKey, signingKey, notBefore: 0, notAfter: 0 }
    assert.throws(
      () => buildCertificate(source),
      error => isCoded(error, 'ERR_KEY_UNSUPPORTED'),
    )
  }
})

// A certificate that is one of very many is read when it comes in and read again when somebody asks: the same certificate either way.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseCertificate, parseStoredCertificate } from '../../../src/pki/x509/certificate.ts'
import { nameMatchKey, nameMatchKeyOf } from '../../../src/pki/x509/name-match.ts'
import { selfSigned, testAuthority } from '../../support/certificates.ts'

const root = testAuthority({ name: 'Root' })
const several = [
  root,
  root.intermediate({ name: 'Middle' }),
  root.issue({ subject: 'CN=Zoë  Müller+OU=x,O=Example', san: [{ email: 'zoe@example.org' }], keyType: 'p-384' }),
  selfSigned({ subject: '', keyType: 'ed25519' }),
  selfSigned({ keyType: 'rsa-2048', extKeyUsage: null, keyUsage: null }),
]

test('every field is the same, in any order of asking', () => {
  for (const { der } of several) {
    const kept = parseCertificate(der)
    const fields = [
      ...([
        'raw',
        'tbs',
        'version',
        'serialNumber',
        'notBefore',
        'notAfter',
        'spki',
        'subjectDer',
        'subjectAndSpki',
        'signature',
      ] as const),
      ...(['signatureAlgorithm', 'tbsSignatureAlgorithm', 'extensions', 'thumbprint'] as const),
    ]
    for (const order of [fields, fields.toReversed()]) {
      const stored = parseStoredCertificate(der)
      for (const field of order) assert.deepEqual(stored[field], kept[field], field)
      assert.deepEqual([stored.subject.raw, stored.issuer.raw], [kept.subject.raw, kept.issuer.raw])
      assert.ok(stored.publicKey().equals(kept.publicKey()))
      assert.equal(stored.subject, stored.subject, 'what was asked for once is kept')
    }
    assert.deepEqual(kept.subjectDer, kept.subject.raw)
    assert.deepEqual(kept.subjectAndSpki, Buffer.concat([kept.subject.raw, kept.spki]))
    assert.equal(nameMatchKeyOf(kept.subjectDer), nameMatchKey(kept.subject))
  }
})

test('what is malformed is refused when it comes in, not when somebody asks', () => {
  const { der } = several[0]!
  for (const broken of [der.subarray(1), der.subarray(0, -1), Buffer.concat([der, Buffer.from([0])]), Buffer.alloc(0)])
    assert.throws(() => parseStoredCertificate(broken), { code: 'ERR_CERTIFICATE_MALFORMED' })
  for (let at = 4; at < 60; at++) {
    const changed = Buffer.from(der)
    changed[at]! ^= 0x80
    let kept: unknown
    try {
      kept = parseCertificate(changed)
    } catch {
      assert.throws(() => parseStoredCertificate(changed), { code: 'ERR_CERTIFICATE_MALFORMED' }, `${at}`)
    }
    if (kept !== undefined) assert.doesNotThrow(() => parseStoredCertificate(changed).extensions, `${at}`)
  }
})

test('octets of a file are copied: whoever changes them afterwards changes nothing', () => {
  const octets = Buffer.from(several[0]!.der)
  const stored = parseStoredCertificate(octets)
  octets.fill(0)
  assert.equal(String(stored.subject), 'CN=Root')
})

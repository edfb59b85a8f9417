// Family 7: work, memory or requests that strangers can cause before anybody trusts them. Floods stand in test/abuse/, addresses in
// test/invariants/6-*, paths without end in test/pki/path/find-path.test.ts; here: chains that cost much to look at.
import assert from 'node:assert/strict'
import { createPublicKey } from 'node:crypto'
import { suite, test } from 'node:test'
import { compilePattern } from '../../src/identity/bindings/pattern.ts'
import { bitString, integer, nullValue, oid, sequence } from '../../src/pki/asn1/der.ts'
import { certificatePolicies, policyMappings } from '../../src/pki/x509/build-extensions.ts'
import { craft } from '../pki/path/craft.ts'
import { judge } from '../pki/path/judge.ts'
import { type Issued, testAuthority, testKey } from '../support/certificates.ts'

const root = testAuthority({ name: 'Root' })

/** A verdict comes soon, whatever it is. The bound is wide: other tests run on the same processors. */
function soon(leaf: Issued, intermediates: readonly Issued[]): string {
  const start = performance.now()
  const verdict = judge(leaf, { anchors: [root], intermediates })
  const took = performance.now() - start
  assert.ok(took < 5_000, `it took ${took.toFixed(0)} ms`)
  return verdict.ok ? 'trusted' : verdict.code
}

suite('CVE-2026-32280, CVE-2026-32281, CVE-2025-61729, CVE-2023-29409: chains that cost much', () => {
  test('a thousand intermediates of one name', () => {
    const key = testKey()
    const many = Array.from({ length: 1000 }, (_, i) => testAuthority({ name: 'Same', key, serialNumber: i + 1 }))
    assert.notEqual(soon(many[0]!.issue(), many), 'trusted')
  })

  test('authorities that all certified each other', () => {
    const keys = Array.from({ length: 12 }, () => testKey())
    const names = keys.map((_, i) => `Ring ${i}`)
    const mesh = keys.flatMap((key, i) =>
      names.map((_, j) => testAuthority({ name: names[j]!, key: keys[j]! }).intermediate({ name: names[i]!, key })),
    )
    const leaf = testAuthority({ name: names[0]!, key: keys[0]! }).issue()
    assert.notEqual(soon(leaf, mesh), 'trusted')
  })

  test('RSA keys of 16,384 bits in every issuer', () => {
    const modulus = Buffer.alloc(2048, 0xff)
    const spki = sequence(
      sequence(oid('1.2.840.113549.1.1.1'), nullValue()),
      bitString(sequence(integer(Buffer.concat([Buffer.alloc(1), modulus])), integer(65_537))),
    )
    assert.equal(
      createPublicKey({ key: spki, format: 'der', type: 'spki' }).asymmetricKeyDetails?.modulusLength,
      16_384,
    )
    const rsa = sequence(oid('1.2.840.113549.1.1.11'), nullValue())
    const signed = { innerAlgorithm: rsa, makeSignature: () => Buffer.alloc(2048, 7) }
    const issuers = Array.from({ length: 100 }, (_, i) =>
      craft({ ...signed, subject: 'CN=heavy', spki, serialNumber: integer(i + 1) }),
    )
    assert.notEqual(soon(craft({ ...signed, subject: 'CN=leaf', issuer: issuers[0]! }), issuers), 'trusted')
  })

  test('policies that map to each other, level by level', () => {
    const oids = Array.from({ length: 40 }, (_, i) => `1.2.3.${i}`)
    const extensions = [
      certificatePolicies(oids),
      policyMappings(oids.flatMap(from => oids.map(to => [from, to] as const)).slice(0, 800)),
    ]
    let issuer = root.intermediate({ name: 'Level 0', extensions })
    for (let i = 1; i < 7; i++) issuer = issuer.intermediate({ name: `Level ${i}`, extensions })
    const leaf = issuer.issue({ extensions: [certificatePolicies(oids)] })
    const start = performance.now()
    judge(leaf, { anchors: [root], policy: { initialExplicitPolicy: true } })
    assert.ok(performance.now() - start < 5_000)
  })
})

test('CVE-2025-1097: a name in a certificate is a value to a pattern, never a part of it, and costs linear time', () => {
  const pattern = compilePattern('^([a-z]+[a-z]*)@partner\\.example$')
  const start = performance.now()
  assert.equal(pattern.match(`${'a'.repeat(50_000)}!`), undefined)
  assert.equal(pattern.match('.*'), undefined)
  assert.equal(pattern.match(')|(.*'), undefined)
  assert.ok(performance.now() - start < 5_000)
})

// Family 6: names, purposes and constraints that match too much. Kinds of names stand in test/identity/bindings/candidates.test.ts, purposes in
// test/pki/path/check-certificate.test.ts, constraints in test/pki/path/check-names.test.ts; here: whole names, and what combines.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { findCandidates } from '../../src/identity/bindings/candidates.ts'
import { reviewBindings } from '../../src/identity/bindings/configured-bindings.ts'
import { bindingOptions } from '../../src/identity/bindings/options.ts'
import { certificatePolicies, policyConstraints } from '../../src/pki/x509/build-extensions.ts'
import type { NameSource } from '../../src/pki/x509/build-name.ts'
import { judge } from '../pki/path/judge.ts'
import { testAuthority } from '../support/certificates.ts'

const authority = testAuthority({ name: 'Partners CA' })
const anchors = [{ alias: 'partners', certificate: authority.certificate }]

/** Whether a certificate with this subject is bound by that subject. */
async function binds(bound: string, subject: NameSource): Promise<boolean> {
  const review = reviewBindings([bindingOptions.parse({ subject: bound, users: ['alice'] })], anchors)
  assert.deepEqual(review.problems, [])
  const found = await findCandidates(
    { path: [authority.issue({ subject }).certificate, authority.certificate] },
    review.bindings,
  )
  return found.ok
}

suite('CVE-2026-33248: a subject is bound as a whole, part by part', () => {
  const bound = 'CN=alice,O=Example,C=DE'
  test('the same name in other words', async () => {
    assert.equal(await binds(bound, 'CN=alice,O=Example,C=DE'), true)
    assert.equal(await binds('CN=a\\,b,O=Example', 'CN=a\\2cb,O=Example'), true)
  })

  for (const [what, subject] of Object.entries({
    'another order': 'O=Example,CN=alice,C=DE',
    'one part more, in front': 'UID=1,CN=alice,O=Example,C=DE',
    'one part more, behind': 'CN=alice,O=Example,C=DE,DC=x',
    'one part less': 'CN=alice,O=Example',
    'a part twice': 'CN=alice,CN=alice,O=Example,C=DE',
    'two parts in one set': 'CN=alice+O=Example,C=DE',
    'the rest inside a value': 'CN=alice\\,O=Example,C=DE',
    'the rest inside a value, by a plus': 'CN=alice\\+O=Example,C=DE',
    'another kind of part': 'UID=alice,O=Example,C=DE',
    'a longer value': 'CN=alicex,O=Example,C=DE',
    'a letter that looks the same': 'CN=\u0430lice,O=Example,C=DE',
    'a value with a zero octet': 'CN=alice\\00,O=Example,C=DE',
  })) {
    test(`not ${what}`, async () => assert.equal(await binds(bound, subject), false))
  }
})

suite('CVE-2025-22874: any purpose does not switch the policies off', () => {
  const strict = authority.intermediate({
    name: 'Strict CA',
    extensions: [certificatePolicies(['1.2.3.1']), policyConstraints({ requireExplicitPolicy: 0 })],
  })
  for (const purposes of [['clientAuth'], ['2.5.29.37.0'], ['clientAuth', '2.5.29.37.0'], null] as const) {
    test(String(purposes), () => {
      const leaf = (policy: string) =>
        strict.issue({ extKeyUsage: purposes, extensions: [certificatePolicies([policy])] })
      const refused = judge(leaf('1.2.3.2'), { anchors: [authority] })
      assert.equal(refused.ok || refused.code, 'constraint_violated')
      assert.equal(judge(leaf('1.2.3.1'), { anchors: [authority] }).ok, true)
    })
  }
})

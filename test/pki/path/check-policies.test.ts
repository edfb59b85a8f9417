import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { PolicyInputs } from '../../../src/pki/path/check-policies.ts'
import {
  certificatePolicies,
  inhibitAnyPolicy,
  policyConstraints,
  policyMappings,
} from '../../../src/pki/x509/build-extensions.ts'
import type { Extension } from '../../../src/pki/x509/certificate.ts'
import { type TestAuthority, testAuthority, testKey } from '../../support/certificates.ts'
import { judge, refuses } from './judge.ts'

const any = '2.5.29.32.0'
const [gold, silver, bronze] = ['1.2.3.1', '1.2.3.2', '1.2.3.3'] as const
const root = testAuthority({ name: 'Root' })
const policies = (...oids: string[]) => certificatePolicies(oids)
const explicit = { initialExplicitPolicy: true }

/** The outcome of a chain: one list of extensions for each certificate below the root, the leaf last. */
function outcome(policy: PolicyInputs, ...chain: readonly Extension[][]): 'valid' | 'refused' {
  const leafExtensions = chain.at(-1)!
  let authority: TestAuthority = root
  for (const [i, extensions] of chain.slice(0, -1).entries()) {
    authority = authority.intermediate({ name: `Level ${i}`, extensions })
  }
  const verdict = judge(authority.issue({ extensions: leafExtensions }), { anchors: [root], policy })
  if (!verdict.ok) assert.equal(verdict.code, 'constraint_violated', verdict.detail)
  return verdict.ok ? 'valid' : 'refused'
}

suite('policies', () => {
  test('nobody asks for one: any chain will do', () => {
    assert.equal(outcome({}, [], []), 'valid')
    assert.equal(outcome({ initialPolicySet: [gold] }, [], []), 'valid')
    assert.equal(outcome({}, [policies(gold)], [policies(silver)]), 'valid')
  })

  test('explicit: the same policy has to stand in every certificate', () => {
    assert.equal(outcome(explicit, [policies(gold)], [policies(gold)]), 'valid')
    assert.equal(outcome(explicit, [policies(gold, silver)], [policies(silver)]), 'valid')
    assert.equal(outcome(explicit, [policies(gold)], [policies(silver)]), 'refused')
    assert.equal(outcome(explicit, [], [policies(gold)]), 'refused')
    assert.equal(outcome(explicit, [policies(gold)], []), 'refused')
  })

  test('explicit, from a set: one of the set', () => {
    const wanted = (...initialPolicySet: string[]) => ({ ...explicit, initialPolicySet })
    assert.equal(outcome(wanted(gold), [policies(gold, silver)], [policies(gold)]), 'valid')
    assert.equal(outcome(wanted(silver), [policies(gold, silver)], [policies(gold)]), 'refused')
    assert.equal(outcome(wanted(silver, gold), [policies(gold)], [policies(gold)]), 'valid')
    assert.equal(outcome(wanted(any), [policies(gold)], [policies(gold)]), 'valid')
  })

  test('any policy stands for every policy, in an authority or a leaf', () => {
    assert.equal(outcome(explicit, [policies(any)], [policies(gold)]), 'valid')
    assert.equal(outcome(explicit, [policies(gold)], [policies(any)]), 'valid')
    assert.equal(outcome({ ...explicit, initialPolicySet: [gold] }, [policies(any)], [policies(any)]), 'valid')
    assert.equal(outcome({ ...explicit, initialPolicySet: [silver] }, [policies(any)], [policies(gold)]), 'refused')
  })

  test('any policy inhibited, by the caller or by an authority', () => {
    assert.equal(outcome({ ...explicit, initialAnyPolicyInhibit: true }, [policies(any)], [policies(gold)]), 'refused')
    assert.equal(outcome(explicit, [policies(any), inhibitAnyPolicy(0)], [policies(any)]), 'refused')
    assert.equal(outcome(explicit, [policies(any), inhibitAnyPolicy(1)], [policies(any)]), 'valid')
    assert.equal(outcome(explicit, [policies(any), inhibitAnyPolicy(1)], [policies(any)], [policies(any)]), 'refused')
  })
})

suite('an authority asks for a policy', () => {
  const require = (requireExplicitPolicy: number) => policyConstraints({ requireExplicitPolicy })

  test('at once, or after some certificates', () => {
    assert.equal(outcome({}, [policies(gold), require(0)], [policies(gold)]), 'valid')
    assert.equal(outcome({}, [policies(gold), require(0)], []), 'refused')
    assert.equal(outcome({}, [policies(gold), require(1)], []), 'refused')
    assert.equal(outcome({}, [policies(gold), require(2)], []), 'valid')
    assert.equal(outcome({}, [policies(gold), require(2)], [policies(gold)], []), 'refused')
    assert.equal(outcome({}, [policies(gold), require(5)], [require(0)], []), 'refused')
  })

  test('the leaf itself', () => {
    assert.equal(outcome({}, [policies(gold)], [policies(silver), require(0)]), 'refused')
    assert.equal(outcome({}, [policies(gold)], [policies(silver), require(1)]), 'valid')
  })

  test('an anchor that does is obeyed', () => {
    const strict = testAuthority({ extensions: [require(0)] })
    const bad = strict.issue()
    refuses(bad, { anchors: [strict] }, 'constraint_violated', bad)
    assert.ok(judge(strict.issue({ extensions: [policies(gold)] }), { anchors: [strict] }).ok)
    const limited = testAuthority({ extensions: [require(0), policies(gold)] })
    const other = limited.issue({ extensions: [policies(silver)] })
    refuses(other, { anchors: [limited] }, 'constraint_violated', other)
  })

  test('an anchor in the middle of a hierarchy does not count as a certificate of the path', () => {
    const middle = root.intermediate({ name: 'Middle' })
    assert.ok(judge(middle.issue(), { anchors: [middle] }).ok)
  })

  test('a self-issued certificate does not count down', () => {
    const upper = root.intermediate({ name: 'Upper', extensions: [policies(gold), require(2)] })
    const rolled = upper.intermediate({ name: 'Upper', key: testKey(), extensions: [policies(gold)] })
    assert.ok(judge(rolled.issue(), { anchors: [root] }).ok)
  })
})

suite('mappings', () => {
  const map = (...pairs: [string, string][]) => policyMappings(pairs)
  const wanted = { ...explicit, initialPolicySet: [gold] }

  test('a mapped policy counts as the one that it stands for', () => {
    assert.equal(outcome(wanted, [policies(gold), map([gold, silver])], [policies(silver)]), 'valid')
    assert.equal(outcome(wanted, [policies(gold), map([gold, silver])], [policies(gold)]), 'refused')
    assert.equal(outcome(wanted, [policies(any), map([gold, silver])], [policies(silver)]), 'valid')
    assert.equal(outcome(wanted, [policies(bronze), map([gold, silver])], [policies(silver)]), 'refused')
  })

  test('one to several, and over several levels', () => {
    assert.equal(outcome(wanted, [policies(gold), map([gold, silver], [gold, bronze])], [policies(bronze)]), 'valid')
    const levels = [
      [policies(gold), map([gold, silver])],
      [policies(silver), map([silver, bronze])],
    ] as const
    assert.equal(outcome(wanted, [...levels[0]], [...levels[1]], [policies(bronze)]), 'valid')
    assert.equal(
      outcome({ ...wanted, initialPolicySet: [silver] }, [...levels[0]], [...levels[1]], [policies(bronze)]),
      'refused',
    )
  })

  test('inhibited, by the caller or by an authority', () => {
    const chain = [[policies(gold), map([gold, silver])], [policies(silver)]]
    assert.equal(outcome({ ...wanted, initialPolicyMappingInhibit: true }, ...chain), 'refused')
    const inhibit = policyConstraints({ inhibitPolicyMapping: 0 })
    assert.equal(outcome(wanted, [policies(gold), inhibit], ...chain), 'refused')
  })

  test('from or to any policy is malformed', () => {
    for (const pair of [
      [any, gold],
      [gold, any],
    ] as [string, string][]) {
      const middle = root.intermediate({ extensions: [policies(gold), map(pair)] })
      refuses(middle.issue(), { anchors: [root] }, 'certificate_malformed', middle)
    }
  })

  test('a product of mappings costs its sum', () => {
    const width = 60
    const oids = Array.from({ length: width }, (_, i) => `1.2.3.${i + 1}`)
    const everything = oids.flatMap(a => oids.map((b): [string, string] => [a, b]))
    const level = [policies(...oids), map(...everything)]
    const start = performance.now()
    assert.equal(
      outcome({ ...explicit, initialPolicySet: ['1.9.9'] }, level, level, level, level, level, level, [
        policies(...oids),
      ]),
      'refused',
    )
    assert.ok(performance.now() - start < 5000)
  })
})

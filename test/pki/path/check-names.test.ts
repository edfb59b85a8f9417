import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { der, explicit, sequence, tag } from '../../../src/pki/asn1/der.ts'
import { rawExtension } from '../../../src/pki/x509/build-extensions.ts'
import type { GeneralNameSource } from '../../../src/pki/x509/build-general-name.ts'
import { buildGeneralName } from '../../../src/pki/x509/build-general-name.ts'
import { type IssueOptions, testAuthority, testKey } from '../../support/certificates.ts'
import { judge, refuses } from './judge.ts'

const root = testAuthority({ name: 'Root' })
// one key for all, so that the tests are about names
const key = testKey()

interface Trees {
  readonly permitted?: readonly GeneralNameSource[]
  readonly excluded?: readonly GeneralNameSource[]
}

type Outcome = 'in' | 'out'

function outcome(constraints: Trees, leaf: IssueOptions): Outcome {
  const middle = root.intermediate({ key, nameConstraints: constraints })
  const verdict = judge(middle.issue({ key, subject: '', ...leaf }), { anchors: [root] })
  if (!verdict.ok) assert.equal(verdict.code, 'constraint_violated', verdict.detail)
  return verdict.ok ? 'in' : 'out'
}

function table(
  kind: 'dns' | 'email' | 'uri' | 'ip',
  rows: readonly (readonly [base: string, name: string, permitted: Outcome, excluded: Outcome])[],
): void {
  for (const [base, name, permitted, excluded] of rows) {
    test(`${kind} ${name || '(empty)'} against ${base || '(empty)'}: permitted ${permitted}, excluded ${excluded}`, () => {
      const constraint = [{ [kind]: base }] as unknown as GeneralNameSource[]
      const san = [{ [kind]: name }] as unknown as GeneralNameSource[]
      assert.equal(outcome({ permitted: constraint }, { san }), permitted)
      assert.equal(outcome({ excluded: constraint }, { san }), excluded)
    })
  }
}

suite('DNS names', () => {
  table('dns', [
    ['a.example', 'a.example', 'in', 'out'],
    ['a.example', 'b.a.example', 'in', 'out'],
    ['a.example', 'c.b.a.example', 'in', 'out'],
    ['a.example', 'B.A.EXAMPLE', 'in', 'out'],
    ['A.EXAMPLE', 'b.a.example', 'in', 'out'],
    ['a.example', 'ba.example', 'out', 'in'],
    ['a.example', 'example', 'out', 'in'],
    ['a.example', 'a.example.evil', 'out', 'in'],
    ['', 'anything.example', 'in', 'out'],
    // a name that is none may be neither in nor out
    ['a.example', 'a.example.', 'out', 'out'],
    ['a.example', '.a.example', 'out', 'out'],
    ['a.example', 'b..a.example', 'out', 'out'],
    ['a.example', '-.a.example', 'out', 'out'],
    ['a.example', 'b.*.a.example', 'out', 'out'],
    ['a.example', 'x*.a.example', 'out', 'out'],
    ['a.example', '*', 'out', 'out'],
    // a constraint that is none
    ['.a.example', 'b.a.example', 'out', 'out'],
    ['*.a.example', 'b.a.example', 'out', 'out'],
    ['a.example.', 'b.a.example', 'out', 'out'],
    // wildcards: all names inside, or any
    ['a.example', '*.a.example', 'in', 'out'],
    ['a.example', '*.b.a.example', 'in', 'out'],
    ['b.a.example', '*.a.example', 'out', 'out'],
    ['c.b.a.example', '*.a.example', 'out', 'in'],
    ['a.example', '*.example', 'out', 'out'],
    ['other.example', '*.a.example', 'out', 'in'],
  ])
})

suite('e-mail addresses', () => {
  table('email', [
    ['user@a.example', 'user@a.example', 'in', 'out'],
    ['user@a.example', 'user@A.Example', 'in', 'out'],
    ['user@a.example', 'User@a.example', 'out', 'in'],
    ['user@a.example', 'other@a.example', 'out', 'in'],
    ['user@a.example', 'user@b.a.example', 'out', 'in'],
    ['a.example', 'user@a.example', 'in', 'out'],
    ['a.example', 'user@b.a.example', 'out', 'in'],
    ['.a.example', 'user@b.a.example', 'in', 'out'],
    ['.a.example', 'user@a.example', 'out', 'in'],
    ['', 'user@a.example', 'in', 'out'],
    ['*@a.example', 'user@a.example', 'out', 'in'],
    ['*@a.example', '*@a.example', 'in', 'out'],
    ['a.example', 'user@evil.example@a.example', 'out', 'out'],
    ['a.example', '"x@evil.example"@a.example', 'out', 'out'],
    ['a.example', 'a.example', 'out', 'out'],
    ['a.example', '@a.example', 'out', 'out'],
    ['a.example', 'user@', 'out', 'out'],
    ['a.example', 'user@a.example.', 'out', 'out'],
    ['a@b@a.example', 'user@a.example', 'out', 'out'],
  ])
})

suite('URIs', () => {
  table('uri', [
    ['a.example', 'https://a.example/x?y#z', 'in', 'out'],
    ['a.example', 'https://A.EXAMPLE:8443', 'in', 'out'],
    ['a.example', 'https://user:pw@a.example/', 'in', 'out'],
    ['a.example', 'https://b.a.example/', 'out', 'in'],
    ['.a.example', 'https://b.a.example/', 'in', 'out'],
    ['.a.example', 'https://a.example/', 'out', 'in'],
    ['a.example', 'spiffe://a.example/workload', 'in', 'out'],
    // no host, or one that can be read in two ways
    ['a.example', 'urn:example:a', 'out', 'out'],
    ['a.example', 'https:a.example', 'out', 'out'],
    ['a.example', 'https://evil.example\\@a.example/', 'out', 'out'],
    ['a.example', 'https://evil.example@x@a.example/', 'out', 'out'],
    ['a.example', 'https://a%2eexample/', 'out', 'out'],
    ['a.example', 'https://10.0.0.1/', 'out', 'out'],
    ['a.example', 'https://[::1]/', 'out', 'out'],
    ['a.example', 'https://a.example./', 'out', 'out'],
    ['https://a.example', 'https://a.example/', 'out', 'out'],
    ['.', 'https://a.example/', 'out', 'out'],
  ])
})

suite('IP addresses', () => {
  table('ip', [
    ['10.0.0.0/8', '10.255.0.1', 'in', 'out'],
    ['10.0.0.0/8', '11.0.0.1', 'out', 'in'],
    ['10.0.0.5/32', '10.0.0.5', 'in', 'out'],
    ['0.0.0.0/0', '10.0.0.5', 'in', 'out'],
    ['2001:db8::/32', '2001:db8:1::1', 'in', 'out'],
    ['2001:db8::/32', '2001:db9::1', 'out', 'in'],
    ['::1/128', '::1', 'in', 'out'],
    // the other family is outside, also when it means the same machine
    ['10.0.0.0/8', '::1', 'out', 'in'],
    ['10.0.0.0/8', '::ffff:10.0.0.1', 'out', 'in'],
    ['::/0', '10.0.0.1', 'out', 'in'],
  ])

  test('an address written as DNS name is no address, and one as address no DNS name', () => {
    assert.equal(outcome({ permitted: [{ ip: '10.0.0.0/8' }] }, { san: [{ dns: '11.0.0.1' }] }), 'in')
    assert.equal(outcome({ permitted: [{ dns: 'a.example' }] }, { san: [{ ip: '11.0.0.1' }] }), 'in')
  })

  test('a range with a gap in its mask, or of a strange length, makes the authority malformed', () => {
    for (const octets of ['0a000000ff00ff00', '0a000000', '0a']) {
      const base = sequence(der(0x87, Buffer.from(octets, 'hex')))
      const extensions = [rawExtension('2.5.29.30', sequence(explicit(0, base)), true)]
      const middle = root.intermediate({ key, extensions })
      refuses(middle.issue({ key }), { anchors: [root] }, 'certificate_malformed', middle)
    }
  })
})

suite('directory names', () => {
  const permitted = (...names: string[]) => ({ permitted: names.map(directoryName => ({ directoryName })) })
  const excluded = (...names: string[]) => ({ excluded: names.map(directoryName => ({ directoryName })) })

  test('a subject is inside when the constraint is the beginning of it', () => {
    assert.equal(outcome(permitted('O=Example,C=DE'), { subject: 'CN=a,OU=x,O=Example,C=DE' }), 'in')
    assert.equal(outcome(permitted('O=Example,C=DE'), { subject: 'CN=a,O=Example' }), 'out')
    assert.equal(outcome(permitted('O=Example,C=DE'), { subject: 'CN=a,C=DE,O=Example' }), 'out')
    assert.equal(outcome(permitted('O=Example,C=DE'), { subject: 'C=DE' }), 'out')
    assert.equal(outcome(permitted('O=Example,C=DE', 'O=Other'), { subject: 'CN=a,O=Other' }), 'in')
    assert.equal(outcome(excluded('O=Example'), { subject: 'CN=a,O=Example' }), 'out')
    assert.equal(outcome(excluded('O=Example'), { subject: 'CN=a,O=Exam' }), 'in')
  })

  test('case and white space do not get around an exclusion', () => {
    assert.equal(outcome(excluded('O=Example Corp'), { subject: 'CN=a,O=EXAMPLE   corp' }), 'out')
  })

  test('a comma inside a value is not one between values', () => {
    assert.equal(outcome(permitted('OU=x,O=y'), { subject: [{ type: 'O', value: 'y,OU=x' }] }), 'out')
  })

  test('a directory name among the alternative names counts as well', () => {
    assert.equal(outcome(permitted('O=Example'), { subject: 'O=Example', san: [{ directoryName: 'O=Other' }] }), 'out')
    assert.equal(
      outcome(excluded('O=Other'), { subject: 'O=Example', san: [{ directoryName: 'CN=x,O=Other' }] }),
      'out',
    )
  })

  test('an empty subject is no name', () => {
    assert.equal(outcome(permitted('O=Example'), { subject: '', san: [{ dns: 'a.example' }] }), 'in')
  })
})

suite('one type of name says nothing about another', () => {
  const host = [{ dns: 'a.example' }]

  test('the same text in another type is another name', () => {
    assert.equal(outcome({ permitted: host }, { san: [{ email: 'x@evil.example' }] }), 'in')
    assert.equal(outcome({ permitted: host }, { san: [{ uri: 'https://evil.example/' }] }), 'in')
    assert.equal(outcome({ excluded: host }, { san: [{ email: 'x@a.example' }] }), 'in')
    assert.equal(outcome({ permitted: [{ email: 'a.example' }] }, { san: [{ dns: 'evil.example' }] }), 'in')
  })

  test('every name has to be inside, not one of them', () => {
    assert.equal(outcome({ permitted: host }, { san: [{ dns: 'a.example' }, { dns: 'evil.example' }] }), 'out')
    assert.equal(outcome({ excluded: host }, { san: [{ dns: 'evil.example' }, { dns: 'a.example' }] }), 'out')
  })

  test('an exclusion wins over a permission', () => {
    const trees = { permitted: host, excluded: [{ dns: 'b.a.example' }] }
    assert.equal(outcome(trees, { san: [{ dns: 'c.a.example' }] }), 'in')
    assert.equal(outcome(trees, { san: [{ dns: 'b.a.example' }] }), 'out')
  })

  test('an e-mail address in the subject is one, with and without alternative names', () => {
    const trees = { permitted: [{ email: 'a.example' }] }
    const subject = 'CN=x,emailAddress=x@evil.example'
    assert.equal(outcome(trees, { subject }), 'out')
    assert.equal(outcome(trees, { subject, san: [{ email: 'x@a.example' }] }), 'out')
    assert.equal(outcome(trees, { subject: 'CN=x,emailAddress=x@a.example' }), 'in')
  })

  test('a mailbox beyond ASCII is refused where mailboxes are constrained', () => {
    const value = der(tag.utf8String, Buffer.from('jürgen@evil.example'))
    const san = [{ otherName: { oid: '1.3.6.1.5.5.7.8.9', value } }]
    assert.equal(outcome({ permitted: [{ email: 'a.example' }] }, { san }), 'out')
    assert.equal(outcome({ excluded: [{ email: 'a.example' }] }, { san }), 'out')
    assert.equal(outcome({ permitted: host }, { san }), 'in')
  })

  test('constraints of a type that has no rule here refuse every name of that type', () => {
    const upn = [{ upn: 'alice@a.example' }]
    const value = der(tag.utf8String, Buffer.from('x'))
    for (const trees of [{ permitted: upn }, { excluded: upn }]) {
      assert.equal(outcome(trees, { san: upn }), 'out')
      assert.equal(outcome(trees, { san: [{ otherName: { oid: '1.2.3', value } }] }), 'out')
      assert.equal(outcome(trees, { san: host }), 'in')
    }
    const registered = [{ registeredId: '1.2.3' }]
    assert.equal(outcome({ permitted: registered }, { san: registered }), 'out')
  })

  test('a minimum or maximum is not ignored', () => {
    const base = buildGeneralName({ dns: 'a.example' })
    for (const distance of [der(0x80, Buffer.from([1])), der(0x81, Buffer.from([1]))]) {
      const extensions = [rawExtension('2.5.29.30', sequence(explicit(0, sequence(base, distance))), true)]
      const middle = root.intermediate({ key, extensions })
      refuses(middle.issue({ key }), { anchors: [root] }, 'certificate_malformed', middle)
    }
  })
})

suite('who constrains whom', () => {
  const only = (dns: string) => ({ nameConstraints: { permitted: [{ dns }] } })

  test('an anchor constrains like an intermediate, critical or not', () => {
    const top = testAuthority(only('a.example'))
    const good = top.issue({ san: [{ dns: 'b.a.example' }] })
    assert.ok(judge(good, { anchors: [top] }).ok)
    const bad = top.issue({ san: [{ dns: 'evil.example' }] })
    refuses(bad, { anchors: [top] }, 'constraint_violated', bad)
  })

  test('a lower authority narrows, and never widens', () => {
    const upper = root.intermediate({ name: 'Upper', ...only('b.a.example') })
    const lower = upper.intermediate({ name: 'Lower', ...only('a.example') })
    const leaf = lower.issue({ san: [{ dns: 'c.a.example' }] })
    refuses(leaf, { anchors: [root] }, 'constraint_violated', leaf)
  })

  test('an intermediate is held to them too; a self-issued one is not, unless it is the last', () => {
    const upper = root.intermediate({ name: 'Upper', ...only('a.example') })
    const lower = upper.intermediate({ name: 'Lower', san: [{ dns: 'evil.example' }] })
    refuses(lower.issue(), { anchors: [root] }, 'constraint_violated', lower)
    const rolled = upper.intermediate({ name: 'Upper', san: [{ dns: 'evil.example' }] })
    assert.ok(judge(rolled.issue(), { anchors: [root] }).ok)
    const last = upper.intermediate({ name: 'Upper', san: [{ dns: 'evil.example' }], keyUsage: ['digitalSignature'] })
    refuses(last, { anchors: [root] }, 'constraint_violated', last)
  })

  test('thousands of names against thousands of constraints stop early', () => {
    const many = (prefix: string) => Array.from({ length: 2000 }, (_, i) => ({ dns: `${prefix}${i}.example` }))
    const top = testAuthority({ nameConstraints: { excluded: many('x') } })
    const leaf = top.issue({ san: many('y') })
    const start = performance.now()
    refuses(leaf, { anchors: [top] }, 'constraint_violated', leaf, /more than 250000/)
    assert.ok(performance.now() - start < 5000)
  })
})

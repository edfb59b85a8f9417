import assert from 'node:assert/strict'
import { test } from 'node:test'
import { reviewBindings } from '../../../src/identity/bindings/configured-bindings.ts'
import { bindingOptions, bindingsOptions } from '../../../src/identity/bindings/options.ts'
import { testAuthority } from '../../support/certificates.ts'

const partners = testAuthority({ name: 'Partners CA' })
const machines = testAuthority({ name: 'Machines CA' })
const anchors = [
  { alias: 'partners', certificate: partners.certificate },
  { alias: 'machines', certificate: machines.certificate },
]
const thumbprint = partners.thumbprint

const review = (bindings: readonly object[], from = anchors, severalTenants?: 'choose') =>
  reviewBindings(
    bindings.map(binding => bindingOptions.parse(binding)),
    from,
    severalTenants,
  )

test('the schema refuses a binding that says nothing, too much, or the same thing twice', () => {
  for (const [written, problem] of [
    [{ users: ['a'] }, /name a thumbprint, subject, san or anchor/],
    [{ thumbprint, subject: 'CN=a', users: ['a'] }, /not both/],
    [{ thumbprint }, /either users or user/],
    [{ thumbprint, users: ['a'], user: { from: 'subject.CN' } }, /either users or user/],
    [{ thumbprint, users: [] }, /users/],
    [{ thumbprint, users: ['*', 'a'] }, /stands alone/],
    [{ thumbprint, users: ['a', 'a'] }, /twice/],
    [{ anchor: 'partners', users: ['*'] }, /insecureAnyUser/],
    [{ subject: 'CN=a', users: ['*'] }, /insecureAnyUser/],
    [{ san: { email: 'a@b', dns: 'c' }, users: ['a'] }, /exactly one/],
    [{ san: {}, users: ['a'] }, /exactly one/],
    [{ thumbprint, user: 'a' }, /user/],
    [{ thumbprint, usres: ['a'] }, /usres/],
  ] as const) {
    const parsed = bindingsOptions.safeParse([written])
    assert.match(parsed.success ? 'accepted' : JSON.stringify(parsed.error.issues), problem, JSON.stringify(written))
  }
  assert.ok(bindingOptions.safeParse({ anchor: 'partners', users: ['*'], insecureAnyUser: true }).success)
})

test('every problem is told at once, each with its place and its code', () => {
  const user = (from: string, match?: string, replace?: string) => ({
    anchor: 'partners',
    user: { from, match, replace },
  })
  const cases: readonly [object, string][] = [
    [{ thumbprint: '3f0a', users: ['a'] }, 'ERR_BINDING_SELECTOR'],
    [{ thumbprint: thumbprint.slice(0, 40), users: ['a'] }, 'ERR_BINDING_SELECTOR'],
    [{ subject: 'alice', users: ['a'] }, 'ERR_BINDING_SELECTOR'],
    [{ san: { email: 'alice' }, users: ['a'] }, 'ERR_BINDING_SELECTOR'],
    [{ san: { uri: 'alice' }, users: ['a'] }, 'ERR_BINDING_SELECTOR'],
    [{ anchor: 'nobody', users: ['a'] }, 'ERR_BINDING_ANCHOR_UNKNOWN'],
    [user('issuer.CN'), 'ERR_BINDING_SOURCE'],
    [user('subject.nonsense'), 'ERR_BINDING_SOURCE'],
    [user('san.ip'), 'ERR_BINDING_SOURCE'],
    [user('subject.CN', '(.+)'), 'ERR_BINDING_PATTERN'],
    [user('subject.CN', '^(a)|(b)$'), 'ERR_BINDING_PATTERN'],
    [user('subject.CN', undefined, '$1'), 'ERR_BINDING_TEMPLATE'],
    [user('subject.CN', '^(.+)$', '$2'), 'ERR_BINDING_TEMPLATE'],
    [user('subject.CN', '^(.+)$', '$x'), 'ERR_BINDING_TEMPLATE'],
    [user('subject.CN', '^(.+)$', '$'), 'ERR_BINDING_TEMPLATE'],
  ]
  const { problems } = review(cases.map(([written]) => written))
  assert.deepEqual(
    problems.map(({ index, error }) => [index, error.code]),
    cases.map(([, code], index) => [index, code]),
  )
  for (const { error } of problems) assert.ok(error.remedy)
})

test('an alias of two authorities is refused; two aliases of one authority are the same', () => {
  const twins = [...anchors, { alias: 'Machines', certificate: partners.certificate }]
  assert.equal(
    review([{ anchor: 'machines', users: ['a'] }], twins).problems[0]?.error.code,
    'ERR_BINDING_ANCHOR_AMBIGUOUS',
  )
  const renewed = testAuthority({ name: 'Partners CA', key: partners, notAfter: Date.now() + 1e9 })
  assert.notEqual(renewed.thumbprint, partners.thumbprint)
  const both = review(
    [{ anchor: 'partners', users: ['a'] }],
    [...anchors, { alias: 'partners-2', certificate: renewed.certificate }],
  )
  assert.deepEqual(both.problems, [])
  assert.deepEqual(both.bindings.directory.aliases([partners.issue().certificate, renewed.certificate]), [
    'partners',
    'partners-2',
  ])
})

test('two bindings that look for the same and differ are refused at once, not at the first client', () => {
  const { problems } = review([
    { thumbprint, users: ['a'] },
    { thumbprint: thumbprint.toUpperCase(), users: ['b'] },
    { anchor: 'partners', users: ['a'] },
    { anchor: 'PARTNERS', users: ['a'] },
  ])
  assert.deepEqual(
    problems.map(({ index, error }) => [index, error.code]),
    [[1, 'ERR_BINDING_CONFLICT']],
  )
})

test('what is wider than it seems is warned of', () => {
  const { warnings } = review([
    { subject: 'CN=a', users: ['a'] },
    { subject: 'CN=b', anchor: 'partners', users: ['b'] },
    { anchor: 'machines', users: ['*'], insecureAnyUser: true },
  ])
  assert.equal(warnings.length, 2)
  assert.match(warnings[0]!, /subject CN=a.*2 trust anchors/)
  assert.match(warnings[1]!, /insecureAnyUser.*anchor machines/)
})

test('the same certificate in two tenants is a conflict, unless names tell the tenant', () => {
  const bindings = [
    { thumbprint, users: ['alice'] },
    { thumbprint, users: ['bob'], tenant: 'partner' },
  ]
  assert.equal(review(bindings).problems[0]?.error.code, 'ERR_BINDING_CONFLICT')
  assert.deepEqual(review(bindings, anchors, 'choose').problems, [])
  const twice = [...bindings, { thumbprint, users: ['carol'], tenant: 'partner' }]
  assert.equal(review(twice, anchors, 'choose').problems[0]?.error.code, 'ERR_BINDING_CONFLICT')
})

test('a binding names the anchors of its tenant, and those of all', () => {
  const own = [
    { alias: 'ca', certificate: partners.certificate, tenant: 'one' },
    { alias: 'ca', certificate: machines.certificate, tenant: 'two' },
    { alias: 'all', certificate: testAuthority().certificate },
  ]
  const code = (binding: object) => review([{ users: ['a'], ...binding }], own).problems[0]?.error
  for (const tenant of ['one', 'two']) assert.equal(code({ anchor: 'ca', tenant }), undefined)
  for (const tenant of ['one', 'default', 'third']) assert.equal(code({ anchor: 'all', tenant }), undefined)
  assert.equal(code({ anchor: 'ca' })?.code, 'ERR_BINDING_ANCHOR_UNKNOWN')
  const unknown = code({ anchor: 'x', tenant: 'one' })
  assert.equal(unknown?.message, 'no trust store for the tenant one, or for any, has an entry called "x"')
})

test('a binding for a tenant that nobody vouches for is told', () => {
  const own = [{ alias: 'ca', certificate: partners.certificate, tenant: 'one' }]
  const { warnings } = review([{ thumbprint, users: ['alice'] }], own)
  assert.match(warnings.join(), /lets nobody in: no trust store vouches for users of the tenant default/)
  assert.deepEqual(review([{ thumbprint, users: ['alice'], tenant: 'one' }], own).warnings, [])
})

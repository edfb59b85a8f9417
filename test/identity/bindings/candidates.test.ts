import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findCandidates } from '../../../src/identity/bindings/candidates.ts'
import { reviewBindings } from '../../../src/identity/bindings/configured-bindings.ts'
import { bindingOptions } from '../../../src/identity/bindings/options.ts'
import { rawExtension } from '../../../src/pki/x509/build-extensions.ts'
import type { GeneralNameSource } from '../../../src/pki/x509/build-general-name.ts'
import type { NameSource } from '../../../src/pki/x509/build-name.ts'
import { type Issued, testAuthority } from '../../support/certificates.ts'

const authority = testAuthority({ name: 'Partners CA' })
const other = testAuthority({ name: 'Machines CA' })
const anchors = [
  { alias: 'Partners', certificate: authority.certificate },
  { alias: 'machines', certificate: other.certificate },
]

const read = (bindings: readonly object[], severalTenants?: 'choose') => {
  const review = reviewBindings(
    bindings.map(binding => bindingOptions.parse(binding)),
    anchors,
    severalTenants,
  )
  assert.deepEqual(review.problems, [])
  return review.bindings
}

const decide = (bindings: readonly object[], leaf: Issued, above: readonly Issued[] = [authority]) =>
  findCandidates({ path: [leaf, ...above].map(one => one.certificate) }, read(bindings))

const bob = authority.issue({
  subject: 'CN=bob,O=Partner,C=DE',
  san: [
    { email: 'bob@Partner.example' },
    { dns: 'bob.partner.example' },
    { uri: 'spiffe://partner/bob' },
    { upn: 'bob@corp.example' },
  ],
})

test('a binding by any part of the certificate finds it', async () => {
  const colons = bob.thumbprint.toUpperCase().replace(/..(?!$)/g, '$&:')
  for (const [selector, label] of [
    [{ thumbprint: bob.thumbprint }, /^thumbprint [0-9a-f]{16}…$/],
    [{ thumbprint: colons }, /^thumbprint [0-9a-f]{16}…$/],
    [{ subject: 'CN=bob,O=Partner,C=DE' }, /^subject CN=bob/],
    [{ subject: 'cn=bob, o=Partner, c=DE' }, /^subject cn=bob/],
    [{ san: { email: 'bob@partner.EXAMPLE' } }, /^email bob@/],
    [{ san: { dns: 'BOB.partner.example' } }, /^dns /],
    [{ san: { uri: 'spiffe://partner/bob' } }, /^uri /],
    [{ san: { upn: 'bob@corp.example' } }, /^upn /],
    [{ anchor: 'partners' }, /^anchor partners$/],
    [{ subject: 'CN=bob,O=Partner,C=DE', anchor: 'PARTNERS' }, /^subject CN=bob/],
  ] as const) {
    const found = await decide([{ ...selector, users: ['bob', 'ops'] }], bob)
    assert.ok(found.ok, JSON.stringify(selector))
    assert.deepEqual(found.users, ['bob', 'ops'])
    assert.equal(found.tenant, 'default')
    assert.match(found.binding, label)
  }
})

test('what is not exactly what the binding says does not match', async () => {
  for (const selector of [
    { thumbprint: other.thumbprint },
    { subject: 'CN=bob,O=Partner' },
    { subject: 'C=DE,O=Partner,CN=bob' },
    { subject: 'CN=Bob,O=Partner,C=DE' },
    { subject: 'CN=bob+O=Partner,C=DE' },
    { subject: 'CN=bob\\,O=Partner,C=DE' },
    { san: { email: 'Bob@partner.example' } },
    { san: { dns: 'bob@Partner.example' } },
    { san: { dns: 'partner.example' } },
    { san: { uri: 'spiffe://partner/BOB' } },
    { san: { upn: 'bob@Partner.example' } },
    { san: { email: 'bob@corp.example' } },
    { anchor: 'machines' },
    { subject: 'CN=bob,O=Partner,C=DE', anchor: 'machines' },
  ]) {
    const found = await decide([{ ...selector, users: ['bob'] }], bob)
    assert.equal(found.ok ? 'found' : found.code, 'certificate_not_bound', JSON.stringify(selector))
  }
})

test('the same text in another kind of alternative name is another name', async () => {
  const kinds = ['email', 'dns', 'uri', 'upn'] as const
  const value = 'urn:bob@partner.example'
  for (const has of kinds) {
    const leaf = authority.issue({ subject: [], san: [{ [has]: value } as unknown as GeneralNameSource] })
    for (const wants of kinds) {
      const found = await decide([{ san: { [wants]: value }, users: ['bob'] }], leaf)
      assert.equal(found.ok, has === wants, `${has} taken for ${wants}`)
      const mapped = await decide([{ anchor: 'partners', user: { from: `san.${wants}` } }], leaf)
      assert.equal(mapped.ok, has === wants, `${has} mapped as ${wants}`)
    }
  }
})

test('thumbprint goes before name, and name before anchor', async () => {
  const byAnchor = { anchor: 'partners', users: ['anyone'] }
  const bySubject = { subject: 'CN=bob,O=Partner,C=DE', users: ['bob'] }
  const byThumbprint = { thumbprint: bob.thumbprint, users: ['*'] }
  const users = async (bindings: readonly object[]) => {
    const found = await decide(bindings, bob)
    return found.ok ? found.users : found.code
  }
  assert.deepEqual(await users([byAnchor]), ['anyone'])
  assert.deepEqual(await users([byAnchor, bySubject]), ['bob'])
  assert.equal(await users([byAnchor, bySubject, byThumbprint]), '*')
  const found = await decide([byAnchor, bySubject, byThumbprint], bob)
  assert.deepEqual(
    found.considered.map(({ level, outcome }) => [level, outcome]),
    [
      ['thumbprint', 'decides'],
      ['name', 'less specific'],
      ['anchor', 'less specific'],
    ],
  )
})

test('two bindings of one level that differ are ambiguous, in whatever order, and two that agree are not', async () => {
  const subject = { subject: 'CN=bob,O=Partner,C=DE', users: ['bob'] }
  for (const second of [
    { san: { email: 'bob@partner.example' }, users: ['robert'] },
    { san: { email: 'bob@partner.example' }, users: ['bob', 'ops'] },
    { san: { email: 'bob@partner.example' }, users: ['bob'], tenant: 'partner' },
    { san: { email: 'bob@partner.example' }, users: ['*'], insecureAnyUser: true },
    { san: { email: 'bob@partner.example' }, user: { from: 'san.dns' } },
  ]) {
    for (const bindings of [
      [subject, second],
      [second, subject],
    ]) {
      const found = await decide([...bindings, { anchor: 'partners', users: ['bob'] }], bob)
      assert.equal(found.ok ? 'found' : found.code, 'binding_ambiguous')
    }
  }
  assert.ok((await decide([subject, { san: { email: 'bob@partner.example' }, user: { from: 'subject.CN' } }], bob)).ok)
})

test('where names tell the tenant, one certificate can be bound in several, and each has to agree with itself', async () => {
  const here = { subject: 'CN=bob,O=Partner,C=DE', users: ['bob'] }
  const there = { san: { email: 'bob@partner.example' }, users: ['robert', 'ops'], tenant: 'partner' }
  const choose = async (...bindings: readonly object[]) =>
    findCandidates({ path: [bob, authority].map(one => one.certificate) }, read(bindings, 'choose'))
  const found = await choose(here, there, { anchor: 'partners', users: ['carol'], tenant: 'third' })
  assert.ok(found.ok)
  assert.deepEqual(
    [found, ...found.elsewhere].map(({ tenant, users }) => [tenant, users]),
    [
      ['default', ['bob']],
      ['partner', ['robert', 'ops']],
    ],
  )
  for (const more of [
    { ...here, subject: undefined, san: { uri: 'spiffe://partner/bob' }, users: ['ops'] },
    { ...there, san: { upn: 'bob@corp.example' }, users: ['robert'] },
  ]) {
    const ambiguous = await choose(here, there, more)
    assert.equal(ambiguous.ok ? 'found' : ambiguous.code, 'binding_ambiguous')
  }
})

test('bindings of a tenant that no anchor vouches in do not apply, and say so', async () => {
  const list = [
    { alias: 'ca', certificate: authority.certificate, tenant: 'one' },
    { alias: 'ca', certificate: other.certificate, tenant: 'two' },
  ]
  const { bindings, problems } = reviewBindings(
    [
      { anchor: 'ca', users: ['bob'], tenant: 'one' },
      { anchor: 'ca', users: ['robert'], tenant: 'two' },
      { thumbprint: bob.thumbprint, users: ['admin'], tenant: 'two' },
      { thumbprint: bob.thumbprint, users: ['admin'] },
    ].map(each => bindingOptions.parse(each)),
    list,
  )
  assert.deepEqual(problems, [])
  const path = [bob, authority].map(each => each.certificate)
  const found = await findCandidates({ path, tenantPaths: [{ tenant: 'one', path }] }, bindings)
  assert.ok(found.ok)
  assert.deepEqual([found.tenant, found.users, found.elsewhere], ['one', ['bob'], []])
  assert.deepEqual(
    found.considered.map(({ outcome, reason }) => [outcome, reason]),
    [
      ['does not apply', 'no anchor of the tenant two vouches for the certificate'],
      ['does not apply', 'no anchor of the tenant default vouches for the certificate'],
      ['decides', ''],
      ['does not apply', 'no anchor of the tenant two vouches for the certificate'],
    ],
  )
  const none = await findCandidates({ path, tenantPaths: [] }, bindings)
  assert.equal(none.ok ? 'found' : none.code, 'certificate_not_bound')
})

test('two authorities with the same name are two: a binding to one does not hold for the other', async () => {
  const twin = testAuthority({ name: 'Partners CA' })
  const leaf = twin.issue({ subject: 'CN=bob' })
  assert.equal((await decide([{ anchor: 'partners', users: ['bob'] }], leaf, [twin])).ok, false)
})

test('the nearest authority that the trust stores know vouches, whichever way the client sends the path', async () => {
  const sub = authority.intermediate({ name: 'Sub CA' })
  const leaf = sub.issue({ subject: 'CN=admin' })
  const directory = [...anchors, { alias: 'sub', certificate: sub.certificate }]
  const options = [
    { anchor: 'sub', user: { from: 'subject.CN', match: '^(.+)$', replace: 'sub/$1' } },
    { anchor: 'partners', user: { from: 'subject.CN' } },
  ].map(binding => bindingOptions.parse(binding))
  const { bindings, problems } = reviewBindings(options, directory)
  assert.deepEqual(problems, [])
  for (const path of [
    [leaf, sub],
    [leaf, sub, authority],
  ]) {
    const found = await findCandidates({ path: path.map(one => one.certificate) }, bindings)
    assert.deepEqual(found.ok && found.users, ['sub/admin'])
  }
})

test('a pinned leaf is bound by its own alias', async () => {
  const { bindings } = reviewBindings(
    [bindingOptions.parse({ anchor: 'bobs-laptop', users: ['bob'] })],
    [...anchors, { alias: 'bobs-laptop', certificate: bob.certificate }],
  )
  assert.ok((await findCandidates({ path: [bob.certificate] }, bindings)).ok)
  assert.equal((await findCandidates({ path: [authority.issue().certificate] }, bindings)).ok, false)
})

test('the user is taken from the certificate by from, match and replace', async () => {
  const partner = { anchor: 'partners' }
  const cases: readonly [object, NameSource, readonly GeneralNameSource[], string][] = [
    [{ from: 'subject.CN' }, 'CN=bob', [], 'bob'],
    [{ from: 'subject.2.5.4.3' }, 'CN=bob', [], 'bob'],
    [{ from: 'subject.UID' }, 'CN=Bob B.,UID=bob', [], 'bob'],
    [{ from: 'subject.emailAddress' }, 'emailAddress=bob@x.example', [], 'bob@x.example'],
    [
      { from: 'subject.CN' },
      [
        [
          { type: 'CN', value: 'bob' },
          { type: 'UID', value: '7' },
        ],
      ],
      [],
      'bob',
    ],
    [{ from: 'subject.CN' }, [{ type: 'CN', value: 'bob', encoding: 'bmp' }], [], 'bob'],
    [{ from: 'subject.CN' }, [{ type: 'CN', value: 'bob,O=Evil+CN=admin' }], [], 'bob,O=Evil+CN=admin'],
    [{ from: 'san.upn' }, 'CN=x', [{ upn: 'bob@corp' }], 'bob@corp'],
    [{ from: 'san.dns' }, 'CN=x', [{ dns: 'bob.example' }], 'bob.example'],
    [{ from: 'san.uri', match: '^spiffe://x/(.+)$', replace: '$1' }, 'CN=x', [{ uri: 'spiffe://x/bob' }], 'bob'],
    [
      { from: 'san.email', match: '^(.+)@p\\.example$', replace: 'partner/$1' },
      'CN=x',
      [{ email: 'bob@p.example' }],
      'partner/bob',
    ],
    [
      { from: 'san.email', match: '^(.+)@p\\.example$', replace: '$$$1$&' },
      'CN=x',
      [{ email: 'b@p.example' }],
      '$bb@p.example',
    ],
    // of two addresses one matches
    [
      { from: 'san.email', match: '^(.+)@p\\.example$', replace: '$1' },
      'CN=x',
      [{ email: 'a@q.example' }, { email: 'bob@p.example' }],
      'bob',
    ],
    // and twice the same user is one user
    [
      { from: 'san.email', match: '^(.+)@[pq]\\.example$', replace: '$1' },
      'CN=x',
      [{ email: 'bob@q.example' }, { email: 'bob@p.example' }],
      'bob',
    ],
  ]
  for (const [user, subject, san, expected] of cases) {
    const leaf = authority.issue({ subject, ...(san.length > 0 ? { san } : {}) })
    const found = await decide([{ ...partner, user }], leaf)
    assert.deepEqual(found.ok ? found.users : found.detail, [expected], JSON.stringify(user))
  }
})

test('a certificate that names no user, several, or none that can be one, is refused', async () => {
  const cn = (value: string) => ({ type: 'CN', value })
  const cases: readonly [string, object, NameSource, readonly GeneralNameSource[]][] = [
    ['certificate_not_bound', { from: 'subject.CN' }, 'O=Partner', []],
    ['certificate_not_bound', { from: 'san.email' }, 'CN=x,emailAddress=bob@p.example', []],
    [
      'certificate_not_bound',
      { from: 'san.email', match: '^(.+)@p\\.example$' },
      'CN=x',
      [{ email: 'bob@p.example.evil' }],
    ],
    ['certificate_not_bound', { from: 'subject.CN', match: '^(?:(a)|b)$', replace: 'x$1' }, 'CN=b', []],
    ['certificate_not_bound', { from: 'subject.CN' }, [cn('admin\u0000.evil.example')], []],
    ['certificate_not_bound', { from: 'subject.CN', match: '^(.).*$', replace: '$1' }, [cn('a\nb')], []],
    ['certificate_not_bound', { from: 'subject.CN' }, [cn('a\u2028b')], []],
    ['certificate_not_bound', { from: 'subject.CN' }, [cn('*')], []],
    ['certificate_not_bound', { from: 'subject.CN' }, [cn('')], []],
    ['certificate_not_bound', { from: 'subject.CN' }, [cn('a'.repeat(256))], []],
    ['certificate_not_bound', { from: 'san.dns' }, 'CN=x', [{ dns: 'admin\u0000.evil' }]],
    ['binding_ambiguous', { from: 'subject.CN' }, [cn('bob'), cn('admin')], []],
    ['binding_ambiguous', { from: 'subject.CN' }, [cn('bob'), cn('bob')], []],
    ['binding_ambiguous', { from: 'subject.CN', match: '^bob$' }, [cn('bob'), cn('admin')], []],
    ['binding_ambiguous', { from: 'subject.CN' }, [[cn('bob'), cn('admin')]], []],
    ['binding_ambiguous', { from: 'san.email' }, 'CN=x', [{ email: 'a@p.example' }, { email: 'b@p.example' }]],
  ]
  for (const [code, user, subject, san] of cases) {
    const leaf = authority.issue({ subject, ...(san.length > 0 ? { san } : {}) })
    const found = await decide([{ anchor: 'partners', user }], leaf)
    assert.equal(found.ok ? found.users : found.code, code, JSON.stringify([user, subject, san]))
  }
})

test('a refusal of a more specific binding does not give way to a less specific one', async () => {
  const leaf = authority.issue({
    subject: [
      { type: 'CN', value: 'a' },
      { type: 'CN', value: 'b' },
    ],
  })
  const found = await decide(
    [
      { thumbprint: leaf.thumbprint, user: { from: 'subject.CN' } },
      { anchor: 'partners', users: ['guest'] },
    ],
    leaf,
  )
  assert.equal(found.ok ? 'found' : found.code, 'binding_ambiguous')
})

test('alternative names that cannot be read, or that nobody could look through, let nobody in by name or anchor', async () => {
  const broken = authority.issue({ extensions: [rawExtension('2.5.29.17', Buffer.from('30058203ffffff', 'hex'))] })
  const anyone = { anchor: 'partners', users: ['guest'] }
  const refused = await decide([anyone], broken)
  assert.equal(refused.ok ? 'found' : refused.code, 'certificate_malformed')
  const crowded = authority.issue({ san: Array.from({ length: 201 }, (_, i) => ({ dns: `h${i}.example` })) })
  assert.equal((await decide([anyone], crowded)).ok, false)
  assert.ok((await decide([anyone, { thumbprint: crowded.thumbprint, users: ['guest'] }], crowded)).ok)
})

test('a certificate without a subject is not found by the empty name', async () => {
  const leaf = authority.issue({ subject: [], san: [{ dns: 'a.example' }] })
  const { problems } = reviewBindings([bindingOptions.parse({ subject: ' ', users: ['bob'] })], anchors)
  assert.equal(problems[0]?.error.code, 'ERR_BINDING_SELECTOR')
  assert.equal((await decide([], leaf)).ok, false)
})

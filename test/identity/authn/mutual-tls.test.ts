import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createAllowList } from '../../../src/identity/authn/allow-list.ts'
import type { TenantNames } from '../../../src/identity/authn/asserted-tenant.ts'
import type { AuthenticationRequest, Outcome } from '../../../src/identity/authn/authenticator.ts'
import { createMutualTls } from '../../../src/identity/authn/mutual-tls.ts'
import { reviewBindings } from '../../../src/identity/bindings/configured-bindings.ts'
import { createBindings } from '../../../src/identity/bindings/create-bindings.ts'
import { bindingOptions } from '../../../src/identity/bindings/options.ts'
import { createEpoch } from '../../../src/identity/trust/epoch.ts'
import { type RefusalCode, refusals } from '../../../src/refusals.ts'
import { testAuthority } from '../../support/certificates.ts'
import { refusedJudgement, trustedJudgement, Users, userNameHeader } from '../../support/identity.ts'

const epoch = createEpoch()
const authority = testAuthority({ name: 'Partners CA' })
const anchors = [{ alias: 'partners', certificate: authority.certificate }]
const leaf = authority.issue({ subject: 'CN=carol', san: [{ email: 'carol@partner.example' }] })
const trusted = trustedJudgement([leaf, authority], 'partners', epoch.value)

const users = new Users()
  .set('alice', { roles: ['buyer'] })
  .set('ops')
  .set('carol')
  .set('carol@mail.example')
  .set('locked', { state: 'locked' })
  .set('admin', { roles: ['admin'] })
  .set('alice', { tenant: 'partner' })
  .set('closed', { tenant: 'partner', tenantState: 'inactive' })

interface Setting {
  readonly bindings: readonly object[]
  readonly allow?: readonly string[]
  readonly request?: Partial<AuthenticationRequest>
  readonly encoding?: 'base64' | 'plain'
  readonly tenants?: TenantNames
}

async function decide({ bindings, allow, request, encoding = 'base64', tenants }: Setting): Promise<Outcome> {
  const review = reviewBindings(
    bindings.map(binding => bindingOptions.parse(binding)),
    anchors,
    tenants === undefined ? 'refuse' : 'choose',
  )
  assert.deepEqual(review.problems, [])
  const authenticator = createMutualTls({
    allowList: createAllowList({ enabled: allow !== undefined, thumbprints: [...(allow ?? [])] }),
    bindings: createBindings({ configured: review.bindings, epoch }),
    users,
    usernameHeader: { name: 'UserName', encoding },
    ...(tenants && { tenants }),
  })
  return authenticator.authenticate({ headers: {}, judgement: trusted, remoteAddress: '127.0.0.1', ...request })
}

/** `accept alice`, `refuse certificate_expired`, `abstain certificate_required`, `abstain` */
function summary(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'accept':
      return `accept ${outcome.principal.tenant === 'default' ? '' : `${outcome.principal.tenant}/`}${outcome.principal.user}`
    case 'refuse':
      return `refuse ${outcome.refusal.code}`
    case 'abstain':
      return `abstain ${outcome.hint?.code ?? ''}`.trim()
  }
}

const names = (...users: readonly string[]) => [{ thumbprint: leaf.thumbprint, users }]
const partner = (...users: readonly string[]) => [{ thumbprint: leaf.thumbprint, users, tenant: 'partner' }]
const asserts = (name: string) => ({ headers: { username: userNameHeader(name) } })

const cases: readonly [string, Setting, string][] = [
  // step 1
  ['no certificate', { bindings: names('alice'), request: { judgement: undefined } }, 'abstain certificate_required'],
  [
    'no certificate, and a header that names a user',
    { bindings: names('*'), request: { judgement: undefined, ...asserts('admin') } },
    'abstain certificate_required',
  ],
  // step 2
  ['credentials for another authenticator', { bindings: names('alice'), request: { claimedBy: 'basic' } }, 'abstain'],
  [
    'the same beside a certificate that is not trusted',
    { bindings: [], request: { claimedBy: 'basic', judgement: refusedJudgement(leaf, 'certificate_expired', 1) } },
    'abstain',
  ],
  [
    'an Authorization header that nobody claims',
    { bindings: names('alice'), request: { headers: { authorization: 'Bearer x' } } },
    'accept alice',
  ],
  // step 4
  [
    'on the allow-list',
    { bindings: names('alice'), allow: [leaf.thumbprint.toUpperCase().replace(/..(?!$)/g, '$&:')] },
    'accept alice',
  ],
  ['not on the allow-list', { bindings: names('alice'), allow: [authority.thumbprint] }, 'refuse not_allow_listed'],
  ['an allow-list that is empty', { bindings: names('alice'), allow: [] }, 'refuse not_allow_listed'],
  [
    'not on the allow-list, with a malformed header',
    { bindings: [], allow: [], request: { headers: { username: '%' } } },
    'refuse not_allow_listed',
  ],
  // step 5
  ['no binding', { bindings: [] }, 'refuse certificate_not_bound'],
  ['no binding, and a header', { bindings: [], request: asserts('admin') }, 'refuse certificate_not_bound'],
  [
    'two bindings that differ',
    {
      bindings: [
        { subject: 'CN=carol', users: ['alice'] },
        { san: { email: 'carol@partner.example' }, users: ['ops'] },
      ],
    },
    'refuse binding_ambiguous',
  ],
  // step 6
  ['the default user', { bindings: names('alice', 'ops') }, 'accept alice'],
  ['another user of the binding', { bindings: names('alice', 'ops'), request: asserts('ops') }, 'accept ops'],
  ['the default user by name', { bindings: names('alice', 'ops'), request: asserts('alice') }, 'accept alice'],
  [
    'a user of no binding',
    { bindings: names('alice', 'ops'), request: asserts('admin') },
    'refuse certificate_not_bound',
  ],
  [
    'a user who does not exist',
    { bindings: names('alice', 'ops'), request: asserts('nobody') },
    'refuse certificate_not_bound',
  ],
  ['the name in another case', { bindings: names('alice'), request: asserts('Alice') }, 'refuse certificate_not_bound'],
  ['the name with a blank', { bindings: names('alice'), request: asserts('alice ') }, 'refuse certificate_not_bound'],
  [
    'the name of a mapped user',
    { bindings: [{ anchor: 'partners', user: { from: 'subject.CN' } }], request: asserts('carol') },
    'accept carol',
  ],
  [
    'another name than the mapped one',
    { bindings: [{ anchor: 'partners', user: { from: 'subject.CN' } }], request: asserts('admin') },
    'refuse certificate_not_bound',
  ],
  ['any user', { bindings: names('*'), request: asserts('admin') }, 'accept admin'],
  ['any user, and none named', { bindings: names('*') }, 'abstain credentials_required'],
  [
    'any user, and one who does not exist',
    { bindings: names('*'), request: asserts('nobody') },
    'refuse certificate_not_bound',
  ],
  ['any user, named *', { bindings: names('*'), request: asserts('*') }, 'refuse username_malformed'],
  [
    'a header that is not base64',
    { bindings: names('alice'), request: { headers: { username: 'alice' } } },
    'refuse username_malformed',
  ],
  [
    'a header that came twice',
    {
      bindings: names('alice'),
      request: { headers: { username: [userNameHeader('alice'), userNameHeader('alice')] } },
    },
    'refuse username_malformed',
  ],
  [
    'a header that was joined with a comma',
    {
      bindings: names('alice'),
      request: { headers: { username: `${userNameHeader('alice')}, ${userNameHeader('admin')}` } },
    },
    'refuse username_malformed',
  ],
  [
    'an empty header',
    { bindings: names('alice'), request: { headers: { username: '' } } },
    'refuse username_malformed',
  ],
  ['a name with NUL', { bindings: names('*'), request: asserts('admin\u0000x') }, 'refuse username_malformed'],
  [
    'a plain header',
    { bindings: names('alice', 'ops'), encoding: 'plain', request: { headers: { username: 'ops' } } },
    'accept ops',
  ],
  [
    'base64 where plain is expected',
    { bindings: names('alice'), encoding: 'plain', request: asserts('alice') },
    'refuse certificate_not_bound',
  ],
  [
    'other spellings of the header',
    {
      bindings: names('alice', 'ops'),
      request: { headers: { user_name: userNameHeader('ops'), 'user-name': userNameHeader('ops') } },
    },
    'accept alice',
  ],
  // step 6, a name that the request asserts elsewhere, such as in a SOAP header block
  ['an asserted user', { bindings: names('alice', 'ops'), request: { assertedUser: 'ops' } }, 'accept ops'],
  [
    'an asserted user of no binding',
    { bindings: names('alice', 'ops'), request: { assertedUser: 'admin' } },
    'refuse certificate_not_bound',
  ],
  ['any user, and one asserted', { bindings: names('*'), request: { assertedUser: 'admin' } }, 'accept admin'],
  [
    'an asserted user without a certificate',
    { bindings: names('*'), request: { judgement: undefined, assertedUser: 'admin' } },
    'abstain certificate_required',
  ],
  [
    'an asserted user and a header: the header counts',
    { bindings: names('alice', 'ops'), request: { ...asserts('ops'), assertedUser: 'alice' } },
    'accept ops',
  ],
  [
    'a header of no binding beside an asserted user of one',
    { bindings: names('alice', 'ops'), request: { ...asserts('admin'), assertedUser: 'alice' } },
    'refuse certificate_not_bound',
  ],
  [
    'a malformed header beside an asserted user',
    { bindings: names('alice'), request: { headers: { username: '====' }, assertedUser: 'alice' } },
    'refuse username_malformed',
  ],
  [
    'an empty header beside an asserted user, which counts then',
    { bindings: names('alice', 'ops'), request: { headers: { username: '' }, assertedUser: 'ops' } },
    'accept ops',
  ],
  [
    'an asserted user is plain text, never base64',
    { bindings: names('alice'), request: { assertedUser: userNameHeader('alice') } },
    'refuse certificate_not_bound',
  ],
  ...['', '*', 'admin\u0000', 'ad\nmin', 'a'.repeat(256), '\ud800'].map((assertedUser): [string, Setting, string] => [
    `an asserted user that is no name (${JSON.stringify(assertedUser.slice(0, 8))})`,
    { bindings: names('*'), request: { assertedUser } },
    'refuse username_malformed',
  ]),
  // step 6, where a name tells the tenant
  ...(
    [
      ['alice', 'accept alice'],
      ['alice@carbon.super', 'accept alice'],
      ['alice@partner', 'accept partner/alice'],
      ['alice@PARTNER', 'accept partner/alice'],
      ['admin@partner', 'refuse certificate_not_bound'],
      ['ops@partner', 'refuse certificate_not_bound'],
      ['alice@elsewhere', 'refuse certificate_not_bound'],
      ['alice@default', 'refuse username_malformed'],
      ['alice@', 'refuse username_malformed'],
      ['@partner', 'refuse username_malformed'],
    ] as const
  ).flatMap(([name, expected]): [string, Setting, string][] => {
    const bindings = [...names('alice', 'ops'), { thumbprint: leaf.thumbprint, users: ['alice'], tenant: 'partner' }]
    return [
      [`bound in two tenants, and ${name}`, { bindings, tenants: 'suffix', request: asserts(name) }, expected],
      [`the same asserted`, { bindings, tenants: 'suffix', request: { assertedUser: name } }, expected],
    ]
  }),
  [
    'bound in two tenants, and nobody named',
    {
      bindings: [...names('alice'), { thumbprint: leaf.thumbprint, users: ['alice'], tenant: 'partner' }],
      tenants: 'suffix',
    },
    'abstain credentials_required',
  ],
  [
    'a name without a tenant is of the first',
    { bindings: partner('alice'), tenants: 'suffix', request: asserts('alice') },
    'refuse certificate_not_bound',
  ],
  [
    'a bound user of another tenant by default',
    { bindings: partner('alice'), tenants: 'suffix' },
    'accept partner/alice',
  ],
  [
    'any user of a tenant',
    { bindings: partner('*'), tenants: 'suffix', request: asserts('alice@partner') },
    'accept partner/alice',
  ],
  [
    'any user of a tenant, and one of the first',
    { bindings: partner('*'), tenants: 'suffix', request: asserts('admin') },
    'refuse certificate_not_bound',
  ],
  [
    'any user of the first tenant, and one of another',
    { bindings: names('*'), tenants: 'suffix', request: asserts('alice@partner') },
    'refuse certificate_not_bound',
  ],
  [
    'an address as a name',
    { bindings: names('*'), tenants: 'suffix-email', request: asserts('carol@mail.example') },
    'accept carol@mail.example',
  ],
  [
    'an address as a name, with its tenant',
    { bindings: names('*'), tenants: 'suffix-email', request: asserts('carol@mail.example@carbon.super') },
    'accept carol@mail.example',
  ],
  [
    'an address where it is a tenant',
    { bindings: names('*'), tenants: 'suffix', request: asserts('carol@mail.example') },
    'refuse certificate_not_bound',
  ],
  [
    'an @ where it is a letter',
    { bindings: names('*'), request: asserts('carol@mail.example') },
    'accept carol@mail.example',
  ],
  // step 7
  ['a bound user who does not exist', { bindings: names('nobody') }, 'refuse certificate_not_bound'],
  [
    'a mapped user who does not exist',
    { bindings: [{ anchor: 'partners', user: { from: 'san.email' } }] },
    'refuse certificate_not_bound',
  ],
  ['a bound user whose tenant is inactive', { bindings: partner('closed') }, 'refuse tenant_inactive'],
  [
    'any user, and one whose tenant is inactive',
    { bindings: partner('*'), request: asserts('closed') },
    'refuse certificate_not_bound',
  ],
  ['a bound user who is locked', { bindings: names('locked') }, 'refuse account_locked'],
  [
    'any user, and one who is locked',
    { bindings: names('*'), request: asserts('locked') },
    'refuse certificate_not_bound',
  ],
  [
    'a user of another tenant',
    { bindings: [{ thumbprint: leaf.thumbprint, users: ['alice'], tenant: 'partner' }] },
    'accept partner/alice',
  ],
  [
    'a user who exists in another tenant only',
    { bindings: [{ thumbprint: leaf.thumbprint, users: ['ops'], tenant: 'partner' }] },
    'refuse certificate_not_bound',
  ],
  [
    'any user of another tenant',
    { bindings: [{ thumbprint: leaf.thumbprint, users: ['*'], tenant: 'partner' }], request: asserts('admin') },
    'refuse certificate_not_bound',
  ],
]

for (const [name, setting, expected] of cases) {
  test(`${name}: ${expected}`, async () => assert.equal(summary(await decide(setting)), expected))
}

// step 3
for (const code of Object.keys(refusals) as RefusalCode[]) {
  test(`a verdict of ${code} is passed on, whatever else the request says`, async () => {
    const judgement = refusedJudgement(leaf, code, epoch.value)
    const detail = `The certificate ${leaf.certificate.subject}: detail of ${code}.`
    for (const headers of [{}, { username: userNameHeader('alice') }, { username: '%' }]) {
      const outcome = await decide({ bindings: names('*'), request: { judgement, headers } })
      assert.deepEqual(outcome, { kind: 'refuse', refusal: { ok: false, code, detail } })
    }
  })
}

test('the principal says who, by what, and with which certificate', async () => {
  const outcome = await decide({ bindings: names('alice') })
  assert.deepEqual(outcome.kind === 'accept' && outcome.principal, {
    user: 'alice',
    tenant: 'default',
    roles: ['buyer'],
    authenticatedBy: 'mutual-tls',
    binding: `thumbprint ${leaf.thumbprint.slice(0, 16)}…`,
    certificate: leaf.certificate,
  })
})

test('a trusted path that begins with another certificate than the presented one is never used', async () => {
  const other = authority.issue({ subject: 'CN=admin' })
  const judgement = { ...trustedJudgement([other, authority], 'partners', 1), certificate: leaf.certificate }
  await assert.rejects(decide({ bindings: names('alice'), request: { judgement } }), /another certificate/)
})

test('an entry of the allow-list that is no SHA-256 thumbprint is refused at the start', () => {
  for (const thumbprint of ['', 'abc', 'g'.repeat(64), 'a'.repeat(40), 'a'.repeat(66)])
    assert.throws(() => createAllowList({ enabled: true, thumbprints: [thumbprint] }), {
      code: 'ERR_ALLOW_LIST_THUMBPRINT',
    })
})

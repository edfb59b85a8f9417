import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fixedClock } from '../../../src/clock.ts'
import { findCandidates } from '../../../src/identity/bindings/candidates.ts'
import { reviewBindings } from '../../../src/identity/bindings/configured-bindings.ts'
import { bindingOptions } from '../../../src/identity/bindings/options.ts'
import { createTrust } from '../../../src/identity/trust/create-trust.ts'
import { createEpoch } from '../../../src/identity/trust/epoch.ts'
import { readAnchors, type TrustMaterial } from '../../../src/identity/trust/material.ts'
import type { TenantAnchor } from '../../../src/identity/trust/tenant-paths.ts'
import type { Judgement } from '../../../src/identity/trust/trust.ts'
import { silentLog } from '../../../src/log.ts'
import { emptyKeyStore, setTrustedCertificate } from '../../../src/pki/keystore/change.ts'
import { atOnce } from '../../../src/pki/keystore/steps.ts'
import { baseTime, type Issued, selfSigned, testAuthority } from '../../support/certificates.ts'

const [one, two, shared] = ['One CA', 'Two CA', 'Shared CA'].map(name => testAuthority({ name }))
const anchor = (alias: string, { certificate }: Issued, tenant?: string): TenantAnchor => ({
  alias,
  certificate,
  ...(tenant && { tenant }),
})
const anchors = [anchor('ca', one!, 'one'), anchor('ca', two!, 'two'), anchor('shared', shared!)]

function setUp(initial: readonly TenantAnchor[] = anchors) {
  const epoch = createEpoch()
  const material = (list: readonly TenantAnchor[]): TrustMaterial => ({ anchors: list, policy: { purpose: 'client' } })
  const trust = createTrust({ material: material(initial), epoch, clock: fixedClock(baseTime), log: silentLog })
  return {
    epoch,
    judge: (chain: readonly Uint8Array[], before?: Judgement) =>
      trust.judge({ leaf: Buffer.from(chain[0]!), rest: () => chain.slice(1) }, before),
    resume: ({ der }: Issued) => trust.judge({ leaf: Buffer.from(der), rest: () => undefined }),
    replace: (next: readonly TenantAnchor[]) => trust.replace(material(next)),
  }
}

/** `one, *`: the tenants that have a path of their own, and * for all others. */
function tenantsOf({ verdict }: Judgement): string {
  if (!verdict.ok) return verdict.code
  return verdict.tenantPaths?.map(({ tenant = '*' }) => tenant).join(', ') ?? 'not asked'
}

test('without anchors of tenants nothing is asked about them', () => {
  const { judge } = setUp([anchor('ca', one!)])
  assert.equal(tenantsOf(judge(one!.issue().chain)), 'not asked')
})

test('a certificate counts in the tenants whose anchors vouch for it, and below a shared one in all', () => {
  const { judge } = setUp()
  assert.equal(tenantsOf(judge(one!.issue().chain)), 'one')
  assert.equal(tenantsOf(judge(two!.issue().chain)), 'two')
  assert.equal(tenantsOf(judge(shared!.issue().chain)), 'one, two, *')
  assert.equal(tenantsOf(judge(testAuthority().issue().chain)), 'issuer_unknown')
})

test('an authority of two tenants is that of each which names it, and of no third', () => {
  const { judge } = setUp([anchor('a', one!, 'one'), anchor('b', one!, 'two'), anchor('c', two!, 'third')])
  assert.equal(tenantsOf(judge(one!.issue().chain)), 'one, two')
})

test('two authorities of one name are two, whichever tenant each belongs to', () => {
  const twins = [testAuthority({ name: 'Twin' }), testAuthority({ name: 'Twin' })] as const
  const { judge } = setUp([anchor('ca', twins[0], 'one'), anchor('ca', twins[1], 'two')])
  assert.equal(tenantsOf(judge(twins[0].issue().chain)), 'one')
  assert.equal(tenantsOf(judge(twins[1].issue().chain)), 'two')
})

test('a client’s own certificate belongs to the tenant whose store holds it', () => {
  const pinned = selfSigned({ subject: 'CN=laptop' })
  const issued = two!.issue({ subject: 'CN=desk' })
  const { judge } = setUp([...anchors, anchor('laptop', pinned, 'one'), anchor('desk', issued, 'one')])
  assert.equal(tenantsOf(judge([pinned.der])), 'one')
  assert.equal(tenantsOf(judge(issued.chain)), 'one, two', 'its authority vouches for it too')
})

const sub = one!.intermediate({ name: 'Sub' })
const cross = two!.intermediate({ name: 'Sub', key: sub })
const client = sub.issue({ subject: 'CN=bob' })
const [byOne, byTwo] = [
  [client.der, sub.der],
  [client.der, cross.der],
]

test('an authority that those of two tenants certified leads to both, by what the client sends and not by what came first', () => {
  for (const [first, second, tenants] of [
    [byOne, byTwo, ['one', 'two']],
    [byTwo, byOne, ['two', 'one']],
  ] as const) {
    const { judge, resume } = setUp()
    assert.equal(tenantsOf(judge(first)), tenants[0])
    assert.equal(tenantsOf(resume(client)), tenants[0], 'only what was seen is known of a resumed session')
    assert.equal(tenantsOf(judge(second)), tenants[1])
    assert.equal(tenantsOf(judge(first)), tenants[0])
  }
  for (const intermediates of [
    [sub.der, cross.der],
    [cross.der, sub.der],
  ])
    assert.equal(tenantsOf(setUp().judge([client.der, ...intermediates])), 'one, two')
})

test('an authority in the store of one tenant takes nothing from another that trusts the one above it', async () => {
  const list = [anchor('root', one!, 'one'), anchor('sub', sub, 'two')]
  const { judge } = setUp(list)
  const judgement = judge(byOne)
  assert.equal(tenantsOf(judgement), 'one, two')
  const { bindings, problems } = reviewBindings(
    [
      { anchor: 'root', user: { from: 'subject.CN' }, tenant: 'one' },
      { anchor: 'sub', users: ['robert'], tenant: 'two' },
    ].map(each => bindingOptions.parse(each)),
    list,
    'choose',
  )
  assert.deepEqual(problems, [])
  assert.ok(judgement.verdict.ok)
  const found = await findCandidates(judgement.verdict, bindings)
  assert.ok(found.ok)
  assert.deepEqual(
    [found, ...found.elsewhere].map(({ tenant, users }) => [tenant, users]),
    [
      ['one', ['bob']],
      ['two', ['robert']],
    ],
  )
})

test('what changes about the anchors of tenants voids what was found', () => {
  const { judge, replace, epoch } = setUp()
  const before = judge(byOne)
  assert.equal(tenantsOf(before), 'one')
  const at = epoch.value
  replace([anchor('ca', one!, 'two'), anchor('ca', two!, 'one')])
  assert.ok(epoch.value > at, 'a trust store that is given to another tenant is a change')
  assert.equal(tenantsOf(judge(byOne, before)), 'two')
  replace([anchor('ca', one!), anchor('ca', two!)])
  assert.equal(tenantsOf(judge(byOne, before)), 'not asked')
  replace(anchors)
  assert.equal(tenantsOf(judge(byTwo)), 'two')
})

test('a judgement that is renewed keeps its tenants', () => {
  const { judge, epoch } = setUp()
  const first = judge(byOne)
  epoch.raise('users')
  assert.equal(tenantsOf(judge(byOne, first)), 'one')
  assert.equal(tenantsOf(judge(byOne)), 'one')
})

test('the anchors of a store that is for a tenant say so, and one that is for all as well contradicts itself', () => {
  const store = (...entries: readonly Issued[]) =>
    entries.reduce(
      (made, { certificate }, i) => setTrustedCertificate(made, `a${i}`, certificate),
      emptyKeyStore('PKCS12'),
    )
  const options = { at: baseTime, clientAuth: 'want' } as const
  const read = (...stores: readonly { tenant?: string; entries: readonly Issued[] }[]) =>
    atOnce(
      readAnchors(
        stores.map(({ tenant, entries }, i) => ({ name: `s${i}`, store: store(...entries), tenant })),
        options,
      ),
    )
  const { anchors: found, warnings } = read(
    { tenant: 'one', entries: [one!] },
    { tenant: 'two', entries: [one!, two!] },
    { entries: [shared!] },
  )
  assert.deepEqual(
    found.map(({ alias, tenant }) => [alias, tenant]),
    [
      ['a0', 'one'],
      ['a0', 'two'],
      ['a1', 'two'],
      ['a0', undefined],
    ],
  )
  assert.deepEqual(warnings, [])
  const renewed = testAuthority({ name: 'One CA', key: one! })
  for (const twin of [one!, renewed])
    assert.throws(() => read({ tenant: 'one', entries: [one!] }, { entries: [twin] }), { code: 'ERR_TRUST_TENANT' })
})

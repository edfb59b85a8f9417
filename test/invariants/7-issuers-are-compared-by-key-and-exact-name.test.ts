// Invariant 7: issuers are compared by key and exact name, not by sorted text. Two bindings that match with different answers: refused.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { selfSigned, testAuthority } from '../support/certificates.ts'
import { userNameHeader } from '../support/identity.ts'
import { identityServer } from '../support/identity-server.ts'

const partners = testAuthority({ name: 'CN=Partners CA,O=Example\\, Inc,C=DE' })
const machines = testAuthority({ name: 'Machines CA' })
const anchors = { partners, machines }
const fromName = { anchor: 'partners', user: { from: 'subject.CN' } }
const server = await identityServer({ anchors, bindings: [fromName] })
for (const name of ['alice', 'bob', 'admin']) await server.users.add({ tenant: 'default', name })

const cn = (...values: readonly string[]) => values.map(value => ({ type: 'CN', value }))

test('an authority that only has the name of another is another', async () => {
  assert.equal(await server.client(partners.issue({ subject: 'CN=alice' })).whoami(), 'alice')
  for (const name of [
    'CN=Partners CA,O=Example\\, Inc,C=DE',
    'C=DE,O=Example\\, Inc,CN=Partners CA',
    'CN=Partners CA,O=Example,O=Inc,C=DE',
    'CN=Partners CA+O=Example\\, Inc,C=DE',
    'CN=partners ca,O=example\\, inc,C=DE',
  ]) {
    const twin = testAuthority({ name })
    const { status } = await server.client(twin.issue({ subject: 'CN=alice' })).get()
    assert.equal(status, 401, `not trusted: ${name}`)
    // and when it is trusted for something of its own, it still is not the other
    await server.become({ anchors: { ...anchors, twin } })
    assert.equal(await server.client(twin.issue({ subject: 'CN=alice' })).whoami(), 'certificate_not_bound', name)
    assert.equal(await server.client(partners.issue({ subject: 'CN=alice' })).whoami(), 'alice', name)
  }
  await server.become({ anchors })
})

test('an authority with a new certificate for its name and key is the same', async () => {
  const renewed = testAuthority({ name: 'CN=Partners CA,O=Example\\, Inc,C=DE', key: partners })
  await server.become({ anchors: { ...anchors, 'partners-2026': renewed } })
  assert.equal(await server.client(partners.issue({ subject: 'CN=alice' })).whoami(), 'alice')
  assert.equal(await server.client(renewed.issue({ subject: 'CN=alice' })).whoami(), 'alice')
  await server.become({ anchors })
})

test('an alias that stands for no authority stops the reload', async () => {
  await server.refuseToBecome({ bindings: [{ ...fromName, anchor: 'somebody' }] })
  assert.equal(await server.client(partners.issue({ subject: 'CN=alice' })).whoami(), 'alice')
  await server.become({ bindings: [fromName] })
})

test('subjects are compared attribute by attribute', async () => {
  await server.become({ bindings: [{ subject: 'CN=bob,O=Example\\, Inc,C=DE', anchor: 'partners', users: ['bob'] }] })
  const who = (subject: Parameters<typeof partners.issue>[0]) => server.client(partners.issue(subject)).whoami()
  assert.equal(await who({ subject: 'CN=bob,O=Example\\, Inc,C=DE' }), 'bob')
  for (const subject of [
    'C=DE,O=Example\\, Inc,CN=bob',
    'CN=bob,O=Example,O=Inc,C=DE',
    'CN=bob,O=Example\\, Inc,C=de',
    'CN=bob+O=Example\\, Inc,C=DE',
    'CN=bob\\,O=Example\\, Inc,C=DE',
    'CN=bob,O=Example\\, Inc,C=DE,C=DE',
    'CN=bob,CN=admin,O=Example\\, Inc,C=DE',
  ])
    assert.equal(await who({ subject }), 'certificate_not_bound', subject)
  assert.equal(
    await server.client(machines.issue({ subject: 'CN=bob,O=Example\\, Inc,C=DE' })).whoami(),
    'certificate_not_bound',
  )
})

test('a certificate that names two users names none', async () => {
  await server.become({ bindings: [fromName] })
  const who = (subject: Parameters<typeof partners.issue>[0]) => server.client(partners.issue(subject)).whoami()
  assert.equal(await who({ subject: cn('alice', 'admin') }), 'binding_ambiguous')
  assert.equal(await who({ subject: [cn('alice', 'admin')] }), 'binding_ambiguous')
  assert.equal(await who({ subject: cn('alice/CN=admin') }), 'certificate_not_bound')
  assert.equal(await who({ subject: cn('alice,CN=admin') }), 'certificate_not_bound')
  assert.equal(await who({ subject: cn('admin\0.example.org') }), 'certificate_not_bound')
  assert.equal(
    await who({ subject: 'O=alice', san: [{ email: 'alice' }, { dns: 'alice' }, { uri: 'alice' }] }),
    'certificate_not_bound',
  )
})

test('two bindings of one rank that differ are refused, whatever order they stand in and whatever the header says', async () => {
  const laptop = selfSigned({
    subject: 'CN=laptop',
    san: [{ email: 'alice@example.org' }, { dns: 'laptop.example.org' }],
  })
  const both = [
    { san: { email: 'alice@example.org' }, users: ['alice'] },
    { san: { dns: 'laptop.example.org' }, users: ['bob'] },
  ]
  for (const bindings of [both, both.toReversed()]) {
    await server.become({ anchors: { ...anchors, laptop }, bindings })
    for (const headers of [undefined, { UserName: userNameHeader('alice') }, { UserName: userNameHeader('bob') }])
      assert.equal(await server.client(laptop).whoami(headers), 'binding_ambiguous')
  }
  // one of them stands in the store: the two sources are one set of bindings
  await server.become({ anchors: { ...anchors, laptop }, bindings: both.slice(0, 1) })
  assert.equal(await server.client(laptop).whoami(), 'alice')
  const { id } = await server.bindings.add({
    san: { dns: 'laptop.example.org' },
    users: ['bob'],
    tenant: 'default',
    insecureAnyUser: false,
  })
  await becomes(() => server.client(laptop).whoami(), 'binding_ambiguous')
  await server.bindings.remove(id)
  await becomes(() => server.client(laptop).whoami(), 'alice')
})

async function becomes(ask: () => Promise<string | undefined>, expected: string): Promise<void> {
  let last: string | undefined
  for (const end = Date.now() + 3000; Date.now() < end; ) {
    last = await ask()
    if (last === expected) return
    await new Promise(resolve => setTimeout(resolve, 20))
  }
  assert.equal(last, expected)
}

// Invariant 3, for a whole tenant: its users' open connections are closed within 1 second, by whichever way they came, and nobody of it
// gets in until it is active again. Invariant 8: only whoever has proven a key or a password of such a user is told.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../../src/clock.ts'
import { createPasswordHasher } from '../../src/identity/users/password/password-hasher.ts'
import { createSqlDirectory } from '../../src/identity/users/sql/create-sql-directory.ts'
import { type Issued, testAuthority } from '../support/certificates.ts'
import { userNameHeader } from '../support/identity.ts'
import { type Answer, type Client, identityServer } from '../support/identity-server.ts'

const tenant = 'partner.example'
const authority = testAuthority()
const [bob, any, alice] = [authority.issue(), authority.issue(), authority.issue()]
const server = await identityServer({
  anchors: { ca: authority },
  bindings: [
    { thumbprint: bob.thumbprint, users: ['bob'], tenant },
    { thumbprint: any.thumbprint, users: ['*'], tenant },
    { thumbprint: alice.thumbprint, users: ['alice'] },
  ],
  mutualTls: { tenants: 'suffix' },
  basic: { enabled: true, tenants: 'suffix' },
})
const { tenants } = createSqlDirectory({ storage: server.storage, hasher: createPasswordHasher(), clock: systemClock })
await tenants.add(tenant)
await server.users.add({ tenant, name: 'bob', password: 'correct horse' })
await server.users.add({ tenant: 'default', name: 'alice' })
await server.users.add({ tenant: 'default', name: 'bob' })

const password = (text: string) => ({
  Authorization: `Basic ${Buffer.from(`bob@${tenant}:${text}`).toString('base64')}`,
})
const named = { UserName: userNameHeader(`bob@${tenant}`) }
const ways: readonly [string, Issued | undefined, Record<string, string>, string][] = [
  ['a certificate', bob, {}, 'tenant_inactive'],
  ['a certificate for any user', any, named, 'certificate_not_bound'],
  ['a password', undefined, password('correct horse'), 'tenant_inactive'],
]

test('open connections of its users are closed, and new ones refused, and others go on', async () => {
  const visits: { what: string; client: Client; answer: Answer }[] = []
  for (const [what, certificate, headers] of ways) {
    const client = server.client(certificate)
    const answer = await client.get(headers)
    assert.deepEqual([answer.status, answer.body.user], [200, 'bob'], what)
    visits.push({ what, client, answer })
  }
  const bystander = server.client(alice)
  const before = await bystander.get()
  await tenants.change(tenant, { state: 'inactive' })
  const began = performance.now()
  for (const { what, client, answer } of visits) {
    const late = setTimeout(() => assert.fail(`${what}: still open`), 3000)
    await client.ended(answer)
    clearTimeout(late)
    assert.ok(performance.now() - began < 1000, `${what}: closed after ${performance.now() - began} ms`)
  }
  for (const [what, certificate, headers, code] of ways)
    assert.equal(await server.client(certificate).whoami(headers), code, what)
  const again = await bystander.get()
  assert.deepEqual([again.body.user, again.socket === before.socket], ['alice', true])
})

test('a wrong password, and a user whom it does not have, are what they always are', async () => {
  assert.equal(await server.client().whoami(password('wrong')), 'credentials_invalid')
  const nobody = { UserName: userNameHeader(`nobody@${tenant}`) }
  assert.equal(await server.client(any).whoami(nobody), 'certificate_not_bound')
})

test('once it is active again, they come in', async () => {
  await tenants.change(tenant, { state: 'active' })
  for (const [what, certificate, headers] of ways) {
    const deadline = performance.now() + 2000
    while ((await server.client(certificate).whoami(headers)) !== 'bob')
      assert.ok(performance.now() < deadline, `${what}: still refused`)
  }
})

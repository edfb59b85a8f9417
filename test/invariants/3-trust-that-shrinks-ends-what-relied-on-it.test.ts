// Invariant 3: when trust shrinks, open connections that relied on it are closed within 1 second. The changes to users and bindings
// are made through a store that another process could have open, the others by a reload.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Issued, selfSigned, testAuthority } from '../support/certificates.ts'
import { userNameHeader } from '../support/identity.ts'
import { type Answer, type Client, identityServer } from '../support/identity-server.ts'

const authority = testAuthority({ name: 'Clients CA' })
const sub = authority.intermediate({ name: 'Clients Sub CA' })
const other = testAuthority({ name: 'Other CA' })
const everyone = {
  alice: sub.issue({ subject: 'CN=alice' }),
  bob: other.issue({ subject: 'CN=bob' }),
  carol: authority.issue({ subject: 'CN=carol' }),
  dave: selfSigned({ subject: 'CN=dave' }),
}
const anchors = { clients: authority, other, dave: everyone.dave }
const bindings = Object.entries(everyone).map(([user, { thumbprint }]) => ({ thumbprint, users: [user] }))
const allowed = (...certificates: readonly Issued[]) => ({
  allowList: { enabled: true, thumbprints: certificates.map(({ thumbprint }) => thumbprint) },
})

const server = await identityServer({ anchors, bindings, basic: { enabled: true } })
for (const name of Object.keys(everyone)) await server.users.add({ tenant: 'default', name, roles: ['buyer'] })
await server.users.add({ tenant: 'default', name: 'erin', password: 'correct horse battery' })

interface Visit {
  readonly client: Client
  readonly answer: Answer
}

async function visit(certificate: Issued | undefined, user: string, headers = {}): Promise<Visit> {
  const client = server.client(certificate)
  const answer = await client.get(headers)
  assert.deepEqual([answer.status, answer.body.user], [200, user])
  return { client, answer }
}

/** Waits until the connection is closed; fails when it takes much longer than the second that is promised. */
async function ends({ client, answer }: Visit, what: string): Promise<void> {
  const timeout = AbortSignal.timeout(3000)
  const late = new Promise<never>((_, reject) =>
    timeout.addEventListener('abort', () => reject(new Error(`${what}: still open`))),
  )
  await Promise.race([client.ended(answer), late])
}

async function stays({ client, answer }: Visit, user: string): Promise<void> {
  const again = await client.get()
  assert.deepEqual([again.body.user, again.socket === answer.socket], [user, true], 'the same connection goes on')
}

test('a user is locked', async () => {
  const [alice, bob] = [await visit(everyone.alice, 'alice'), await visit(everyone.bob, 'bob')]
  await server.users.setState('default', 'alice', 'locked')
  await ends(alice, 'a user is locked')
  assert.equal(await alice.client.whoami(), 'account_locked')
  await stays(bob, 'bob')
  await server.users.setState('default', 'alice', 'active')
})

test('a user is removed', async () => {
  const [carol, bob] = [await visit(everyone.carol, 'carol'), await visit(everyone.bob, 'bob')]
  await server.users.remove('default', 'carol')
  await ends(carol, 'a user is removed')
  assert.equal(await carol.client.whoami(), 'certificate_not_bound')
  await stays(bob, 'bob')
  await server.users.add({ tenant: 'default', name: 'carol' })
})

test('a user who came by password is locked', async () => {
  const credentials = Buffer.from('erin:correct horse battery').toString('base64')
  const erin = await visit(undefined, 'erin', { Authorization: `Basic ${credentials}` })
  await server.users.setState('default', 'erin', 'locked')
  await ends(erin, 'a user who came by password is locked')
})

test('a binding that was added while the server runs is removed', async () => {
  const guest = authority.issue({ subject: 'CN=guest' })
  const client = server.client(guest)
  assert.equal(await client.whoami(), 'certificate_not_bound')
  const { id } = await server.bindings.add({
    thumbprint: guest.thumbprint,
    users: ['bob', 'carol'],
    tenant: 'default',
    insecureAnyUser: false,
  })
  await until(async () => (await client.whoami()) === 'bob')
  const visits = [await visit(guest, 'bob'), await visit(guest, 'carol', { UserName: userNameHeader('carol') })]
  await server.bindings.remove(id)
  for (const one of visits) await ends(one, 'a binding is removed')
  assert.equal(await client.whoami(), 'certificate_not_bound')
})

test('a binding is taken out of the configuration', async () => {
  const [alice, bob] = [await visit(everyone.alice, 'alice'), await visit(everyone.bob, 'bob')]
  await server.become({ bindings: bindings.filter(({ users }) => users[0] !== 'alice') })
  await ends(alice, 'a binding is removed')
  assert.equal(await alice.client.whoami(), 'certificate_not_bound')
  await stays(bob, 'bob')
  await server.become({ bindings })
})

test('an anchor is removed: an authority, and a pinned leaf', async () => {
  const [alice, dave, bob] = [
    await visit(everyone.alice, 'alice'),
    await visit(everyone.dave, 'dave'),
    await visit(everyone.bob, 'bob'),
  ]
  await server.become({ anchors: { other } })
  await ends(alice, 'an authority is removed')
  await ends(dave, 'a pinned leaf is removed')
  // the client resumes its TLS session now: what the ticket remembers counts for nothing
  assert.equal(await alice.client.whoami(), 'issuer_unknown')
  assert.equal(await dave.client.whoami(), 'issuer_unknown')
  await stays(bob, 'bob')
  await server.become({ anchors })
  assert.equal(await alice.client.whoami(), 'alice')
})

test('an entry of the allow-list is dropped', async () => {
  await server.become({ mutualTls: allowed(everyone.alice, everyone.bob) })
  const [alice, bob] = [await visit(everyone.alice, 'alice'), await visit(everyone.bob, 'bob')]
  await server.become({ mutualTls: allowed(everyone.bob) })
  await ends(alice, 'an entry of the allow-list is dropped')
  assert.equal(await alice.client.whoami(), 'not_allow_listed')
  await stays(bob, 'bob')
  await server.become({ mutualTls: {} })
})

test('a reload that is refused changes nothing, and ends nothing', async () => {
  const alice = await visit(everyone.alice, 'alice')
  await server.refuseToBecome({ anchors: {} })
  await stays(alice, 'alice')
  await server.become({ anchors })
})

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 3000; !(await holds()); ) {
    assert.ok(Date.now() < end, 'the change did not take effect')
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}

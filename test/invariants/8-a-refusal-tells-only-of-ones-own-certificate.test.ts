// Invariant 8: a refusal tells the holder of a proven key what is wrong with its own certificate. It never tells whether some other
// user exists. Password failures look the same for a wrong password and for an unknown user (their time: see the tests of users).
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testAuthority } from '../support/certificates.ts'
import { userNameHeader } from '../support/identity.ts'
import { type Client, identityServer } from '../support/identity-server.ts'

const authority = testAuthority({ name: 'Clients CA' })
const alice = authority.issue({ subject: 'CN=alice' })
const agent = authority.issue({ subject: 'CN=agent' })
const locked = authority.issue({ subject: 'CN=locked' })
const ghost = authority.issue({ subject: 'CN=ghost' })
const stranger = authority.issue({ subject: 'CN=stranger' })
const server = await identityServer({
  anchors: { clients: authority },
  bindings: [
    { thumbprint: alice.thumbprint, users: ['alice'] },
    { thumbprint: agent.thumbprint, users: ['*'] },
    { thumbprint: locked.thumbprint, users: ['locked'] },
    { thumbprint: ghost.thumbprint, users: ['ghost'] },
  ],
  basic: { enabled: true },
})
for (const name of ['alice', 'admin', 'locked', 'sleeping'])
  await server.users.add({ tenant: 'default', name, password: `right for ${name}` })
for (const name of ['locked', 'sleeping']) await server.users.setState('default', name, 'locked')
await server.users.addTenant('partner')
await server.users.add({ tenant: 'partner', name: 'elsewhere' })

/** All that an answer says, but for what differs from request to request. */
async function told(client: Client, headers: Record<string, string>): Promise<object> {
  const { status, body, challenges } = await client.get(headers)
  assert.equal(status, 401)
  return { ...body, requestId: '', challenges }
}

const everybodyElse = [
  'admin',
  'sleeping',
  'locked',
  'ghost',
  'nobody',
  'elsewhere',
  'Alice',
  'alice@default',
  'x'.repeat(255),
]

test('a header that names another user: one answer, whoever that is', async () => {
  for (const certificate of [alice, stranger]) {
    const client = server.client(certificate)
    const answers = []
    for (const name of everybodyElse) answers.push(await told(client, { UserName: userNameHeader(name) }))
    for (const answer of answers) {
      assert.deepEqual(answer, answers[0])
      assert.equal((answer as { code: string }).code, 'certificate_not_bound')
    }
  }
})

test('a certificate that may act as anyone learns who lets it in, and nothing of the others', async () => {
  const client = server.client(agent)
  assert.equal(await client.whoami({ UserName: userNameHeader('admin') }), 'admin')
  const answers = []
  for (const name of ['sleeping', 'locked', 'nobody', 'elsewhere', 'Admin'])
    answers.push(await told(client, { UserName: userNameHeader(name) }))
  for (const answer of answers) assert.deepEqual(answer, answers[0])
})

test('without a certificate, a header that names a user learns nothing', async () => {
  const client = server.client()
  const without = await told(client, {})
  for (const name of ['alice', ...everybodyElse])
    assert.deepEqual(await told(client, { UserName: userNameHeader(name) }), without)
})

test('that an account is locked is told to whom its binding names, and that it does not exist to nobody', async () => {
  assert.equal(await server.client(locked).whoami(), 'account_locked')
  const missing = await told(server.client(ghost), {})
  assert.deepEqual(missing, await told(server.client(ghost), { UserName: userNameHeader('admin') }))
})

test('a wrong password, an unknown user and a locked one look the same', async () => {
  const credentials = (user: string, password: string) => ({
    Authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
  })
  const answers = []
  for (const name of ['alice', 'sleeping', 'nobody', 'elsewhere'])
    answers.push(await told(server.client(), credentials(name, 'wrong')))
  for (const answer of answers) {
    assert.deepEqual(answer, answers[0])
    assert.equal((answer as { code: string }).code, 'credentials_invalid')
  }
})

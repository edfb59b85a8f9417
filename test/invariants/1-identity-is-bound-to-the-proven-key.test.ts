// Invariant 1: identity is bound to the proven key. A header only selects among the users that the certificate's bindings allow.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { selfSigned, testAuthority, testKey } from '../support/certificates.ts'
import { userNameHeader } from '../support/identity.ts'
import { identityServer } from '../support/identity-server.ts'

const authority = testAuthority({ name: 'Clients CA' })
const alice = authority.issue({ subject: 'CN=alice' })
const admin = authority.issue({ subject: 'CN=admin' })
const laptop = selfSigned({ subject: 'CN=laptop' })
const bind = (thumbprint: string, ...users: string[]) => ({ thumbprint, users })
const server = await identityServer({
  anchors: { clients: authority, laptop },
  bindings: [bind(alice.thumbprint, 'alice', 'ops'), bind(admin.thumbprint, 'admin'), bind(laptop.thumbprint, 'alice')],
})
for (const name of ['alice', 'ops', 'admin']) await server.users.add({ tenant: 'default', name })

test('a valid certificate and a header that names somebody else: refused', async () => {
  const client = server.client(alice)
  assert.equal(await client.whoami(), 'alice')
  assert.equal(await client.whoami({ UserName: userNameHeader('ops') }), 'ops')
  assert.equal(await client.whoami({ UserName: userNameHeader('admin') }), 'certificate_not_bound')
  assert.equal(await client.whoami({ username: userNameHeader('admin') }), 'certificate_not_bound')
  assert.equal(await client.whoami({ USERNAME: userNameHeader('admin') }), 'certificate_not_bound')
  assert.equal(await client.whoami(), 'alice')
})

test('every other spelling of a name: no spelling makes a certificate act as another user', async () => {
  const client = server.client(alice)
  const as = userNameHeader('admin')
  const spellings: readonly Record<string, string | readonly string[]>[] = [
    { UserName: 'admin' },
    { UserName: [userNameHeader('alice'), as] },
    { UserName: [as, userNameHeader('alice')] },
    { UserName: `${userNameHeader('alice')},${as}` },
    { UserName: `${as};q=1` },
    { UserName: `"${as}"` },
    { UserName: as.replace(/=+$/, '') },
    { UserName: encodeURIComponent(as) },
    { UserName: userNameHeader('admin\0') },
    { UserName: userNameHeader('admin@default') },
    { UserName: userNameHeader('*') },
    { User_Name: as, 'User-Name': as, 'X-User-Name': as, 'X-UserName': as },
    { 'X-Forwarded-User': 'admin', 'X-Remote-User': 'admin', Remote_User: 'admin', 'WSO2-Identity-User': 'admin' },
    { 'X-SSL-Client-CN': 'admin', 'X-SSL-Client-S-DN': 'CN=admin', 'X-SSL-CERT': encodeURIComponent(admin.pem) },
    { 'Client-Cert': `:${admin.der.toString('base64')}:`, 'X-Forwarded-Client-Cert': `Subject="CN=admin"` },
    { Cookie: `JSESSIONID=x; UserName=${as}` },
    { Authorization: `Bearer ${as}` },
  ]
  for (const headers of spellings) {
    const who = await client.whoami(headers)
    assert.ok(
      ['alice', 'username_malformed', 'certificate_not_bound'].includes(String(who)),
      `${JSON.stringify(headers)}: ${who}`,
    )
  }
})

test('any header at all: the answer is a user of the binding, or a refusal', async () => {
  const client = server.client(alice)
  const name = fc.constantFrom(
    'username',
    'UserName',
    'user-name',
    'x-user',
    'x-forwarded-user',
    'client-cert',
    'authorization',
  )
  const value = fc.oneof(
    fc.constantFrom('admin', 'alice', 'ops', '*').map(userNameHeader),
    fc.string({ maxLength: 40 }).map(text => text.replace(/[^\x20-\x7e]/g, '').trim()),
  )
  const headers = fc.dictionary(name, value, { maxKeys: 4 })
  await fc.assert(
    fc.asyncProperty(headers, async sent => {
      const { status, body } = await client.get(sent)
      if (status === 200) assert.ok(body.user === 'alice' || body.user === 'ops', JSON.stringify(body))
      else assert.ok(status === 401 || status === 400, `${status} ${JSON.stringify(body)}`)
    }),
    { numRuns: 150 },
  )
})

test('certificates of others that come along in the chain do not count', async () => {
  for (const others of [[admin.pem], [admin.pem, authority.pem], [authority.pem, admin.pem], [laptop.pem]]) {
    const client = server.client(alice, { chainPem: alice.pem + others.join('') })
    assert.equal(await client.whoami(), 'alice')
  }
})

test('a certificate that looks like a bound one in all but its key is not bound', async () => {
  const { subject, serialNumber } = { subject: 'CN=admin', serialNumber: Buffer.from(admin.serialNumber, 'hex') }
  const renewed = authority.issue({ subject, serialNumber, key: testKey() })
  assert.equal(await server.client(renewed).whoami(), 'certificate_not_bound')
  const twin = selfSigned({ subject: 'CN=laptop', serialNumber: Buffer.from(laptop.serialNumber, 'hex') })
  assert.equal(await server.client(laptop).whoami(), 'alice')
  assert.match(String(await server.client(twin).whoami()), /^(?:signature_invalid|issuer_unknown)$/)
})

test('a certificate that merely chains to an anchor is nobody, whatever it is called', async () => {
  for (const subject of ['CN=admin', 'CN=alice', 'CN=admin,UID=admin,emailAddress=admin'])
    assert.equal(
      await server.client(authority.issue({ subject })).whoami({ UserName: userNameHeader('admin') }),
      'certificate_not_bound',
    )
})

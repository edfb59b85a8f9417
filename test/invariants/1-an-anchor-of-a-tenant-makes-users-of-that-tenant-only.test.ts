// Invariants 1, 3 and 7, for tenants: whoever is vouched for by the authority of one tenant can become a user of that tenant and of no
// other, whatever bindings and headers say; the same name below another tenant's authority is another person.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bindingOptions } from '../../src/identity/bindings/options.ts'
import { type Issued, testAuthority } from '../support/certificates.ts'
import { userNameHeader } from '../support/identity.ts'
import { identityServer } from '../support/identity-server.ts'

const one = testAuthority({ name: 'Clients CA' })
const two = testAuthority({ name: 'Clients CA' })
const [bobOfOne, bobOfTwo] = [one, two].map(authority => authority.issue({ subject: 'CN=bob' })) as [Issued, Issued]
const admin = two.issue({ subject: 'CN=admin' })
const fromName = { from: 'subject.CN' }
const setting = {
  anchors: {},
  tenants: { 'one.example': { ca: one }, 'two.example': { ca: two } },
  bindings: [
    // one alias, one name: two authorities
    { anchor: 'ca', user: fromName, tenant: 'one.example' },
    { anchor: 'ca', user: fromName, tenant: 'two.example' },
    // somebody's mistake, or malice: the administrator of one tenant names a certificate of the other
    { thumbprint: admin.thumbprint, users: ['admin'], tenant: 'one.example' },
    { thumbprint: admin.thumbprint, users: ['*'], tenant: 'default' },
  ],
}
const server = await identityServer(setting)
for (const tenant of ['one.example', 'two.example']) {
  await server.users.addTenant(tenant)
  await server.users.add({ tenant, name: 'bob', roles: [tenant] })
}
await server.users.add({ tenant: 'one.example', name: 'admin' })
await server.users.add({ tenant: 'default', name: 'admin' })
await server.users.add({ tenant: 'default', name: 'bob' })

const who = async (certificate: Issued, headers = {}) => {
  const { body } = await server.client(certificate).get(headers)
  return body.code ?? `${body.user} of ${body.tenant}`
}

test('the same name is another person below the authority of another tenant', async () => {
  assert.equal(await who(bobOfOne), 'bob of one.example')
  assert.equal(await who(bobOfTwo), 'bob of two.example')
})

test('no binding and no header makes a certificate somebody of another tenant', async () => {
  assert.equal(
    await who(admin),
    'certificate_not_bound',
    'tenant two has no admin, and whose the others are does not matter',
  )
  await server.become({ mutualTls: { tenants: 'suffix' } })
  for (const name of ['admin', 'admin@one.example', 'bob', 'bob@one.example', 'bob@carbon.super'])
    assert.equal(await who(bobOfTwo, { UserName: userNameHeader(name) }), 'certificate_not_bound', name)
  for (const name of ['admin', 'admin@one.example', 'admin@two.example'])
    assert.equal(await who(admin, { UserName: userNameHeader(name) }), 'certificate_not_bound', name)
  assert.equal(await who(bobOfTwo, { UserName: userNameHeader('bob@two.example') }), 'bob of two.example')
  await server.become({ mutualTls: {} })
})

test('a binding that is added while the server runs does not either', async () => {
  const options = bindingOptions.parse({ thumbprint: bobOfTwo.thumbprint, users: ['admin'], tenant: 'one.example' })
  const { id } = await server.bindings.add(options)
  await new Promise(resolve => setTimeout(resolve, 300))
  assert.equal(await who(bobOfTwo), 'bob of two.example')
  await server.bindings.remove(id)
})

test('an authority that moves to another tenant takes nobody along', async () => {
  const client = server.client(bobOfOne)
  const answer = await client.get()
  const late = setTimeout(() => assert.fail('still open'), 3000)
  await server.become({ tenants: { 'one.example': { ca: two }, 'two.example': { ca: one } } })
  await client.ended(answer)
  clearTimeout(late)
  assert.equal(await who(bobOfOne), 'bob of two.example')
  assert.equal(await who(bobOfTwo), 'bob of one.example')
  await server.become({ tenants: setting.tenants })
})

test('an authority that counts for everybody and for a tenant is a contradiction, and a reload with it changes nothing', async () => {
  await server.refuseToBecome({ anchors: { ca: one } })
  assert.equal(await who(bobOfOne), 'bob of one.example')
})

// The original let a certificate of any authority in client-truststore.jks (public ones came with it) use SCIM as whichever user the header
// WSO2-Identity-User named; and without the header, as nobody, with no permission asked for.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testAuthority } from '../../support/certificates.ts'
import { openHome } from '../../support/home.ts'
import { statusOf } from '../../support/raw-request.ts'

const publicAuthority = testAuthority({ name: 'Some Public CA' })
const anybody = publicAuthority.issue({ subject: [{ type: 'CN', value: 'admin' }] })
const home = await openHome({
  anchors: { 'public-ca': publicAuthority, admin: testAuthority({ name: 'Another CA' }) },
  configuration: {
    authenticators: { 'mutual-tls': { enabled: true, bindings: [{ anchor: 'admin', user: { from: 'subject.CN' } }] } },
    scim: { enabled: true },
  },
  listener: { clientAuth: 'want' },
})
await home.directory.roles.add({ tenant: 'default', name: 'admin' })
const { id } = await home.directory.users.add({ tenant: 'default', name: 'admin', roles: ['admin'] })

const body = JSON.stringify({ schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'], userName: 'intruder' })

for (const [what, headers] of [
  ['naming the administrator', { 'WSO2-Identity-User': 'admin' }],
  ['naming the administrator with the tenant', { 'WSO2-Identity-User': 'admin@carbon.super' }],
  ['naming nobody', {}],
  ['naming the empty user', { 'WSO2-Identity-User': '' }],
  [
    'naming the administrator in the header of the SOAP services',
    { UserName: Buffer.from('admin').toString('base64') },
  ],
] as readonly [string, Readonly<Record<string, string>>][]) {
  test(`a certificate that chains to a trusted authority does nothing by ${what}`, async () => {
    for (const [method, target] of [
      ['GET', '/scim2/Users'],
      ['GET', `/scim2/Users/${id}`],
      ['DELETE', `/scim2/Users/${id}`],
      ['GET', '/scim2/Groups'],
      ['GET', '/scim2/Me'],
      ['POST', '/scim2/Users'],
      ['POST', '/scim2/Bulk'],
    ] as const) {
      const sent =
        method === 'POST' ? { body, headers: { ...headers, 'Content-Type': 'application/json' } } : { headers }
      assert.equal(await statusOf(home, anybody, { method, target, ...sent }), 401, `${method} ${target}`)
    }
    assert.ok(await home.directory.users.findById('default', id))
    assert.equal(await home.directory.users.find('default', 'intruder'), undefined)
  })
}

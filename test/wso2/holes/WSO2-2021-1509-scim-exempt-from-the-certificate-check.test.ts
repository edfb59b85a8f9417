// Once the original checked who had issued a certificate, its configuration exempted the paths of SCIM from that check by default.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Issued, testAuthority } from '../../support/certificates.ts'
import { openHome } from '../../support/home.ts'
import { statusOf } from '../../support/raw-request.ts'

const authority = testAuthority({ name: 'Our CA' })
const unbound = testAuthority({ name: 'Trusted and not bound' })
const subject = [{ type: 'CN', value: 'admin' }] as const
const people: Readonly<Record<string, Issued | undefined>> = {
  admin: authority.issue({ subject: [...subject] }),
  'another issuer of the same name': testAuthority({ name: 'Our CA' }).issue({ subject: [...subject] }),
  'an issuer that is trusted and not bound': unbound.issue({ subject: [...subject] }),
  'an unknown issuer': testAuthority({ name: 'Nobody' }).issue({ subject: [...subject] }),
  'no certificate': undefined,
}
const home = await openHome({
  anchors: { ours: authority, unbound },
  configuration: {
    authenticators: { 'mutual-tls': { enabled: true, bindings: [{ anchor: 'ours', user: { from: 'subject.CN' } }] } },
    scim: { enabled: true },
  },
  listener: { clientAuth: 'want' },
})
await home.directory.roles.add({ tenant: 'default', name: 'admin' })
await home.directory.users.add({ tenant: 'default', name: 'admin', roles: ['admin'] })

for (const [who, certificate] of Object.entries(people)) {
  test(`SCIM decides like every other path about ${who}`, async () => {
    const expected = who === 'admin' ? 200 : 401
    for (const target of ['/whoami', '/scim2/Users', '/scim2/Groups', '/scim2/Me', '/t/carbon.super/scim2/Users'])
      for (const headers of [{}, { 'WSO2-Identity-User': 'admin' }] as readonly Readonly<Record<string, string>>[])
        assert.equal(await statusOf(home, certificate, { method: 'GET', target, headers }), expected, target)
  })
}

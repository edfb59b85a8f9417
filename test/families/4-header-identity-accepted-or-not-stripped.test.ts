// Family 4: identity in headers, accepted from anybody or passed on to a resource. What reaches a resource stands in test/invariants/5-*; here:
// a client without a certificate, who sends somebody else's in every header that some server takes it from.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { testAuthority } from '../support/certificates.ts'
import { identityServer } from '../support/identity-server.ts'
import { spoofedHeaders } from '../support/spoofed-headers.ts'

const authority = testAuthority({ name: 'Clients CA' })
const alice = authority.issue({ subject: 'CN=alice' })
const server = await identityServer({
  anchors: { clients: authority },
  bindings: [{ thumbprint: alice.thumbprint, users: ['alice'] }],
  basic: { enabled: true },
})
await server.users.add({ tenant: 'default', name: 'alice' })

const headers = spoofedHeaders(alice, 'alice')

const spellings: Readonly<Record<string, (name: string) => string>> = {
  'as it is': name => name,
  'lower case': name => name.toLowerCase(),
  'upper case': name => name.toUpperCase(),
  underscores: name => name.replaceAll('-', '_'),
}

suite('CVE-2024-10039, CVE-2026-46579, CVE-2026-33495, CVE-2026-35616: a certificate in a header is nobody', () => {
  for (const [spelling, spell] of Object.entries(spellings)) {
    test(spelling, async () => {
      const nobody = server.client()
      for (const [name, value] of Object.entries(headers)) {
        const { status, body } = await nobody.get({ [spell(name)]: value })
        assert.deepEqual([status, body.code], [401, 'certificate_required'], name)
      }
      const all = Object.fromEntries(Object.entries(headers).map(([name, value]) => [spell(name), value]))
      assert.equal((await nobody.get(all)).status, 401)
    })
  }

  test('nor does one in a header change who a real certificate is', async () => {
    const { UserName: _, ...others } = headers
    assert.equal(await server.client(alice).whoami(others), 'alice')
    const stranger = testAuthority({ name: 'Stranger CA' }).issue({ subject: 'CN=alice' })
    assert.equal(await server.client(stranger).whoami(headers), 'issuer_unknown')
  })
})

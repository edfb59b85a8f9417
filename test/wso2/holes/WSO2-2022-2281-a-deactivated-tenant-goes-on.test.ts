// In the original the users of a tenant that was deactivated went on using it.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { base64, carbonServer } from '../../support/carbon-server.ts'
import { selfSigned } from '../../support/certificates.ts'

const tenant = 'partner.example'
const [named, any] = ['named', 'any'].map(name => selfSigned({ subject: `CN=${name}` })) as [
  ReturnType<typeof selfSigned>,
  ReturnType<typeof selfSigned>,
]
const server = await carbonServer({
  trusted: { named: named.certificate, any: any.certificate },
  own: {
    authenticators: {
      'mutual-tls': {
        bindings: [
          { thumbprint: named.thumbprint, users: ['bob'], tenant },
          { thumbprint: any.thumbprint, users: ['*'], tenant },
        ],
      },
    },
  },
})
after(() => server[Symbol.asyncDispose]())
const bob = `bob@${tenant}`
const whoami = (headers: Record<string, string>, certificate = named) =>
  server.ask({ path: '/whoami', certificate, headers })

test('over SOAP, on REST paths, by session and at the door, once it is inactive', async () => {
  const directory = await server.directory()
  const first = await server.soap({ operation: 'isReadOnly', certificate: named, as: bob })
  assert.equal(first.user, `bob of ${tenant}`)
  const cookie = String(first.headers['set-cookie']).split(';')[0]!
  assert.equal(
    (await server.soap({ operation: 'isReadOnly', certificate: named, headers: { Cookie: cookie } })).status,
    200,
  )
  await directory.tenants.change(tenant, { state: 'inactive' })
  const deadline = performance.now() + 1000
  while ((await whoami({ UserName: base64(bob) })).user !== undefined) {
    assert.ok(performance.now() < deadline, 'still let in after a second')
    await sleep(20)
  }
  const asked = {
    SOAP: await server.soap({ operation: 'isReadOnly', certificate: named, as: bob }),
    'the SOAP header': await server.soap({
      operation: 'isReadOnly',
      certificate: named,
      blocks: `<m:UserName xmlns:m="http://mutualssl.carbon.wso2.org">${bob}</m:UserName>`,
    }),
    REST: await server.ask({ path: '/scim2/Me', certificate: named, headers: { 'WSO2-Identity-User': bob } }),
    whoami: await whoami({ UserName: base64(bob) }),
  }
  for (const [way, { user, code }] of Object.entries(asked))
    assert.deepEqual([user, code], [undefined, 'tenant_inactive'], way)
  const session = await server.soap({ operation: 'isReadOnly', certificate: named, headers: { Cookie: cookie } })
  assert.equal(session.user, undefined)
  assert.equal((await whoami({ UserName: base64(bob) }, any)).code, 'certificate_not_bound')
  await directory.tenants.change(tenant, { state: 'active' })
  await sleep(300)
  assert.equal(
    (await server.soap({ operation: 'isReadOnly', certificate: named, headers: { Cookie: cookie } })).user,
    undefined,
  )
})

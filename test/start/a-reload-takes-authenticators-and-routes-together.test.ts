import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testAuthority } from '../support/certificates.ts'
import { identityServer } from '../support/identity-server.ts'

const ca = testAuthority()
const certificate = ca.issue()
const bindings = [{ thumbprint: certificate.thumbprint, users: ['alice'] }]
const route = (require: string) => ({ path: '/orders', upstream: 'http://127.0.0.1:9', require: [require] })
const server = await identityServer({ anchors: { ca }, bindings })
await server.users.add({ tenant: 'default', name: 'alice' })

test('a route may require an authenticator that the same reload enables', async () => {
  await server.become({ basic: { enabled: true }, routes: [route('basic')] })
  const { challenges } = await server.client().get()
  assert.equal(challenges, 'Basic realm="Countersign", charset="UTF-8"')
})

test('a route that requires what the same reload disables is refused, and nothing has changed', async () => {
  await server.refuseToBecome({ basic: { enabled: false }, bindings: [] })
  assert.equal(await server.client(certificate).whoami(), 'alice')
})

test('a reload that switches every authenticator off lets nobody in, and ends who was: whoever wrote it means it', async () => {
  const alice = server.client(certificate)
  const before = await alice.get()
  assert.equal(before.body.user, 'alice')
  await server.become({ mutualTls: { enabled: false }, basic: { enabled: false }, bindings: [] })
  await alice.ended(before)
  for (const client of [alice, server.client(certificate), server.client()])
    assert.equal(await client.whoami(), 'credentials_required')
  const { status, challenges } = await server.client().get({ Authorization: 'Basic YWxpY2U6eA==' })
  assert.deepEqual([status, challenges], [401, undefined])
})

test('and one that switches one on again lets in', async () => {
  await server.become({ mutualTls: { enabled: true }, basic: { enabled: true }, bindings })
  assert.equal(await server.client(certificate).whoami(), 'alice')
})

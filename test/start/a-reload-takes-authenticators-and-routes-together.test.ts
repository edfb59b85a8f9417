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

test('a reload without any authenticator is refused, and nothing has changed', async () => {
  await server.refuseToBecome({ mutualTls: { enabled: false }, basic: { enabled: false }, bindings: [], routes: [] })
  assert.equal(await server.client(certificate).whoami(), 'alice')
  const { challenges } = await server.client().get()
  assert.equal(challenges, 'Basic realm="Countersign", charset="UTF-8"')
})

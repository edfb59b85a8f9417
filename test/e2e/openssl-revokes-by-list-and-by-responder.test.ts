// Real authorities: `openssl ca` revokes, `openssl ocsp` answers; we ask by GET and by POST, and end what has been revoked.
import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import { test } from 'node:test'
import { identityServer } from '../support/identity-server.ts'
import { opensslAuthority } from '../support/openssl-authority.ts'
import { web } from '../support/web.ts'

const site = await web()
const authority = await opensslAuthority()
const [ocsp, crl] = [
  `authorityInfoAccess = OCSP;URI:${site.url}/ocsp`,
  `crlDistributionPoints = URI:${site.url}/ca.crl`,
]
const people = {
  alice: await authority.issue('alice', [ocsp]),
  bob: await authority.issue('bob', [ocsp]),
  carol: await authority.issue('carol', [crl]),
  dave: await authority.issue('dave', [crl]),
  erin: await authority.issue('erin', [ocsp, crl]),
}
await authority.revoke(people.bob)
await authority.revoke(people.dave)
site.pages.set('/ca.crl', await authority.crl())
const respond = (request: Buffer, response: ServerResponse) =>
  authority.answer(request).then(
    answer => response.setHeader('content-type', 'application/ocsp-response').end(answer),
    () => response.writeHead(500).end(),
  )
site.pages.set('/ocsp', (_, body, response) => void respond(body, response))
site.pages.set('/ocsp/*', (request, _, response) => {
  void respond(Buffer.from(decodeURIComponent(request.url!.slice('/ocsp/'.length)), 'base64'), response)
})

const revocation = {
  mode: 'require',
  // what the responder has not to say about those without its address is for the list to say
  fetch: { insecureAllowPrivateAddresses: true },
  waitSeconds: 20,
}
const server = await identityServer({
  anchors: { openssl: authority.root },
  bindings: Object.entries(people).map(([user, { thumbprint }]) => ({ thumbprint, users: [user] })),
  revocation,
})
for (const name of Object.keys(people)) await server.users.add({ tenant: 'default', name })
const whoami = (name: keyof typeof people) => server.client(people[name]).whoami()

test('by responder', async () => {
  assert.equal(await whoami('alice'), 'alice')
  assert.equal(await whoami('bob'), 'certificate_revoked')
  assert.equal(await whoami('alice'), 'alice')
  const asked = site.asked.filter(line => line.startsWith('GET /ocsp/'))
  assert.equal(asked.length, 2, 'each answer is asked for once, by GET')
})

test('by list', async () => {
  assert.equal(await whoami('carol'), 'carol')
  assert.equal(await whoami('dave'), 'certificate_revoked')
})

test('by list, where the responder fails', async () => {
  const pages = [...site.pages]
  for (const [path] of pages)
    if (path.startsWith('/ocsp')) site.pages.set(path, (_, __, response) => void response.writeHead(503).end())
  assert.equal(await whoami('erin'), 'erin')
  for (const [path, page] of pages) site.pages.set(path, page)
})

test('by POST with a nonce', async () => {
  await server.become({ revocation: { ...revocation, ocsp: { nonce: 'send' } } })
  assert.equal(await whoami('alice'), 'alice')
  assert.ok(site.asked.includes('POST /ocsp'))
})

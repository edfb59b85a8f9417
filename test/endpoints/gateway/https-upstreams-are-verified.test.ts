import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { after, test } from 'node:test'
import { selfSigned, testAuthority } from '../../support/certificates.ts'
import { ask, openFront } from './front.ts'

const authority = testAuthority({ name: 'Upstream CA' })
const between = authority.intermediate({ name: 'Upstream CA 2' })
const stranger = testAuthority({ name: 'Upstream CA' })
const self = selfSigned({ subject: 'CN=localhost', san: [{ dns: 'localhost' }], extKeyUsage: ['serverAuth'] })

let asked = 0
async function serve(pem: string, key: string): Promise<string> {
  const server = createServer({ cert: pem, key }, (_request, response) => {
    asked += 1
    response.end('secret')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  after(() => {
    server.closeAllConnections()
    server.close()
  })
  return String((server.address() as AddressInfo).port)
}
const good = between.issueServer()
const named = authority.issueServer({ subject: 'CN=other.example', san: [{ dns: 'other.example' }] })
const expired = authority.issueServer({ notBefore: '2020-01-01T00:00:00Z', notAfter: '2020-02-01T00:00:00Z' })
const forClients = authority.issueServer({ extKeyUsage: ['clientAuth'] })
const port = await serve(good.chainPem, good.keyPem)
const namedPort = await serve(named.chainPem, named.keyPem)
const expiredPort = await serve(expired.chainPem, expired.keyPem)
const clientsPort = await serve(forClients.chainPem, forClients.keyPem)
const selfPort = await serve(self.chainPem, self.keyPem)

const route = (path: string, host: string, authorities: string[], more: object = {}) => ({
  path: `/${path}`,
  upstream: `https://${host}`,
  authorities,
  ...more,
})
const front = await openFront([
  route('by-name', `localhost:${port}`, [authority.pem]),
  route('by-address', `127.0.0.1:${port}`, [authority.pem]),
  route('by-intermediate', `localhost:${port}`, [between.pem]),
  route('by-its-own', `localhost:${selfPort}`, [self.pem]),
  route('clients-host', `localhost:${port}`, [authority.pem], { host: 'client' }),
  route('clients-host-address', `127.0.0.1:${namedPort}`, [authority.pem], { host: 'client' }),
  route('nobody', `localhost:${port}`, []),
  route('stranger', `localhost:${port}`, [stranger.pem]),
  route('public', `localhost:${port}`, [], { insecurePublicAuthorities: true }),
  route('other-name', `localhost:${namedPort}`, [authority.pem]),
  route('expired', `localhost:${expiredPort}`, [authority.pem]),
  route('for-clients', `localhost:${clientsPort}`, [authority.pem]),
])
const alice = front.client('alice')

for (const path of ['by-name', 'by-address', 'by-intermediate', 'by-its-own', 'clients-host']) {
  test(`${path}: trusted`, async () => {
    for (const host of ['localhost', 'evil.example']) {
      assert.equal((await ask(front, alice, `/${path}`, { headers: { Host: host } })).body.toString(), 'secret')
    }
  })
}

for (const [path, reason] of [
  ['nobody', /UNABLE_TO_|SELF_SIGNED/],
  ['stranger', /UNABLE_TO_|SELF_SIGNED|SIGNATURE/],
  ['public', /UNABLE_TO_|SELF_SIGNED/],
  ['other-name', /ERR_TLS_CERT_ALTNAME_INVALID/],
  ['clients-host-address', /ERR_TLS_CERT_ALTNAME_INVALID/],
  ['expired', /CERT_HAS_EXPIRED/],
  ['for-clients', /INVALID_PURPOSE/],
] as const) {
  test(`${path}: not asked, and the reason is in the log`, async () => {
    front.failures.length = 0
    const before = asked
    // The name that the client asks for is not the name that the upstream has to prove.
    const reply = await ask(front, alice, `/${path}`, { headers: { Host: 'other.example' } })
    assert.equal(reply.status, 502)
    assert.doesNotMatch(reply.body.toString(), /secret|localhost:|127\.0/)
    assert.equal(asked, before)
    assert.match(front.failures[0]!.reason, reason)
  })
}

test('no environment variable weakens it', async () => {
  process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'
  try {
    assert.equal((await ask(front, alice, '/nobody')).status, 502)
  } finally {
    delete process.env.NODE_TLS_REJECT_UNAUTHORIZED
  }
})

// Somebody who hides a second request in the first, with another's identity in its headers: it must not slip past the proxy that writes them anew.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, test } from 'node:test'
import { connect } from 'node:tls'
import { smugglingShapes } from '../../abuse/smuggling-shapes.ts'
import { testAuthority } from '../../support/certificates.ts'
import { edgeProxies, proxiesSection, proxyAuthority, startEdge } from '../../support/edge-proxies.ts'
import { forwardedForms } from '../../support/forwarded.ts'
import { identityServer } from '../../support/identity-server.ts'
import { httpsRequest } from '../../support/request.ts'

const people = testAuthority({ name: 'People CA' })
const alice = people.issue({ subject: 'CN=alice' })
const mallory = people.issue({ subject: 'CN=mallory' })
const identity = { cert: mallory.chainPem, key: mallory.keyPem }

/** The resource: remembers who asked. */
const asked: string[] = []
const upstream = createServer((request, response) => {
  asked.push(String(request.headers['x-forwarded-user']))
  response.end(request.headers['x-forwarded-user'])
})
upstream.listen(0, '127.0.0.1')
await once(upstream, 'listening')
after(() => upstream.close().closeAllConnections())

const server = await identityServer({
  anchors: { people, machines: proxyAuthority },
  bindings: [{ anchor: 'people', user: { from: 'subject.CN' } }],
  proxies: proxiesSection,
  routes: [{ path: '/app', upstream: `http://127.0.0.1:${(upstream.address() as AddressInfo).port}` }],
})
for (const name of ['alice', 'mallory']) await server.users.add({ tenant: 'default', name })

const spoofed = forwardedForms.flatMap(({ headers }) => Object.entries(headers(alice)))
const smuggled = `GET /app HTTP/1.1\r\nHost: localhost\r\n${spoofed.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`
const shapes = Object.entries(smugglingShapes('/app', smuggled))

/** Milliseconds after which a proxy that waits for more of a request is left alone. */
const patience = 2_000

for (const edge of edgeProxies) {
  test(edge.program, async () => {
    const { port, url, ca } = await startEdge(edge, server)
    const answers = await Promise.all(
      shapes.map(async ([what, octets]) => {
        const socket = connect({ host: '127.0.0.1', port, servername: 'localhost', ca, ...identity })
        let text = ''
        socket.setEncoding('latin1').on('data', chunk => {
          text += chunk
        })
        socket.on('error', () => {}).setTimeout(patience, () => socket.destroy())
        await once(socket, 'secureConnect')
        socket.write(octets, 'latin1')
        // The answer to this one belongs to the smuggled one, where there is one.
        socket.write('GET /app HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
        if (!socket.destroyed) await once(socket, 'close')
        return [what, text] as const
      }),
    )
    for (const [what, text] of answers) assert.doesNotMatch(text, /\balice\b/, what)
    assert.ok(asked.length > 5, 'some get through, as requests of whoever sent them')
    assert.deepEqual([...new Set(asked)], ['mallory'])
    asked.length = 0
    // Whoever comes next on the same connections to Countersign is still who they are.
    for (let i = 0; i < 5; i++) assert.equal((await httpsRequest(`${url}/app`, { ca, ...identity })).body, 'mallory')
    asked.length = 0
  })
}

test('this can fail: a request that does slip past the proxy is of alice', async () => {
  const [edge] = edgeProxies
  const careless = { 'proxy_set_header X-SSL-Client-Cert $ssl_client_escaped_cert;': '' }
  const { url, ca } = await startEdge(edge!, server, careless)
  const headers = forwardedForms.find(({ form }) => form === edge!.clientCertificate.form)!.headers(alice)
  assert.equal((await httpsRequest(`${url}/app`, { ca, headers, ...identity })).body, 'alice')
})

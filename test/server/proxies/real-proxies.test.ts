// The proxies that people run, with the files that docs/proxies/ gives them, in front of a whole server.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, suite, test } from 'node:test'
import { connect } from 'node:tls'
import { systemClock } from '../../../src/clock.ts'
import { createLockStore } from '../../../src/identity/revocation/locks.ts'
import { day, type Issued, selfSigned, testAuthority } from '../../support/certificates.ts'
import { edgeFiles } from '../../support/edge-files.ts'
import { edgeProxies, proxiesSection, proxyAuthority, startEdge } from '../../support/edge-proxies.ts'
import { identityServer } from '../../support/identity-server.ts'
import { startProxy } from '../../support/proxy-program.ts'
import { httpsRequest } from '../../support/request.ts'

const people = testAuthority({ name: 'People CA' })
const below = people.intermediate({ name: 'People Issuing CA' })
const locked = people.issue({ subject: 'CN=alice' })
/** The example of RFC 6455 section 1.3. */
const [key, accept] = ['dGhlIHNhbXBsZSBub25jZQ==', 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=']
/** The resource: takes WebSockets, and tells by whom. */
const upstream = createServer().on('upgrade', (request, socket) => {
  const head = [
    'HTTP/1.1 101 Switching Protocols',
    'Connection: Upgrade',
    'Upgrade: websocket',
    `Sec-WebSocket-Accept: ${accept}`,
  ]
  socket.end([...head, '', request.headers['x-forwarded-user']].join('\r\n'))
})
upstream.listen(0, '127.0.0.1')
await once(upstream, 'listening')
after(() => upstream.close())

const behindBalancer = proxyAuthority.issue({ subject: 'CN=alb' })
const server = await identityServer({
  anchors: { people, machines: proxyAuthority },
  bindings: [{ anchor: 'people', user: { from: 'subject.CN' } }],
  basic: { enabled: true },
  routes: [
    { path: '/ws', upstream: `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`, websocket: 'allow' },
  ],
  proxies: [
    ...proxiesSection,
    {
      name: 'alb',
      proof: { thumbprints: [behindBalancer.thumbprint] },
      clientCertificate: { form: 'aws-alb' },
      addressHeader: 'X-Forwarded-For',
    },
  ],
})
for (const name of ['alice', 'carol'])
  await server.users.add({ tenant: 'default', name, password: `${name}-password-1` })
await server.users.add({ tenant: 'default', name: 'dave' })
await server.users.setState('default', 'dave', 'locked')
await createLockStore(server.storage, systemClock).add(
  { kind: 'thumbprint', value: locked.thumbprint },
  'a certificate',
  'a test',
)

/** By what is wrong with a certificate: how it is refused. `alert`: where the proxy ends the handshake of such a client by itself. */
const refused: readonly { what: string; client: Issued; code: string; alert?: Partial<Record<string, string>> }[] = [
  {
    what: 'expired',
    client: people.issue({ subject: 'CN=alice', notBefore: Date.now() - 9 * day, notAfter: Date.now() - day }),
    code: 'certificate_expired',
    alert: { apache2: 'certificate expired' },
  },
  {
    what: 'not yet valid',
    client: people.issue({ subject: 'CN=alice', notBefore: Date.now() + day }),
    code: 'certificate_not_yet_valid',
    alert: { apache2: 'bad certificate' },
  },
  {
    what: 'for servers only',
    client: people.issue({ subject: 'CN=alice', extKeyUsage: ['serverAuth'] }),
    code: 'purpose_not_allowed',
    alert: { apache2: 'unsupported certificate' },
  },
  {
    what: 'of an unknown authority',
    client: testAuthority({ name: 'Stranger CA' }).issue({ subject: 'CN=alice' }),
    code: 'issuer_unknown',
  },
  { what: 'self-signed', client: selfSigned({ subject: 'CN=alice' }), code: 'issuer_unknown' },
  { what: 'locked', client: locked, code: 'certificate_locked' },
  { what: 'of a locked user', client: people.issue({ subject: 'CN=dave' }), code: 'account_locked' },
  { what: 'of nobody', client: people.issue({ subject: 'CN=nobody' }), code: 'certificate_not_bound' },
]

for (const edge of edgeProxies) {
  const { program } = edge
  suite(program, async () => {
    const { url, ca } = await startEdge(edge, server)
    const ask = async (client?: Issued, headers: Record<string, string> = {}) => {
      const identity = client && { cert: client.chainPem, key: client.keyPem }
      const { status, headers: answered, body } = await httpsRequest(`${url}/whoami`, { ca, headers, ...identity })
      const { user, code, authenticatedBy } = JSON.parse(body)
      return { status, who: user ?? code, authenticatedBy, challenge: String(answered['www-authenticate']) }
    }

    test('a client with a good certificate is its user', async () => {
      const { status, who, authenticatedBy } = await ask(people.issue({ subject: 'CN=alice' }))
      assert.deepEqual([status, who, authenticatedBy], [200, 'alice', 'mutual-tls'])
    })

    test('without a certificate it is told what is missing, and may sign in otherwise', async () => {
      const { status, who, challenge } = await ask()
      assert.deepEqual([status, who], [401, 'certificate_required'])
      assert.match(challenge, /^Basic /)
      const carol = await ask(undefined, { authorization: `Basic ${btoa('carol:carol-password-1')}` })
      assert.deepEqual([carol.who, carol.authenticatedBy], ['carol', 'basic'])
    })

    for (const { what, client, code, alert } of refused) {
      const ownAlert = alert?.[program]
      test(`a certificate that is ${what}: ${ownAlert === undefined ? code : 'the proxy ends the handshake'}`, async () => {
        if (ownAlert !== undefined) return assert.rejects(ask(client), new RegExp(`alert ${ownAlert}`))
        const { status, who } = await ask(client)
        assert.equal(who, code)
        assert.ok(status === 401 || status === 403)
      })
    }

    test('a client that resumes its TLS session stays who it is', async () => {
      const { chainPem: cert, keyPem: key } = people.issue({ subject: 'CN=alice' })
      const target = { host: '127.0.0.1', port: Number(new URL(url).port), servername: 'localhost', ca, cert, key }
      const first = connect({ ...target, maxVersion: 'TLSv1.2' })
      await once(first, 'secureConnect')
      const second = connect({ ...target, maxVersion: 'TLSv1.2', session: first.getSession()! })
      await once(second, 'secureConnect')
      assert.equal(second.isSessionReused(), true)
      second.write('GET /whoami HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
      assert.match(Buffer.concat(await second.toArray()).toString(), /"user":"alice"/)
      first.destroy()
    })

    test('a WebSocket goes through', async () => {
      const { chainPem, keyPem } = people.issue({ subject: 'CN=alice' })
      const identity = { cert: chainPem, key: keyPem }
      const socket = connect({
        host: '127.0.0.1',
        port: Number(new URL(url).port),
        servername: 'localhost',
        ca,
        ...identity,
      })
      const lines = ['GET /ws HTTP/1.1', 'Host: localhost', 'Connection: Upgrade', 'Upgrade: websocket']
      const handshake = ['Sec-WebSocket-Version: 13', `Sec-WebSocket-Key: ${key}`]
      socket.write([...lines, ...handshake, '', ''].join('\r\n'))
      assert.match(Buffer.concat(await socket.toArray()).toString(), /^HTTP\/1\.1 101 .*\r\nalice$/s)
    })

    test(`an intermediate certificate ${edge.chain ? 'comes along' : 'does not come along'}`, async () => {
      const { who } = await ask(below.issue({ subject: 'CN=carol' }))
      assert.equal(who, edge.chain ? 'carol' : 'issuer_unknown')
    })
  })
}

suite('nginx behind a balancer of AWS', async () => {
  const { folder, ca } = edgeFiles(behindBalancer, server.ca)
  const { port } = await startProxy({
    program: 'nginx',
    config: 'docs/proxies/nginx-behind-aws-alb.conf',
    values: chosen => ({
      'listen 443': `listen 127.0.0.1:${chosen}`,
      'allow 192.0.2.0/24': 'allow 127.0.0.4',
      ':9443': `:${new URL(server.url).port}`,
      'id.example.org': 'localhost',
      '/etc/countersign/edge': folder,
    }),
  })
  const ask = async (localAddress: string, headers: Record<string, string>) => {
    const { status, body } = await httpsRequest(`https://localhost:${port}/whoami`, {
      ca,
      localAddress,
      family: 4,
      headers,
    })
    return status === 403 && !body.startsWith('{') ? 'turned away' : (JSON.parse(body).user ?? JSON.parse(body).code)
  }
  /** What it writes: the client's address behind what the client wrote, the whole chain percent-encoded. */
  const written = ({ chainPem }: Issued) => ({
    'X-Forwarded-For': 'unknown, 203.0.113.9',
    'X-Amzn-Mtls-Clientcert': encodeURI(chainPem),
  })

  test('hands on what the balancer wrote, with the chain', async () => {
    assert.equal(await ask('127.0.0.4', written(people.issue({ subject: 'CN=alice' }))), 'alice')
    assert.equal(await ask('127.0.0.4', written(below.issue({ subject: 'CN=carol' }))), 'carol')
    assert.equal(await ask('127.0.0.4', { 'X-Forwarded-For': '203.0.113.9' }), 'certificate_required')
    for (const { client, code } of refused) assert.equal(await ask('127.0.0.4', written(client)), code)
  })

  test('takes nothing from anybody else', async () => {
    assert.equal(await ask('127.0.0.6', written(people.issue({ subject: 'CN=alice' }))), 'turned away')
  })
})

test('HAProxy that speaks HTTP/2 to Countersign', async () => {
  const haproxy = edgeProxies.find(({ program }) => program === 'haproxy')!
  const { url, ca } = await startEdge(haproxy, server, { 'sni str(id.example.org)': 'sni str(id.example.org) alpn h2' })
  const { chainPem: cert, keyPem: key } = people.issue({ subject: 'CN=alice' })
  assert.match((await httpsRequest(`${url}/whoami`, { ca, cert, key })).body, /"user":"alice"/)
  assert.match((await httpsRequest(`${url}/whoami`, { ca })).body, /"code":"certificate_required"/)
})

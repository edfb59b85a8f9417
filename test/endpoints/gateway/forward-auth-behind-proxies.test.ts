// nginx, HAProxy and Caddy as Debian has them, each with the file that docs/proxies/ gives its users: they ask a whole server, and pass on.
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { day, type Issued, testAuthority } from '../../support/certificates.ts'
import { edgeFiles } from '../../support/edge-files.ts'
import { freePort } from '../../support/free-port.ts'
import { identityServer } from '../../support/identity-server.ts'
import { type ProxyName, startProxy } from '../../support/proxy-program.ts'
import { rawClient } from '../../support/raw-client.ts'
import { type Answered, httpsRequest } from '../../support/request.ts'
import { scratchFolder } from '../../support/scratch.ts'
import { spellings } from '../../support/spoofed-headers.ts'

const people = testAuthority({ name: 'People CA' })
const machines = testAuthority({ name: 'Machines CA' })
const alice = people.issue({ subject: 'CN=alice' })
const expired = people.issue({ subject: 'CN=alice', notBefore: Date.now() - 9 * day, notAfter: Date.now() - day })

interface Tier {
  readonly program: ProxyName
  readonly file: string
  readonly clientCertificate: object
  listens(port: number): Record<string, string>
  /** what docs/proxies.md says to write for a Unix socket */
  bySocket(path: string): Record<string, string>
}

const tiers: readonly Tier[] = [
  {
    program: 'nginx',
    file: 'nginx-auth-request.conf',
    clientCertificate: { form: 'nginx' },
    listens: port => ({ 'listen 443': `listen 127.0.0.1:${port}` }),
    bySocket: path => ({
      'server 127.0.0.1:9443;': `server unix:${path};`,
      'https://countersign': 'http://countersign',
    }),
  },
  {
    program: 'haproxy',
    file: 'haproxy-forward-auth.cfg',
    clientCertificate: { form: 'haproxy', chainHeader: 'X-SSL-Client-Chain-DER' },
    listens: port => ({ 'bind :443': `bind 127.0.0.1:${port}` }),
    bySocket: path => ({ 'server countersign 127.0.0.1:9443 ssl': `server countersign unix@${path} #` }),
  },
  {
    program: 'caddy',
    file: 'caddy-forward-auth.Caddyfile',
    clientCertificate: { form: 'client-cert' },
    listens: port => ({ 'https://id.example.org {': `https://localhost:${port} {\n\tbind 127.0.0.1` }),
    bySocket: path => ({ 'https://127.0.0.1:9443': `unix/${path}`, 'import countersign': '' }),
  },
]
const identities = new Map(tiers.map(({ program }) => [program, machines.issue({ subject: `CN=${program}` })]))

/** As the comment at the top of the file says it. */
const proxyOf = ({ program, clientCertificate }: Tier, forwardAuth: object = { form: program }) => ({
  name: program,
  proof: { thumbprints: [identities.get(program)!.thumbprint] },
  clientCertificate,
  addressHeader: 'X-Forwarded-For',
  forwardAuth,
})

const sockets = scratchFolder()
const socketOf = ({ program }: Tier) => join(sockets, `${program}.sock`)
const bySocket = (tier: Tier) => ({
  ...proxyOf(tier),
  name: `${tier.program}-here`,
  proof: { by: 'socket', path: socketOf(tier) },
})

const server = await identityServer({
  anchors: { people, machines },
  bindings: [
    { anchor: 'people', user: { from: 'subject.CN' } },
    // The proxies' own certificates are somebody. That must let nobody in.
    { anchor: 'machines', user: { from: 'subject.CN' } },
  ],
  basic: { enabled: true },
  proxies: [...tiers.map(tier => proxyOf(tier)), ...tiers.map(bySocket)],
  routes: [
    { path: '/everyone', audience: 'https://app.example' },
    { path: '/buyers', allow: { roles: ['buyer'] }, require: ['mutual-tls'] },
  ],
})
for (const name of ['alice', 'carol', ...identities.keys()])
  await server.users.add({ tenant: 'default', name, password: `${name}-password-1` })

/** What stands behind the proxies: it tells what it was sent. */
const app = createServer(async (request, response) => {
  const body = Buffer.concat(await request.toArray()).toString()
  response.end(JSON.stringify({ method: request.method, url: request.url, headers: request.headers, body }))
}).listen(0, '127.0.0.1')
after(() => app.close().closeAllConnections())
await new Promise(resolve => app.once('listening', resolve))

interface Asking {
  readonly client?: Issued
  readonly method?: string
  readonly headers?: Record<string, string>
  readonly body?: string
}

interface Sent {
  readonly status: number
  readonly headers: Answered['headers']
  readonly code?: string
  readonly seen?: { method: string; url: string; headers: IncomingHttpHeaders; body: string }
}

const nobody = await freePort()
const ways = tiers.flatMap(tier => [
  { tier, name: tier.program, there: overTls(new URL(server.url).port), nowhere: overTls(nobody) },
  {
    tier,
    name: `${tier.program}, over a Unix socket`,
    there: tier.bySocket(socketOf(tier)),
    nowhere: tier.bySocket(join(sockets, 'nobody.sock')),
  },
])

for (const { tier, name, there, nowhere } of ways) {
  const { program } = tier
  suite(name, async () => {
    const edge = await startTier(tier, there)
    const { port, ca, said } = edge
    const ask = async (path: string, { client, ...options }: Asking = {}): Promise<Sent> => {
      const identity = client && { cert: client.chainPem, key: client.keyPem }
      const url = `https://localhost:${port}${path}`
      const { status, headers, body } = await httpsRequest(url, { ca, ...identity, ...options })
      if (status === 200) return { status, headers, seen: JSON.parse(body) }
      assert.match(body, /^\{/, `${program} ${status}: ${body} ${said()}`)
      return { status, headers, code: JSON.parse(body).code }
    }

    test('a good certificate: the app learns who it is, from nobody but Countersign', async () => {
      const forged = { ...forgery, UserName: btoa('alice'), Authorization: 'Bearer of-the-client' }
      const { seen } = await ask('/everyone?a=%2Fb', { client: alice, headers: forged, method: 'POST', body: 'a body' })
      assert.deepEqual([seen?.method, seen?.url, seen?.body], ['POST', '/everyone?a=%2Fb', 'a body'])
      const { headers } = seen!
      assert.equal(headers['x-forwarded-user'], 'alice')
      assert.equal(headers['x-forwarded-tenant'], 'default')
      assert.equal(headers['client-cert'], `:${alice.der.toString('base64')}:`)
      assert.match(String(headers['countersign-assertion']), /^ey[\w-]+\.[\w-]+\.[\w-]+$/)
      assert.ok(!JSON.stringify(headers).includes('FORGED'), JSON.stringify(headers))
      assert.deepEqual([headers.username, headers.authorization], [undefined, undefined])
    })

    for (const [spelling, spell] of Object.entries(spellings)) {
      test(`${spelling}: what the client says of itself does not reach the app`, async () => {
        const identity = { cert: alice.chainPem, key: alice.keyPem }
        const raw = rawClient({ host: '127.0.0.1', port, servername: 'localhost', ca, ...identity })
        for (const [name, value] of Object.entries(forgery)) {
          const lines = spell(name, value).map(line => `${line}\r\n`)
          const { status, text } = await raw.send(
            `GET /everyone HTTP/1.1\r\nHost: localhost:${port}\r\n${lines.join('')}\r\n`,
          )
          if (status !== 200) continue
          // What a folded line held has become a part of the value of that one.
          const { headers } = JSON.parse(text.slice(text.indexOf('{'), text.lastIndexOf('}') + 1))
          delete headers['x-other']
          assert.ok(!JSON.stringify(headers).includes('FORGED'), `${name}: ${JSON.stringify(headers)}`)
          assert.equal(headers['x-forwarded-user'], 'alice')
        }
        raw.close()
      })
    }

    test('a password: no certificate of anybody goes along', async () => {
      const authorization = `Basic ${btoa('carol:carol-password-1')}`
      const { seen } = await ask('/everyone', { headers: { ...forgery, authorization } })
      assert.equal(seen?.headers['x-forwarded-user'], 'carol')
      assert.equal(seen?.headers['client-cert'], undefined)
      assert.ok(!JSON.stringify(seen).includes('FORGED'))
      assert.equal(seen?.headers.authorization, undefined)
    })

    test('no certificate: nobody, least of all the proxy', async () => {
      const { status, code, headers } = await ask('/everyone', { headers: forgery })
      assert.deepEqual([status, code], [401, 'certificate_required'])
      assert.match(String(headers['www-authenticate']), /^Basic /)
      assert.match(String(headers['content-type']), /^application\/problem\+json/)
    })

    test('the client is told what is wrong with its certificate', async () => {
      const { status, code } = await ask('/everyone', { client: expired })
      assert.deepEqual([status, code], [401, 'certificate_expired'])
    })

    test('the path that is decided about is the one that is passed on, whatever the client says', async () => {
      assert.deepEqual(pick(await ask('/buyers', { client: alice })), [403, 'forbidden'])
      for (const [name, value] of Object.entries(elsewhere)) {
        assert.deepEqual(
          pick(await ask('/buyers', { client: alice, headers: { [name]: value } })),
          [403, 'forbidden'],
          name,
        )
      }
      assert.deepEqual(pick(await ask('/buyers', { client: alice, headers: elsewhere })), [403, 'forbidden'])
      const { status } = await ask('/nowhere', { client: alice })
      assert.ok(status === 403 || status === 404)
      assert.equal((await ask('/everyone/..%2fbuyers', { client: alice })).seen, undefined)
    })

    test('a page of another site is refused', async () => {
      const headers = { Origin: 'https://evil.example' }
      assert.deepEqual(pick(await ask('/everyone', { client: alice, method: 'POST', headers })), [403, 'forbidden'])
      const own = { Origin: `https://localhost:${port}` }
      assert.equal((await ask('/everyone', { client: alice, method: 'POST', headers: own })).status, 200)
    })

    test('nobody gets in while Countersign is away', async () => {
      const alone = await startTier(tier, nowhere)
      const identity = { cert: alice.chainPem, key: alice.keyPem }
      const { status, body } = await httpsRequest(`https://localhost:${alone.port}/everyone`, {
        ca: alone.ca,
        ...identity,
      })
      assert.ok(status >= 500, String(status))
      assert.ok(!body.includes('x-forwarded'), 'the app was not asked')
    })

    test('the pages of the problems are there', async () => {
      const { status, body } = await httpsRequest(`https://localhost:${port}/problems/forbidden`, {
        ca,
        headers: { Accept: 'text/html' },
      })
      assert.equal(status, 200)
      assert.match(body, /<html/)
    })
  })
}

test('nginx that keeps a yes gives it to nobody else', async () => {
  const [tier] = tiers as [Tier]
  await server.become({
    proxies: [
      proxyOf(tier, { form: 'nginx', insecureCacheSeconds: 30 }),
      ...tiers.slice(1).map(other => proxyOf(other)),
    ],
  })
  const { port, ca } = await startTier(tier, overTls(new URL(server.url).port), folder => ({
    '#proxy_cache_path /var/cache/nginx/countersign': `proxy_cache_path ${folder}/cache`,
    '#proxy_cache ': 'proxy_cache ',
  }))
  const as = async (client?: Issued, path = '/everyone', headers: Record<string, string> = {}) => {
    const identity = client && { cert: client.chainPem, key: client.keyPem }
    const { status, body } = await httpsRequest(`https://localhost:${port}${path}`, { ca, headers, ...identity })
    return status === 200 ? JSON.parse(body).headers['x-forwarded-user'] : status
  }
  const carol = people.issue({ subject: 'CN=carol' })
  const basic = (password: string) => ({ authorization: `Basic ${btoa(`carol:${password}`)}` })
  assert.equal(await as(carol), 'carol')
  await server.users.setState('default', 'carol', 'locked')
  const deadline = Date.now() + 5_000
  while ((await as(people.issue({ subject: 'CN=carol' }))) !== 401)
    assert.ok(Date.now() < deadline, 'she is locked out')
  assert.equal(await as(carol), 'carol', 'it was kept, or the rest of this test shows nothing')
  assert.equal(await as(carol, '/buyers'), 401)
  assert.equal(await as(carol, '/everyone?x'), 401)
  assert.equal(await as(carol, '/everyone', { UserName: btoa('carol') }), 401)
  assert.equal(await as(), 401)
  assert.equal(await as(undefined, '/everyone', { 'X-SSL-Client-Cert': encodeURIComponent(carol.pem) }), 401)
  assert.equal(await as(alice), 'alice')
  await server.users.setState('default', 'carol', 'active')
  while ((await as(undefined, '/everyone', basic('carol-password-1'))) !== 'carol') assert.ok(Date.now() < deadline)
  assert.equal(await as(undefined, '/everyone', basic('another')), 401)
})

async function startTier(
  { program, file, listens }: Tier,
  countersign: Record<string, string>,
  more: (folder: string) => Record<string, string> = () => ({}),
) {
  const { folder, ca } = edgeFiles(identities.get(program)!, server.ca)
  const lua = readFileSync(new URL('../../../docs/proxies/haproxy-forward-auth.lua', import.meta.url), 'utf8')
  writeFileSync(join(folder, 'haproxy-forward-auth.lua'), lua.replaceAll('/etc/countersign/edge', folder))
  const values = (port: number) => ({
    ...listens(port),
    ...countersign,
    '127.0.0.1:8080': `127.0.0.1:${(app.address() as AddressInfo).port}`,
    'id.example.org': 'localhost',
    '/etc/countersign/edge': folder,
    ...more(folder),
  })
  return { ca, ...(await startProxy({ program, config: `docs/proxies/${file}`, values })) }
}

function overTls(port: string | number): Record<string, string> {
  return { ':9443': `:${port}` }
}

const pick = ({ status, code }: Sent) => [status, code]
const forgery = Object.fromEntries(
  [
    'X-Forwarded-User',
    'X-Forwarded-Tenant',
    'X-Forwarded-Roles',
    'Client-Cert',
    'Client-Cert-Chain',
    'Countersign-Assertion',
  ].map(name => [name, 'FORGED']),
)
const elsewhere = {
  'X-Original-Method': 'GET',
  'X-Original-URI': '/everyone',
  'X-Original-URL': '/everyone',
  'X-Forwarded-Method': 'GET',
  'X-Forwarded-Uri': '/everyone',
  'X-Rewrite-URL': '/everyone',
}

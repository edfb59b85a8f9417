// Somebody who writes another's identity into headers, through each of the real proxies with the files of docs/proxies/, and past them.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect as connectHttp2 } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { after, suite, test } from 'node:test'
import { connect } from 'node:tls'
import { type Issued, testAuthority } from '../../support/certificates.ts'
import { edgeProxies, proxiesSection, proxyAuthority, startEdge } from '../../support/edge-proxies.ts'
import { identityServer } from '../../support/identity-server.ts'
import { type RawClient, rawClient } from '../../support/raw-client.ts'
import { ask2, raw2 } from '../../support/raw-http2.ts'
import { httpsRequest } from '../../support/request.ts'
import { type Header, portions, spellings, spoofedHeaders } from '../../support/spoofed-headers.ts'

const people = testAuthority({ name: 'People CA' })
const alice = people.issue({ subject: 'CN=alice' })
const mallory = people.issue({ subject: 'CN=mallory' })

/** The resource: tells the header lines that it got. */
const upstream = createServer((request, response) => {
  const body = JSON.stringify(request.rawHeaders)
  response.setHeader('Content-Length', Buffer.byteLength(body)).end(body)
})
upstream.listen(0, '127.0.0.1')
await once(upstream, 'listening')
after(() => upstream.close().closeAllConnections())

const server = await identityServer({
  anchors: { people, machines: proxyAuthority },
  bindings: [{ anchor: 'people', user: { from: 'subject.CN' } }],
  proxies: proxiesSection,
  routes: ['/app/*', '/admin/*'].map(path => ({
    path,
    upstream: `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`,
    ...(path === '/admin/*' && { allow: { users: ['alice'] } }),
  })),
})
for (const name of ['alice', 'mallory']) await server.users.add({ tenant: 'default', name })

const spoofed = Object.entries(spoofedHeaders(alice, 'alice'))
/** Nothing that is true of mallory holds any of these. */
const marks = [
  'alice',
  alice.thumbprint.slice(0, 40),
  alice.der.toString('base64').slice(-60),
  encodeURIComponent(alice.der.toString('base64').slice(-60)),
  '203.0.113.66',
  'YWxpY2',
]

/** Spellings that a proxy may refuse altogether. */
const malformed = /blank|folded|line feed|oversized/

interface Door {
  readonly name: string
  readonly url: string
  readonly ca: string
  readonly http2: boolean
}

const doors: Door[] = [{ name: 'no proxy', url: server.url, ca: server.ca, http2: true }]
for (const edge of edgeProxies) {
  const { url, ca } = await startEdge(edge, server)
  // Apache speaks it with a module that its file does not ask for.
  doors.push({ name: edge.program, url, ca, http2: edge.program !== 'apache2' })
}
/** Where all clients connect from: the proxies do from another address. */
const address = '127.0.0.5'

for (const { name, url, ca, http2 } of doors) {
  suite(name, () => {
    const { port } = new URL(url)
    const target = (client?: Issued) => ({
      host: '127.0.0.1',
      port: Number(port),
      localAddress: address,
      servername: 'localhost',
      ca,
      ...(client && { cert: client.chainPem, key: client.keyPem }),
    })
    const clients = new Set<RawClient>()
    const rawOf = (client?: Issued) => {
      const made = rawClient(target(client))
      clients.add(made)
      return made
    }
    after(() => {
      for (const client of clients) client.close()
    })
    const get = (path: string, lines: readonly string[]) =>
      [`GET ${path} HTTP/1.1`, `Host: localhost:${port}`, ...lines, '', ''].join('\r\n')

    test('the true ones, so that it shows whose word counts', async () => {
      assert.deepEqual(seen(await rawOf(alice).send(get('/app/x', []))), { user: 'alice', address })
      assert.deepEqual(seen(await rawOf(mallory).send(get('/app/x', []))), { user: 'mallory', address })
      assert.equal((await rawOf(alice).send(get('/admin/x', []))).status, 200)
    })

    for (const [spelling, spell] of Object.entries(spellings)) {
      test(`${spelling}: by somebody else, and by nobody`, async () => {
        const [other, nobody] = [rawOf(mallory), rawOf()]
        let answered = 0
        const ask = async (headers: readonly Header[]): Promise<void> => {
          const lines = headers.flatMap(([header, value]) => spell(header, value))
          const what = headers.map(([header]) => header).join()
          const answer = await other.send(get('/app/x', lines))
          assertMallory(answer, what)
          if (answer.status === 200) answered += 1
          const none = await nobody.send(get('/whoami', lines))
          assert.ok(none.status >= 400 || none.status === 0, `${what}: ${none.text}`)
          // One that is refused hides what would have become of the others.
          if (headers.length > 1 && (answer.status !== 200 || !none.text.includes('certificate_required')))
            for (const header of headers) await ask([header])
        }
        for (const some of portions(spoofed)) await ask(some)
        assert.ok(answered > 0 || malformed.test(spelling), 'most are let through as somebody else')
      })
    }

    test('in the trailers of a body', async () => {
      for (const some of portions(spoofed)) {
        const head = [
          `POST /app/x HTTP/1.1`,
          `Host: localhost:${port}`,
          'Transfer-Encoding: chunked',
          `Trailer: ${some.map(([header]) => header)}`,
        ]
        const trailers = some.map(([header, value]) => `${header}: ${value}`)
        const octets = [...head, '', '1', 'a', '0', ...trailers, '', ''].join('\r\n')
        assertMallory(await rawOf(mallory).send(octets), 'trailers')
        const none = await rawOf().send(octets)
        assert.ok(none.status >= 400 || none.status === 0, none.text)
      }
    })

    test('names of another address than the one that is asked for', async () => {
      const other = rawOf(mallory)
      for (const header of [
        'X-Original-URI',
        'X-Original-URL',
        'X-Rewrite-URL',
        'X-Forwarded-Uri',
        'X-Forwarded-Prefix',
        'X-Forwarded-Path',
      ])
        for (const path of ['/app/x', '/'])
          assert.equal((await other.send(get('/admin/x', [`${header}: ${path}`]))).status, 403, header)
      for (const header of ['X-HTTP-Method-Override', 'X-Forwarded-Method', 'X-Original-Method'])
        assert.equal((await other.send(get('/admin/x', [`${header}: OPTIONS`]))).status, 403, header)
    })

    if (!http2) return
    test('over HTTP/2: as they are, with underscores, twice', async () => {
      for (const client of [mallory, undefined]) {
        const socket = connect({ ...target(client), ALPNProtocols: ['h2'] })
        await once(socket, 'secureConnect')
        const session = connectHttp2(url, { createConnection: () => socket })
        session.on('error', () => {})
        for (const some of portions(spoofed))
          for (const spell of [(header: string) => header, (header: string) => header.replaceAll('-', '_')])
            for (const times of [1, 2]) {
              const headers = Object.fromEntries(
                some.map(([header, value]) => [spell(header.toLowerCase()), times === 1 ? value : [value, value]]),
              )
              const answer = await ask2(session, { ':path': client === undefined ? '/whoami' : '/app/x', ...headers })
              if (client === undefined) assert.ok(answer.status >= 400 || answer.status === 0, answer.text)
              else assertMallory(answer, 'HTTP/2')
            }
        session.destroy()
      }
    })

    test('over HTTP/2: as a pseudo-header, in upper case, and what HTTP/1.1 would take for two lines', async () => {
      const request = [
        [':method', 'GET'],
        [':scheme', 'https'],
        [':authority', `localhost:${port}`],
        [':path', '/whoami'],
      ] as const
      assert.match(await raw2(target(alice), request), /"user":"alice"/, 'whoever is alice is told so')
      for (const [header, value] of spoofed.filter(([header]) =>
        /^(?:client-cert|x-ssl-client-cert|x-ssl-client-der|x-ssl-cert|x-forwarded-user|username)$/i.test(header),
      ))
        for (const line of [
          [`:${header.toLowerCase()}`, value],
          [header.toUpperCase(), value],
          [`${header.toLowerCase()} `, value],
          ['x-other', `a\r\n${header}: ${value}`],
          [`x-other: a\r\n${header}`, value],
          ['x-other', `a\0${header}: ${value}`],
        ] as const)
          for (const client of [mallory, undefined])
            assert.doesNotMatch(await raw2(target(client), [...request, line]), /"user":"alice"/, line[0])
    })
  })
}

/** By program: the line of its file that keeps out what a client writes itself, and what that would be. */
const needed: Readonly<Record<string, { line: string; header: string; value: string }>> = {
  nginx: {
    line: 'proxy_set_header X-SSL-Client-Cert $ssl_client_escaped_cert;',
    header: 'X-SSL-Client-Cert',
    value: encodeURIComponent(alice.pem),
  },
  haproxy: {
    line: 'http-request del-header X-SSL-Client-DER',
    header: 'X-SSL-Client-DER',
    value: alice.der.toString('base64'),
  },
  caddy: {
    line: 'header_up Client-Cert {client_cert}',
    header: 'Client-Cert',
    value: `:${alice.der.toString('base64')}:`,
  },
  apache2: {
    line: 'RequestHeader unset X-SSL-CERT',
    header: 'X-SSL-CERT',
    value: alice.pem.replaceAll('\n', ' ').trim(),
  },
}

suite('these tests can fail: without one line of its file, a proxy vouches for whatever its client writes', () => {
  for (const edge of edgeProxies) {
    test(edge.program, async () => {
      const { line, header, value } = needed[edge.program]!
      const careless = await startEdge(edge, server, { [line]: '' })
      const { body } = await httpsRequest(`${careless.url}/whoami`, { ca: careless.ca, headers: { [header]: value } })
      assert.equal(JSON.parse(body).user, 'alice')
    })
  }
})

/** What the resource was told. */
function seen({
  status,
  text,
}: {
  status: number
  text: string
}): { user: string | undefined; address: string | undefined } | undefined {
  if (status !== 200) return undefined
  const lines = linesOf(text)
  const only = (name: string) => {
    const found = lines.filter(([header]) => header.toLowerCase().replaceAll(/[^a-z0-9]/g, '-') === name)
    return found.length === 1 ? found[0]![1] : undefined
  }
  return { user: only('x-forwarded-user'), address: only('x-forwarded-for') }
}

function linesOf(text: string): [string, string][] {
  const raw = JSON.parse(text.slice(text.indexOf('['), text.lastIndexOf(']') + 1)) as string[]
  return raw.flatMap((name, i) => (i % 2 === 0 ? [[name, raw[i + 1]!] as [string, string]] : []))
}

/** mallory, in every line of it, or a refusal. */
function assertMallory(answer: { status: number; text: string }, what: string): void {
  if (answer.status >= 400 || answer.status === 0) return
  assert.deepEqual(seen(answer), { user: 'mallory', address }, what)
  // What a folded line held has become a part of the value of that one.
  for (const [name, value] of linesOf(answer.text).filter(([name]) => name.toLowerCase() !== 'x-other'))
    for (const mark of marks) assert.ok(!value.includes(mark), `${what}: ${name}: ${value.slice(0, 100)}`)
}

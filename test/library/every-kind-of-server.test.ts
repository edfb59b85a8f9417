// The same decisions in front of Node's own server, Express and Fastify, whether the library made the server or was put before it.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { connect as connectHttp2 } from 'node:http2'
import { createServer, request } from 'node:https'
import { text } from 'node:stream/consumers'
import { after, suite, test } from 'node:test'
import { connect } from 'node:tls'
import express from 'express'
import fastify from 'fastify'
import { countersign as forExpress } from '../../src/library/express.ts'
import { countersign as forFastify } from '../../src/library/fastify.ts'
import { type AuthOptions, countersign as forNode } from '../../src/library/node.ts'
import { type ApplicationHome, applicationHome, asker, closed, listening } from '../support/library.ts'

interface Application {
  readonly port: number
  /** of a server that asks nobody to come in without a certificate */
  readonly strictPort?: number
  readonly http2?: boolean
}

type Open = (options: AuthOptions, home: ApplicationHome) => Promise<Application>

const tls = ({ server }: ApplicationHome) => ({
  key: server.keyPem,
  cert: server.chainPem,
  requestCert: true,
  rejectUnauthorized: false,
})

/** requests that a handler got to see, by path */
const seen: string[] = []

// Each has the same paths: `/` greets, `/orders` is for buyers, `/echo` sends the body back, `/headers` the headers, `/slow` begins.
const kinds: Record<string, Open> = {
  async 'node:https, made here'(options) {
    const auth = await forNode(options)
    after(() => auth.close())
    const server = nodeServer(auth, handler => auth.createServer({ http2: true }, handler as never))
    const strict = auth.createServer({ listener: 'strict' }, (request, response) => {
      response.end(request.principal.user)
    })
    return { port: await listening(server), strictPort: await listening(strict), http2: true }
  },
  async 'node:https, of the application'(options, home) {
    const auth = await forNode(options)
    after(() => auth.close())
    const strict = createServer(tls(home), (request, response) => response.end(user(request)))
    auth.protect(strict, { listener: 'strict' })
    const server = nodeServer(auth, handler => auth.protect(createServer(tls(home), handler as never)))
    return { port: await listening(server), strictPort: await listening(strict) }
  },
  async 'Express, made here'(options) {
    const auth = await forExpress(options)
    after(() => auth.close())
    return { port: await listening(withUpgrade(auth.createServer(expressApp(auth)))) }
  },
  async 'Express, on a server of the application'(options, home) {
    const auth = await forExpress(options)
    after(() => auth.close())
    return { port: await listening(withUpgrade(auth.protect(createServer(tls(home), expressApp(auth))))) }
  },
  async 'Fastify, made here'(options) {
    const auth = await forFastify(options)
    after(() => auth.close())
    return { port: await fastifyPort(auth, auth.serverFactory({ http2: true })), http2: true }
  },
  async 'Fastify, on a server of the application'(options, home) {
    const auth = await forFastify(options)
    after(() => auth.close())
    return { port: await fastifyPort(auth, handler => auth.protect(createServer(tls(home), handler as never))) }
  },
}

/** All that a handler can find behind the body. */
function trailersOf(request: Pick<IncomingMessage, 'trailers' | 'rawTrailers' | 'trailersDistinct'>): string {
  return JSON.stringify([request.trailers, request.rawTrailers, request.trailersDistinct ?? null])
}

function user(request: object): string {
  return (request as { principal: { user: string } }).principal.user
}

function nodeServer(
  auth: Awaited<ReturnType<typeof forNode>>,
  create: (handler: (request: never, response: never) => void) => ReturnType<typeof createServer>,
) {
  const buyers = auth.require({ roles: ['buyer'] })
  const handler = async (
    request: import('node:http').IncomingMessage,
    response: import('node:http').ServerResponse,
  ) => {
    const path = request.url ?? ''
    seen.push(path)
    if (path === '/orders' && (await buyers(request)) === undefined) return
    if (path === '/echo') return void request.pipe(response)
    if (path === '/trailers') return void request.resume().on('end', () => response.end(trailersOf(request)))
    if (path === '/headers') return void response.end(JSON.stringify([request.headers, request.rawHeaders]))
    if (path === '/slow') return void response.write('…')
    response.end(`hello ${user(request)}`)
  }
  return withUpgrade(create(handler as never))
}

function expressApp(auth: Awaited<ReturnType<typeof forExpress>>) {
  const app = express()
  app.use((request, _response, next) => {
    seen.push(request.url)
    next()
  })
  app.use(auth.required())
  app.get('/', (request, response) => void response.send(`hello ${request.principal.user}`))
  app.get('/orders', auth.require({ roles: ['buyer'] }), (request, response) => {
    response.send(`hello ${request.principal.user}`)
  })
  app.post('/trailers', (request, response) => {
    request.resume().on('end', () => response.send(trailersOf(request)))
  })
  app.post('/echo', express.text(), (request, response) => void response.send(request.body))
  app.get('/headers', (request, response) => void response.json([request.headers, request.rawHeaders]))
  app.get('/slow', (_request, response) => void response.write('…'))
  return app
}

async function fastifyPort(
  auth: Awaited<ReturnType<typeof forFastify>>,
  serverFactory: ReturnType<typeof auth.serverFactory>,
): Promise<number> {
  const app = fastify({ serverFactory: serverFactory as never })
  app.addHook('onRequest', async request => void seen.push(request.url))
  await app.register(auth.plugin)
  app.get('/', async request => `hello ${request.principal.user}`)
  app.get('/orders', { onRequest: auth.require({ roles: ['buyer'] }) }, async request => {
    return `hello ${request.principal.user}`
  })
  app.post('/echo', async request => request.body)
  app.post('/trailers', async ({ raw }) => trailersOf(raw))
  app.get('/headers', async request => [request.headers, request.raw.rawHeaders])
  app.get('/slow', (_request, reply) => {
    reply.hijack()
    reply.raw.write('…')
  })
  withUpgrade(app.server)
  after(() => app.close())
  await app.listen({ port: 0, host: '127.0.0.1' })
  return (app.server.address() as import('node:net').AddressInfo).port
}

/** As libraries for WebSockets do it. */
function withUpgrade<S extends import('node:events').EventEmitter>(server: S): S {
  server.on('upgrade', (request: object, socket: import('node:net').Socket) => {
    seen.push('upgrade')
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n${user(request)}`,
    )
    socket.on('data', data => socket.write(data))
  })
  return server
}

for (const [kind, open] of Object.entries(kinds)) {
  suite(kind, async () => {
    const home = await applicationHome()
    const application = await open({ config: home.config, folder: home.folder }, home)
    const { serverAuthority, alice, mallory, clients, users } = home
    const bob = clients.issue({ subject: 'CN=bob' })
    const as = (certificate?: typeof alice, session?: Buffer) =>
      asker(application.port, serverAuthority, certificate, { session })

    test('a trusted certificate is its user, on a connection that is kept', async () => {
      const client = as(alice)
      const first = await client.ask({ path: '/' })
      assert.equal(first.text, 'hello alice')
      const second = await client.ask({ path: '/orders' })
      assert.equal(second.text, 'hello alice')
      assert.equal(second.socket, first.socket)
    })

    test('a body arrives whole, of a declared length or in chunks', async () => {
      const body = 'x'.repeat(80_000)
      for (const length of [{ 'content-length': body.length }, { 'transfer-encoding': 'chunked' }]) {
        const headers = { 'content-type': 'text/plain', ...length }
        assert.equal((await as(alice).ask({ method: 'POST', path: '/echo', headers, body })).text, body)
      }
    })

    test('whoever is not let in gets a problem, and no handler gets the request', async () => {
      seen.length = 0
      const refused = await as().ask({ path: '/' })
      assert.equal(refused.status, 401)
      assert.equal(refused.type, 'application/problem+json; charset=utf-8')
      assert.equal(await as().who({ path: '/' }), 'certificate_required')
      assert.equal(await as(mallory).who({ path: '/' }), 'issuer_unknown')
      assert.equal(await as(clients.issue({ subject: 'CN=stranger' })).who({ path: '/' }), 'certificate_not_bound')
      assert.equal(await as(alice).who({ path: '/', headers: { username: asserted('bob') } }), 'certificate_not_bound')
      assert.deepEqual(seen, [])
    })

    test('a header selects among the users of the certificate', async () => {
      assert.equal(await as(alice).who({ path: '/', headers: { username: asserted('carol') } }), 'hello carol')
    })

    test('who has not the role is refused where it is required, and nowhere else', async () => {
      const forbidden = await as(bob).ask({ path: '/orders' })
      assert.equal(forbidden.status, 403)
      assert.equal(JSON.parse(forbidden.text).code, 'forbidden')
      assert.equal((await as(bob).ask({ path: '/' })).text, 'hello bob')
    })

    test('headers that only a server may set do not reach the handlers', async () => {
      const spoofed = {
        'X-Forwarded-User': 'admin',
        X_Forwarded_User: 'admin',
        'x-remote-user': 'admin',
        'Client-Cert': ':AAAA:',
        UserName: asserted('carol'),
        'x-own': 'kept',
        x_own: 'kept',
      }
      const { text } = await as(alice).ask({ path: '/headers', headers: spoofed })
      const [headers, raw] = JSON.parse(text) as [Record<string, string>, string[]]
      const names = raw.filter((_, i) => i % 2 === 0).map(name => name.toLowerCase())
      for (const found of [Object.keys(headers), names]) {
        assert.deepEqual(
          found.filter(name => /user|cert/i.test(name)),
          [],
        )
        assert.equal(found.includes('x-own') && found.includes('x_own'), true)
      }
    })

    test('nor do trailers that say who is asking', async () => {
      const trailers = { 'X-Forwarded-User': 'admin', X_Remote_User: 'admin', UserName: 'admin', 'x-own': 'kept' }
      const found = await withTrailers(trailers)
      assert.ok(!found.includes('admin'), found)
      assert.ok(found.includes('kept'), found)
    })

    test('another protocol is for the handlers, once the client is known', async () => {
      seen.length = 0
      assert.match(await upgrade(alice), /^101 alice$/)
      assert.match(await upgrade(undefined), /^401/)
      assert.match(await upgrade(mallory), /^401/)
      assert.match(await upgrade(alice, { 'sec-fetch-site': 'cross-site' }), /^403/)
      assert.deepEqual(seen, ['upgrade'])
    })

    test('a page of another site cannot have the certificate used for a change', async () => {
      const headers = { 'sec-fetch-site': 'cross-site', 'content-type': 'text/plain' }
      assert.equal(await as(alice).who({ method: 'POST', path: '/echo', headers }), 'forbidden')
    })

    const { strictPort } = application
    if (strictPort !== undefined)
      test('a request without a certificate is refused in the handshake where one is needed', async () => {
        assert.equal(await asker(strictPort, serverAuthority, alice).who(), 'alice')
        await assert.rejects(
          asker(strictPort, serverAuthority).ask(),
          /ECONNRESET|certificate required|socket hang up/i,
        )
      })

    if (application.http2)
      test('HTTP/2, where it is offered', async () => {
        for (const [certificate, path, expected] of [
          [alice, '/', /^200 hello alice$/],
          [alice, '/headers', /^200 (?!.*admin).*x-own/],
          [undefined, '/', /^401 .*certificate_required/],
        ] as const) {
          const session = connectHttp2(`https://127.0.0.1:${application.port}`, {
            ca: serverAuthority.pem,
            servername: 'localhost',
            ...(certificate && { key: certificate.keyPem, cert: certificate.chainPem }),
          })
          const spoofed = { 'x-forwarded-user': 'admin', 'x-own': 'kept' }
          const stream = session.request({ ':path': path, ':authority': 'localhost', ...spoofed })
          const [headers] = await once(stream, 'response')
          assert.match(`${headers[':status']} ${await text(stream)}`, expected)
          session.close()
        }
      })

    if (application.http2)
      test('HTTP/2: nor do its trailers', async () => {
        const session = connectHttp2(`https://127.0.0.1:${application.port}`, {
          ca: serverAuthority.pem,
          servername: 'localhost',
          key: alice.keyPem,
          cert: alice.chainPem,
        })
        const head = {
          ':method': 'POST',
          ':path': '/trailers',
          ':authority': 'localhost',
          'content-type': 'text/plain',
        }
        const stream = session.request(head, { endStream: false, waitForTrailers: true } as object)
        stream.on('wantTrailers', () => stream.sendTrailers({ 'x-forwarded-user': 'admin', 'x-own': 'kept' }))
        stream.end('a body')
        const found = await text(stream)
        assert.ok(!found.includes('admin'), found)
        assert.ok(found.includes('kept'), found)
        session.close()
      })

    test('when the user is locked, what is open ends, and no ticket opens it again', async () => {
      const client = as(bob)
      await client.ask({ path: '/' })
      const resuming = client.session()
      const again = await as(bob, resuming).ask({ path: '/' })
      assert.equal(again.resumed, true)
      const underWay = await slow(bob)
      const upgraded = openUpgrade(bob)
      await once(upgraded, 'data')
      const begin = performance.now()
      await users.setState('default', 'bob', 'locked')
      await Promise.all([closed(again.socket), closed(underWay), closed(upgraded)])
      assert.ok(performance.now() - begin < 1500)
      const ticket = as(bob, resuming)
      assert.equal(await ticket.who({ path: '/' }), 'account_locked')
      await users.setState('default', 'bob', 'active')
    })

    async function withTrailers(trailers: Record<string, string>): Promise<string> {
      const own = { key: alice.keyPem, cert: alice.chainPem, ca: serverAuthority.pem, servername: 'localhost' }
      const headers = { 'content-type': 'text/plain', trailer: Object.keys(trailers).join(', ') }
      const to = { host: '127.0.0.1', port: application.port, path: '/trailers', method: 'POST', agent: false }
      const sent = request({ ...to, ...own, headers })
      sent.addTrailers(trailers)
      sent.end('a body')
      const [response] = (await once(sent, 'response')) as [IncomingMessage]
      return text(response)
    }

    function slow(certificate: typeof alice): Promise<import('node:tls').TLSSocket> {
      return new Promise((resolve, reject) => {
        const sent = request(
          {
            host: '127.0.0.1',
            port: application.port,
            servername: 'localhost',
            path: '/slow',
            ca: serverAuthority.pem,
            key: certificate.keyPem,
            cert: certificate.chainPem,
            agent: false,
          },
          response => {
            response.on('error', () => {}).resume()
            resolve(response.socket as import('node:tls').TLSSocket)
          },
        )
        sent.on('error', reject)
        sent.end()
      })
    }

    function openUpgrade(certificate: typeof alice | undefined, headers: Record<string, string> = {}) {
      const socket = connect({
        host: '127.0.0.1',
        port: application.port,
        servername: 'localhost',
        ca: serverAuthority.pem,
        ...(certificate && { key: certificate.keyPem, cert: certificate.chainPem }),
      })
      socket.on('error', () => {})
      const fields = Object.entries({ host: 'localhost', connection: 'Upgrade', upgrade: 'websocket', ...headers })
      socket.write(`GET / HTTP/1.1\r\n${fields.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`)
      return socket
    }

    async function upgrade(certificate: typeof alice | undefined, headers?: Record<string, string>): Promise<string> {
      const socket = openUpgrade(certificate, headers)
      let received = ''
      for await (const chunk of socket) {
        received += chunk.toString('latin1')
        if (/\r\n\r\n./.test(received)) break
      }
      socket.destroy()
      return `${received.split(' ')[1]} ${received.slice(received.indexOf('\r\n\r\n') + 4)}`
    }
  })
}

function asserted(name: string): string {
  return Buffer.from(name).toString('base64')
}

// What an application can ask of the library besides "let nobody in who may not": events, its own words, reload, close, mistakes.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer as createPlainServer } from 'node:http'
import { createSecureServer } from 'node:http2'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import express from 'express'
import fastify from 'fastify'
import { systemClock } from '../../src/clock.ts'
import { createLockStore } from '../../src/identity/revocation/locks.ts'
import { countersign as forExpress } from '../../src/library/express.ts'
import { countersign as forFastify } from '../../src/library/fastify.ts'
import { countersign, type Refused, type RefuseWith } from '../../src/library/node.ts'
import { applicationHome, asker, closed, listening } from '../support/library.ts'

const home = await applicationHome()
const { alice, mallory, serverAuthority } = home
const options = { config: home.config, folder: home.folder }
const tls = { key: home.server.keyPem, cert: home.server.chainPem }

async function open(more: object = {}) {
  const auth = await countersign({ ...options, ...more })
  after(() => auth.close())
  return auth
}

test('the socket of a proxy is none of a server of the application', async () => {
  const start = (proof: { path: string; listener?: string }) => {
    const proxy = { name: 'edge', proof: { by: 'socket', ...proof }, addressHeader: 'X-Forwarded-For' } as const
    return countersign({ ...options, config: { ...home.config, proxies: [proxy] } })
  }
  await assert.rejects(start({ path: 'edge.sock', listener: 'main' }), {
    code: 'ERR_SERVER_UNFIT',
    message: /Unix socket/,
  })
  const message = /proxies\[0\]\.proof\.listener: it is not said by whose trust store.*\n.*main, strict/
  await assert.rejects(start({ path: 'edge.sock' }), { code: 'ERR_CONFIG_INVALID', message })
})

suite('a server of the application that cannot be protected', async () => {
  const auth = await open()
  const fine = { ...tls, requestCert: true, rejectUnauthorized: false }
  const cases: [string, () => Server | Promise<Server>, RegExp][] = [
    ['asks for no certificate', () => createServer({ ...tls, rejectUnauthorized: false }), /requestCert is not true/],
    ['lets OpenSSL judge', () => createServer({ ...tls, requestCert: true }), /rejectUnauthorized is not false/],
    ['has both faults, which are told at once', () => createServer(tls), /requestCert.*; .*rejectUnauthorized/],
    ['is none of HTTPS', () => createPlainServer() as never, /only an https\.Server/],
    ['speaks HTTP/2', () => createSecureServer(fine) as never, /only an https\.Server/],
    ['is protected already', () => auth.protect(createServer(fine)), /protected already/],
    [
      'listens already',
      async () => {
        const server = createServer(fine)
        await listening(server)
        after(() => server.close())
        return server
      },
      /listens already/,
    ],
  ]
  for (const [fault, make, message] of cases) {
    test(fault, async () => {
      const server = await make()
      assert.throws(() => auth.protect(server), { code: 'ERR_SERVER_UNFIT', message })
    })
  }
  for (const [listener, message] of [
    [{ clientAuth: 'none' }, /clientAuth: none/],
    [{ proxyProtocol: { from: ['127.0.0.1'] } }, /proxyProtocol/],
  ] as const) {
    test(`a listener with ${JSON.stringify(listener)}`, async () => {
      const config = { ...home.config, listeners: [{ ...home.config.listeners[0]!, ...listener } as never] }
      const lax = await open({ config })
      assert.throws(() => lax.protect(createServer(fine)), { code: 'ERR_SERVER_UNFIT', message })
    })
  }
})

suite('mistakes of the application', () => {
  test('all that is wrong with the options is told at once', async () => {
    const config = { ...home.config, listeners: [{ clientAuth: 'maybe' }], bogus: true }
    await assert.rejects(countersign({ config: config as never, folder: home.folder }), error => {
      assert.match(String(error), /listeners\[0\]\.clientAuth/)
      assert.match(String(error), /unknown key "bogus"/)
      return true
    })
  })

  test('files that are missing are told with their place', async () => {
    await assert.rejects(countersign({ config: home.config, folder: '/nonexistent' }), error => {
      assert.match(String(error), /listeners\[0\]\.keyStore/)
      assert.match(String(error), /listeners\[1\]\.trustStore/)
      return true
    })
  })

  test('a restriction that is misspelt, empty or of an unknown authenticator', async () => {
    const auth = await open()
    for (const wrong of [{ role: ['buyer'] }, { roles: [] }, { roles: 'buyer' }] as never[]) {
      assert.throws(() => auth.require(wrong), { code: 'ERR_CONFIG_INVALID' }, JSON.stringify(wrong))
      assert.throws(() => auth.createServer(wrong), { code: 'ERR_CONFIG_INVALID' }, JSON.stringify(wrong))
    }
    const unknown = { authenticators: ['kerberos'] }
    assert.throws(() => auth.require(unknown), { code: 'ERR_AUTHENTICATOR_UNKNOWN' })
    assert.throws(() => auth.createServer({ caller: 'anyone', roles: ['buyer'] }), { code: 'ERR_SERVER_UNFIT' })
    assert.throws(() => auth.createServer({ listener: 'none' }), { code: 'ERR_SERVER_UNFIT' })
  })

  test('without a key store only a server of the application can be had', async () => {
    const { keyStore: _, ...listener } = home.config.listeners[0]!
    const auth = await open({ config: { ...home.config, listeners: [listener] } })
    assert.throws(() => auth.createServer(), { code: 'ERR_SERVER_UNFIT', message: /no key store/ })
    const server = auth.protect(createServer({ ...tls, requestCert: true, rejectUnauthorized: false }))
    server.on('request', (_request, response) => void response.end('in'))
    const port = await listening(server)
    assert.equal(await asker(port, serverAuthority, alice).who(), 'in')
    assert.equal(await asker(port, serverAuthority).who(), 'certificate_required')
  })

  test('a request that came another way is of nobody', async () => {
    const auth = await forExpress(options)
    after(() => auth.close())
    const app = express()
      .set('env', 'test')
      .use(auth.required(), (_request, response) => void response.send('in'))
    const server = createPlainServer(app as never).listen(0, '127.0.0.1')
    after(() => server.close())
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    assert.equal((await fetch(`http://127.0.0.1:${port}/`)).status, 500)
    await assert.rejects(auth.identify({}), { code: 'ERR_REQUEST_UNKNOWN' })

    const other = await forFastify(options)
    after(() => other.close())
    const injected = fastify()
    await injected.register(other.plugin)
    injected.get('/', async () => 'in')
    assert.equal((await injected.inject('/')).statusCode, 500)
    await injected.close()
  })
})

suite('handlers', async () => {
  test('those that are added later get only what was let through', async () => {
    const server = (await open()).createServer()
    const port = await listening(server)
    const got: string[] = []
    server.on('request', (request, response) => {
      got.push((request as unknown as { principal: { user: string } }).principal.user)
      response.end('in')
    })
    server.prependListener('request', () => got.push('first'))
    assert.equal(await asker(port, serverAuthority).who(), 'certificate_required')
    assert.deepEqual(got, [])
    assert.equal(await asker(port, serverAuthority, alice).who(), 'in')
    assert.deepEqual(got, ['first', 'alice'])
  })

  test('one that throws costs its request, and nothing else', async () => {
    const server = (await open()).createServer(request => {
      if (request.url === '/broken') throw new Error('as planned')
    })
    server.on('request', (_request, response) => void response.end('in'))
    const port = await listening(server)
    assert.equal(await asker(port, serverAuthority, alice).who({ path: '/broken' }), 'internal_error')
    assert.equal(await asker(port, serverAuthority, alice).who(), 'in')
  })

  test('with caller: anyone they ask by themselves', async () => {
    const auth = await open()
    const events: string[] = []
    auth.on('granted', ({ user }) => events.push(`granted ${user}`)).on('refused', ({ code }) => events.push(code))
    const buyers = auth.require({ roles: ['buyer'] })
    const server = auth.createServer({ caller: 'anyone' }, async (request, response) => {
      assert.equal(request.principal, undefined)
      if (request.url === '/buyers') {
        const principal = await buyers(request)
        return principal && void response.end(principal.user)
      }
      const identified = await auth.identify(request)
      response.end(identified.ok ? identified.principal.user : `nobody: ${identified.code}`)
    })
    const port = await listening(server)
    const [nobody, known] = [asker(port, serverAuthority), asker(port, serverAuthority, alice)]
    assert.equal(await nobody.who(), 'nobody: certificate_required')
    assert.equal(await asker(port, serverAuthority, mallory).who(), 'nobody: issuer_unknown')
    assert.deepEqual(events, [])
    assert.equal(await known.who(), 'alice')
    assert.equal(await known.who({ path: '/buyers' }), 'alice')
    assert.equal(await nobody.who({ path: '/buyers' }), 'certificate_required')
    assert.deepEqual(events, ['granted alice', 'granted alice', 'certificate_required'])
  })

  test('paths are the affair of the application; what two parsers could read in two ways is refused', async () => {
    const server = (await open()).createServer((request, response) => void response.end(request.url))
    const client = asker(await listening(server), serverAuthority, alice)
    for (const path of ['/@scope%2fname', '/a//b', '/a;b=c?d']) assert.equal(await client.who({ path }), path)
    assert.equal(await client.who({ headers: { host: ['a', 'b'] as never } }).catch(String), 'bad_request')
  })
})

suite('other ways by which Node tells a server of a request', async () => {
  const auth = await open()
  const own = createServer({ ...tls, requestCert: true, rejectUnauthorized: false })
  const got: string[] = []
  const servers = [auth.createServer(), auth.protect(own)]
  const ports: number[] = []
  for (const server of servers) {
    const told = (event: string, request: object, answer: () => void) => {
      got.push(`${event} ${(request as { principal: { user: string } }).principal.user}`)
      answer()
    }
    server.on('request', (request, response) => told('request', request, () => response.end('in')))
    server.on('checkContinue', (request, response) => {
      told('checkContinue', request, () => response.writeContinue())
      request.resume().once('end', () => response.end('in'))
    })
    server.on('checkExpectation', (request, response) => told('checkExpectation', request, () => response.end('in')))
    server.on('connect', (request, socket) =>
      told('connect', request, () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')),
    )
    ports.push(await listening(server))
  }
  const cases: [string, object][] = [
    ['request', {}],
    ['checkContinue', { method: 'POST', headers: { expect: '100-continue', 'content-length': '0' } }],
    ['checkExpectation', { headers: { expect: 'the-unexpected' } }],
    ['connect', { method: 'CONNECT', path: 'example.org:443' }],
  ]
  for (const [event, options] of cases) {
    test(event, async () => {
      for (const port of ports) {
        got.length = 0
        const status = async (certificate?: typeof alice) => {
          const client = asker(port, serverAuthority, certificate)
          return event === 'connect' ? client.connect(options) : (await client.ask(options)).status
        }
        assert.equal(await status(), 401)
        assert.equal(await status(mallory), 401)
        assert.deepEqual(got, [])
        assert.equal(await status(alice), 200)
        assert.deepEqual(got, [`${event} alice`])
      }
    })
  }
})

test('headers are gone from every view that Node gives of them, and a client is told by its own address', async () => {
  const auth = await open()
  const server = auth.createServer((request, response) => {
    const { headers, headersDistinct, rawHeaders } = request
    const { address, protocol, proxy } = auth.client(request)
    response.end(JSON.stringify([address, protocol, proxy ?? null, headers, headersDistinct, rawHeaders]))
  })
  const client = asker(await listening(server), serverAuthority, alice)
  const spoofed = { 'X-Forwarded-For': '203.0.113.7', 'X-Remote-User': 'admin', 'x-own': ['one', 'two'] }
  const { text } = await client.ask({ headers: spoofed })
  assert.deepEqual(JSON.parse(text)[4]['x-own'], ['one', 'two'])
  assert.match(text, /^\["127\.0\.0\.1","TLSv1\.3",null,/)
  assert.doesNotMatch(text, /203\.0\.113\.7|admin/)
})

test('a proxy that proved itself brings its client; what it says of it stays with us', async () => {
  const edge = home.clients.issue({ subject: 'CN=edge' })
  const proxies = [
    {
      name: 'edge',
      proof: { thumbprints: [edge.thumbprint] },
      clientCertificate: { form: 'client-cert' as const },
    },
  ]
  const auth = await open({ config: { ...home.config, proxies } })
  const server = auth.createServer((request, response) => {
    const { 'client-cert': certificate } = request.headers
    response.end(`${request.principal.user} by ${auth.client(request).proxy}, ${certificate}`)
  })
  const port = await listening(server)
  const handedOn = { headers: { 'client-cert': `:${alice.der.toString('base64')}:` } }
  assert.equal(await asker(port, serverAuthority, edge).who(handedOn), 'alice by edge, undefined')
  assert.equal(await asker(port, serverAuthority, edge).who(), 'certificate_required')
  const bob = home.clients.issue({ subject: 'CN=bob' })
  assert.equal(await asker(port, serverAuthority, bob).who(handedOn), 'bob by undefined, undefined')
  assert.equal(await asker(port, serverAuthority).who(handedOn), 'certificate_required')
})

test('a certificate that is locked loses its open connection, and what happened stands in the audit record', async () => {
  const audited = { ...home.config, audit: { enabled: true, file: 'audit.jsonl' } }
  const auth = await open({ config: audited })
  const port = await listening(auth.createServer((_request, response) => void response.end('in')))
  const eve = home.clients.issue({ subject: 'CN=alice' })
  const { socket } = await asker(port, serverAuthority, eve).ask()
  await createLockStore(home.storage, systemClock).add({ kind: 'thumbprint', value: eve.thumbprint }, 'eve', 'a test')
  await closed(socket)
  assert.equal(await asker(port, serverAuthority, eve).who(), 'certificate_locked')
  await auth.close()
  const kinds = readFileSync(join(home.folder, 'audit.jsonl'), 'utf8').match(/"kind":"[a-z-]+"/g)
  for (const kind of ['access-granted', 'connection-ended', 'access-refused', 'server-stopped']) {
    assert.ok(kinds?.includes(`"kind":"${kind}"`), kind)
  }
})

test('Express and Fastify with routes for anyone beside those that ask', async () => {
  const [one, other] = [await forExpress(options), await forFastify(options)]
  after(() => Promise.all([one.close(), other.close()]))
  const app = express()
  app.get('/open', (_request, response) => void response.send('open'))
  app.use(one.required())
  app.get('/', (request, response) => void response.send(request.principal.user))
  const application = fastify({ serverFactory: other.serverFactory({ caller: 'anyone' }) })
  await application.register(other.plugin, { caller: 'anyone' })
  application.get('/open', async () => 'open')
  application.get('/', { onRequest: other.required() }, async request => request.principal.user)
  await application.listen({ port: 0, host: '127.0.0.1' })
  after(() => application.close())
  const ports = [
    await listening(one.createServer({ caller: 'anyone' }, app)),
    (application.server.address() as AddressInfo).port,
  ]
  for (const port of ports) {
    const nobody = asker(port, serverAuthority)
    assert.equal(await nobody.who({ path: '/open' }), 'open')
    assert.equal(await nobody.who(), 'certificate_required')
    assert.equal(await asker(port, serverAuthority, mallory).who(), 'issuer_unknown')
    assert.equal(await asker(port, serverAuthority, alice).who(), 'alice')
  }
})

test('Fastify on every address of localhost', async () => {
  const auth = await forFastify(options)
  after(() => auth.close())
  const app = fastify({ serverFactory: auth.serverFactory() })
  await app.register(auth.plugin)
  app.get('/', async request => request.principal.user)
  await app.listen({ port: 0 })
  after(() => app.close())
  for (const { port, address: host } of app.addresses() as AddressInfo[]) {
    assert.equal(await asker(port, serverAuthority, alice).who({ host }), 'alice')
    assert.equal(await asker(port, serverAuthority).who({ host }), 'certificate_required')
  }
})

test('events are told once for each request, and a listener that throws changes nothing', async () => {
  const auth = await open()
  const told: string[] = []
  auth.on('granted', ({ user, first }) => told.push(`${user} ${first}`))
  auth.on('granted', () => {
    throw new Error('as planned')
  })
  auth.on('refused', ({ code, path }: Refused) => told.push(`${code} ${path}`))
  const buyers = auth.require({ roles: ['buyer'] })
  const server = auth.createServer(async (request, response) => {
    if (await buyers(request)) response.end('in')
  })
  const port = await listening(server)
  const client = asker(port, serverAuthority, alice)
  await client.who()
  await client.who()
  await asker(port, serverAuthority, mallory).who({ path: '/x' })
  assert.deepEqual(told, ['alice true', 'alice false', 'issuer_unknown /x'])
})

test('refusals can be told in words of the application', async () => {
  const refuseWith: RefuseWith = ({ problem, headers, page }, response) => {
    response.writeHead(problem.status, { ...(headers as Record<string, string>), 'content-type': 'text/plain' })
    response.end(`no: ${problem.code} ${page}`)
  }
  const auth = await open({
    refuseWith,
    config: { ...home.config, authenticators: { ...home.config.authenticators, basic: { enabled: true } } },
  })
  const port = await listening(auth.createServer((_request, response) => void response.end('in')))
  const refused = await asker(port, serverAuthority).ask()
  assert.deepEqual([refused.status, refused.text], [401, 'no: certificate_required false'])
  assert.match(String(refused.headers['www-authenticate']), /^Basic /)
  assert.equal(
    await asker(port, serverAuthority).who({ headers: { accept: 'text/html' } }),
    'no: certificate_required true',
  )
})

test('a password is taken where it is enabled, and handlers do not get to see it', async () => {
  await home.users.add({ tenant: 'default', name: 'dora', password: 'correct horse' })
  const authenticators = { ...home.config.authenticators, basic: { enabled: true } }
  const auth = await open({ config: { ...home.config, authenticators } })
  const server = auth.createServer((request, response) => {
    response.end(`${request.principal.user} ${request.headers.authorization}`)
  })
  const client = asker(await listening(server), serverAuthority)
  const basic = (pair: string) => ({ headers: { authorization: `Basic ${Buffer.from(pair).toString('base64')}` } })
  assert.equal(await client.who(basic('dora:correct horse')), 'dora undefined')
  assert.equal(await client.who(basic('dora:wrong')), 'credentials_invalid')
  const own = { headers: { authorization: 'Bearer of-the-application' } }
  const certified = asker(
    await listening(auth.createServer((r, s) => void s.end(r.headers.authorization))),
    serverAuthority,
    alice,
  )
  assert.equal(await certified.who(own), 'Bearer of-the-application')
})

test('an authority that leaves the trust store takes its open connections along, and its sessions', async () => {
  const auth = await open()
  const greet = (_request: unknown, response: { end(text: string): unknown }) => void response.end('in')
  const own = createServer({ ...tls, requestCert: true, rejectUnauthorized: false }, greet)
  const clients = []
  for (const server of [auth.createServer(greet), auth.protect(own)]) {
    const port = await listening(server)
    const client = asker(port, serverAuthority, alice)
    const { socket } = await client.ask()
    clients.push({ port, client, socket })
  }
  const ended: string[] = []
  auth.on('ended', ({ user, code }) => ended.push(`${user} ${code}`))
  home.trust(mallory)
  const begin = performance.now()
  assert.equal(await auth.reload(), 'reloaded')
  for (const { port, client, socket } of clients) {
    await closed(socket)
    assert.equal(await asker(port, serverAuthority, alice, { session: client.session() }).who(), 'issuer_unknown')
  }
  assert.ok(performance.now() - begin < 1500)
  assert.deepEqual(ended, ['alice issuer_unknown', 'alice issuer_unknown'])
  home.trust(home.clients)
  assert.equal(await auth.reload(), 'reloaded')
  assert.equal(await asker(clients[1]!.port, serverAuthority, alice).who(), 'in')
})

test('intermediates: a session of another process with the same ticket keys is not believed for what cannot be seen', async () => {
  const below = home.clients.intermediate()
  const client = below.issue({ subject: 'CN=alice' })
  const ticketKeys = Buffer.alloc(48, 7)
  const make = async () => {
    const auth = await open()
    const own = { ...tls, requestCert: true, rejectUnauthorized: false, ticketKeys }
    return listening(auth.protect(createServer(own, (_request, response) => void response.end('in'))))
  }
  const [one, other] = [await make(), await make()]
  const first = asker(one, serverAuthority, client)
  assert.equal(await first.who(), 'in')
  const here = asker(one, serverAuthority, client, { session: first.session() })
  const elsewhere = asker(other, serverAuthority, client, { session: first.session() })
  assert.deepEqual([(await here.ask()).text, (await here.ask()).resumed], ['in', true])
  const refused = await elsewhere.ask()
  assert.deepEqual([refused.resumed, JSON.parse(refused.text).code], [true, 'issuer_unknown'])
})

test('close: requests in flight end first, then nothing is answered any more', async () => {
  const auth = await countersign(options)
  let answer = () => {}
  const server = auth.createServer((request, response) => {
    if (request.url === '/slow') answer = () => response.end('late')
    else response.end('in')
  })
  const port = await listening(server)
  const slow = asker(port, serverAuthority, alice).ask({ path: '/slow' })
  const begun = once(server, 'request')
  await begun
  const closing = auth.close()
  answer()
  assert.equal((await slow).text, 'late')
  await closing
  assert.equal(server.listening, false)
  await assert.rejects(asker(port, serverAuthority, alice).who(), /ECONNREFUSED/)
})

test('a server that its application closes is forgotten, idle sessions of HTTP/2 included', async () => {
  const auth = await open()
  const server = auth.createServer({ http2: true }, (_request, response) => void response.end('in'))
  const port = await listening(server)
  const { connect } = await import('node:http2')
  const session = connect(`https://127.0.0.1:${port}`, {
    ca: serverAuthority.pem,
    servername: 'localhost',
    key: alice.keyPem,
    cert: alice.chainPem,
  })
  const stream = session.request({ ':path': '/', ':authority': 'localhost' }).resume()
  await once(stream, 'end')
  await new Promise(resolve => server.close(resolve))
})

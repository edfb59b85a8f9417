// What one side takes for the body and the other for the next request. The resource behind the gateway is a bare socket: it counts what
// it is sent, and no octets that a client hid in a body may ever begin a request there.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { after, before, suite, test } from 'node:test'
import { scratchFolder } from '../support/scratch.ts'
import { type ServerProcess, serverProcess } from '../support/server-process.ts'
import { ended, openTls } from './attack.ts'
import { endHeaders, endStream, fields, frame, preface, request, type } from './frames.ts'
import { smugglingShapes } from './smuggling-shapes.ts'

const smuggled = 'GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n'

const shapes = smugglingShapes('/app', smuggled)

/** Fields that HTTP/1.1 would take for something else, in HTTP/2 (RFC 9113 section 8.2.1). */
const downgrades: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
  'a value with CR LF': [['x-a', `b\r\n\r\n${smuggled}`]],
  'a value with a bare line feed': [['x-a', 'b\nTransfer-Encoding: chunked']],
  'a name with CR LF': [['x-a: b\r\nTransfer-Encoding: chunked\r\nx-b', 'c']],
  'a name with a colon': [['x-a: b', 'c']],
  'transfer-encoding': [['transfer-encoding', 'chunked']],
  connection: [['connection', 'content-length']],
  'a content-length that lies': [['content-length', '0']],
  'two content-lengths': [
    ['content-length', String(smuggled.length)],
    ['content-length', '0'],
  ],
  capitals: [['Content-Length', '0']],
  ':path with a line in it': [[':path', `/app HTTP/1.1\r\nHost: localhost\r\n\r\n${smuggled}`]],
  ':method with a line in it': [[':method', `GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\nGET`]],
  ':authority with a line in it': [[':authority', 'localhost\r\n\r\nGET /smuggled HTTP/1.1']],
}

suite('no octets of a body become a request, nor of a field', () => {
  let server: ServerProcess
  const requests: string[] = []
  const sockets = new Set<Socket>()
  /** Reads requests as their framing says, and keeps the first line of each. */
  const resource = createServer(socket => {
    sockets.add(socket.on('error', () => {}))
    let text = ''
    socket.setEncoding('latin1').on('data', (octets: string) => {
      text += octets
      for (;;) {
        const end = text.indexOf('\r\n\r\n')
        if (end === -1) return
        const section = text.slice(0, end)
        const length = Number(/^content-length: *(\d+)/im.exec(section)?.[1] ?? 0)
        let whole = end + 4 + length
        if (/^transfer-encoding:/im.test(section)) {
          const last = text.indexOf('\r\n0\r\n\r\n', end + 2)
          if (last === -1) return
          whole = last + 7
        } else if (text.length < whole) return
        requests.push(section.split('\r\n')[0]!)
        text = text.slice(whole)
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
      }
    })
  }).listen(0, '127.0.0.1')

  before(async () => {
    await once(resource, 'listening')
    const upstream = `http://127.0.0.1:${(resource.address() as AddressInfo).port}`
    server = await serverProcess({
      folder: scratchFolder(),
      limits: { headersTimeout: 2000, requestTimeout: 2500, keepAliveTimeout: 300 },
      routes: [{ path: '/app', upstream, require: ['mutual-tls'] }],
    })
    assert.equal(await server.ask({ path: '/app' }), 200)
  })
  after(async () => {
    for (const socket of sockets) socket.destroy()
    resource.close()
    assert.equal((await server.stop()).code, 0)
  })

  const judge = (what: string) => {
    for (const line of requests) assert.match(line, /^(?:POST|GET) \/app HTTP\/1\.1$/, what)
    requests.length = 0
  }

  test('HTTP/1.1', { timeout: 60_000 }, async () => {
    await Promise.all(
      Object.entries(shapes).map(async ([what, octets]) => {
        const socket = await openTls(server)
        let answers = ''
        socket.on('data', chunk => {
          answers += chunk.toString('latin1')
        })
        socket.write(octets, 'latin1')
        assert.ok(await ended(socket, 15_000), `${what}: the connection ends`)
        // One request was sent; whatever else is answered was no request of ours to the resource.
        assert.doesNotMatch(answers, /HTTP\/1\.1 5/, what)
      }),
    )
    judge('HTTP/1.1')
    assert.equal(await server.ask({ path: '/app' }), 200)
    judge('afterwards')
  })

  for (const [what, extra] of Object.entries(downgrades)) {
    test(`HTTP/2: ${what}`, async () => {
      const socket = await openTls(server, { ALPNProtocols: ['h2'] })
      socket.resume()
      const pseudo = extra[0]![0].startsWith(':')
      const block = pseudo
        ? fields(
            [
              [':method', 'POST'],
              [':scheme', 'https'],
              [':authority', 'localhost'],
              [':path', '/app'],
            ].map(([name, value]) => extra.find(([other]) => other === name) ?? ([name!, value!] as const)),
          )
        : request('/app', extra, 'POST')
      socket.write(
        Buffer.concat([
          preface,
          frame(type.settings, 0, 0),
          frame(type.headers, endHeaders, 1, block),
          frame(type.data, endStream, 1, Buffer.from(smuggled)),
        ]),
      )
      await ended(socket, 600)
      socket.destroy()
      judge(what)
    })
  }
})

import assert from 'node:assert/strict'
import { connect as connectHttp2, constants, type Http2ServerRequest } from 'node:http2'
import { connect as connectTcp, type Socket } from 'node:net'
import { after, suite, test } from 'node:test'
import type { TLSSocket } from 'node:tls'
import { openUpdating } from '../../abuse/key-updates.ts'
import { parseAnswer, readAnswer, serverIdentity, type TestListener, testListener } from '../../support/listener.ts'

const raw = new Set<Socket>()
after(() => {
  for (const socket of raw) socket.destroy()
})

function tcp(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connectTcp(port, '127.0.0.1', () => resolve(socket)).once('error', reject)
    socket.on('error', () => {})
    raw.add(socket)
  })
}

const closed = (socket: Socket | TLSSocket): Promise<void> =>
  new Promise(resolve => (socket.destroyed ? resolve() : void socket.once('close', () => resolve())))

async function alive(door: TestListener): Promise<void> {
  assert.equal((await door.ask()).status, 200)
}

suite('handshakes', () => {
  test('one that stands still is ended, and told', async () => {
    const door = await testListener({ options: { limits: { handshakeTimeout: 200 } } })
    const silent = await tcp(door.port)
    silent.resume()
    await closed(silent)
    assert.equal((await door.untilTold('handshakeFailed')).reason, 'the handshake took too long')
    await alive(door)
  })

  test('garbage, plain HTTP and a cut ClientHello end that connection and nothing else', async () => {
    const door = await testListener()
    for (const bytes of [
      'GET / HTTP/1.1\r\nHost: x\r\n\r\n',
      '\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00',
      '\0'.repeat(500),
    ]) {
      const socket = await tcp(door.port)
      socket.resume().end(Buffer.from(bytes, 'latin1'))
      await closed(socket)
    }
    const hung = await tcp(door.port)
    hung.resetAndDestroy()
    await door.untilTold('handshakeFailed')
    await alive(door)
  })

  test('a ClientHello in single bytes gets the same answer', async () => {
    const door = await testListener()
    const { connect } = await import('node:tls')
    const { Duplex } = await import('node:stream')
    const plain = (await tcp(door.port)).setNoDelay(true)
    const slow = new Duplex({
      read() {},
      write(chunk: Buffer, _encoding, done) {
        void (async () => {
          for (const byte of chunk) {
            plain.write(Buffer.from([byte]))
            await new Promise(setImmediate)
          }
          done()
        })()
      },
    })
    plain.on('data', chunk => slow.push(chunk))
    const socket = connect({ socket: slow, servername: 'localhost', ca: door.serverAuthority.pem })
    await new Promise((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject))
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
    assert.equal(parseAnswer(await readAnswer(socket)).status, 200)
    socket.destroy()
  })

  test('TLS 1.1, CBC suites and renegotiation are not spoken', async () => {
    const door = await testListener()
    await assert.rejects(door.connect({ tls: 'TLSv1.1' }))
    const { run } = await import('../../support/run.ts')
    const args = (...more: string[]) => ['s_client', '-connect', `127.0.0.1:${door.port}`, '-tls1_2', ...more]
    const cbc = await run('openssl', args('-cipher', 'ECDHE-ECDSA-AES128-SHA256'), { input: '', timeout: 20_000 })
    assert.match(cbc.stderr, /handshake failure/)
    const again = await run('openssl', args('-legacy_renegotiation'), { input: 'R\n', timeout: 20_000 })
    assert.match(again.stderr, /no renegotiation|RENEGOTIATING[\s\S]*error/)
  })
})

suite('CVE-2026-56862, CVE-2026-32283: key updates (TLS 1.3)', () => {
  for (const alpn of ['http/1.1', 'h2']) {
    test(`as many as a client may need are answered, and who asks without end is cut off and told (${alpn})`, async () => {
      const door = await testListener()
      const target = { port: door.port, ca: door.serverAuthority.pem, alice: door.authority.issue() }
      const { plain, updates } = await openUpdating(target, alpn)
      raw.add(plain)
      plain.write(updates(90))
      await alive(door)
      assert.equal(door.listener.connections().length, 2)
      assert.equal(plain.destroyed, false)
      plain.write(updates(5_000))
      assert.equal((await door.untilTold('connectionRefused')).code, 'too_many_key_updates')
      plain.resume()
      await closed(plain)
      await alive(door)
      assert.equal(door.told.filter(({ event }) => event === 'connectionRefused').length, 1)
    })
  }

  test('who came by another server name is cut off as well', async () => {
    const other = 'other.example.org'
    const door = await testListener({
      identities: authority => [
        serverIdentity(authority.issueServer()),
        serverIdentity(authority.issueServer({ san: [{ dns: other }] }), 'other'),
      ],
    })
    const target = { port: door.port, ca: door.serverAuthority.pem, alice: door.authority.issue() }
    const { plain, updates } = await openUpdating(target, 'http/1.1', other)
    raw.add(plain)
    plain.write(updates(5_000))
    assert.equal((await door.untilTold('connectionRefused')).code, 'too_many_key_updates')
    plain.resume()
    await closed(plain)
  })
})

suite('connections', () => {
  test('beyond the number that one address may have are closed, and told; when one ends, the next comes in', async () => {
    const door = await testListener({ options: { limits: { maxConnectionsPerAddress: 3 } } })
    const held = await Promise.all([door.connect(), door.connect(), door.connect()])
    await assert.rejects(door.connect())
    assert.equal((await door.untilTold('connectionRefused')).code, 'too_many_connections')
    held[0]?.destroy()
    while (door.listener.connections().length > 2) await new Promise(setImmediate)
    await alive(door)
  })

  test('beyond the number that the listener may have are closed, and told', async () => {
    const door = await testListener({ options: { limits: { maxConnections: 2 } } })
    await Promise.all([door.connect(), door.connect()])
    await assert.rejects(door.connect())
    assert.equal((await door.untilTold('connectionRefused')).code, 'too_many_connections')
  })

  test('that hang in their handshake count as well', async () => {
    const door = await testListener({ options: { limits: { maxConnectionsPerAddress: 2 } } })
    await Promise.all([tcp(door.port), tcp(door.port)])
    await assert.rejects(door.connect())
  })

  test('that rest for too long are closed', async () => {
    const door = await testListener({ options: { limits: { keepAliveTimeout: 100 } } })
    for (const http of ['http/1.1', 'h2'] as const) await closed((await door.ask({ http })).socket)
  })

  test('end after the number of requests that they may carry', async () => {
    const door = await testListener({ options: { limits: { maxRequestsPerConnection: 1 } } })
    for (const http of ['http/1.1', 'h2'] as const) await closed((await door.ask({ http })).socket)
  })

  test('that take no byte of their answer are closed', async () => {
    const door = await testListener({
      options: { limits: { stallTimeout: 300 } },
      serve: ({ response }) => void response.end(Buffer.alloc(30_000_000)),
    })
    const socket = await door.connect()
    socket.pause()
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
    while (door.listener.connections().length > 0) await new Promise(resolve => setTimeout(resolve, 20))
  })
})

suite('requests', () => {
  const opened = testListener({
    options: { limits: { headersTimeout: 300, requestTimeout: 600, maxHeaderFields: 20 } },
  })
  const send = async (text: string, http: 'http/1.1' = 'http/1.1') => {
    const socket = await (await opened).connect({ http })
    socket.write(text)
    const answer = parseAnswer(await readAnswer(socket))
    return { ...answer, socket }
  }

  test('a header section that trickles: 408', async () => {
    const { status, body, socket } = await send('GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ')
    assert.equal(status, 408)
    assert.equal(body.code, 'request_timeout')
    await closed(socket)
  })

  test('no request at all: the connection ends', async () => {
    const door = await opened
    for (const http of ['http/1.1', 'h2'] as const) {
      const socket = await door.connect({ http })
      socket.resume()
      await closed(socket)
    }
  })

  test('a header section that is too large: 431', async () => {
    assert.equal((await send(`GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`)).status, 431)
    const many = Array.from({ length: 21 }, (_, i) => `X-${i}: 1\r\n`).join('')
    assert.equal((await send(`GET / HTTP/1.1\r\nHost: x\r\n${many}\r\n`)).status, 431)
  })

  for (const [what, text] of Object.entries({
    'Content-Length and Transfer-Encoding':
      'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    'two Content-Lengths': 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello',
    'two equal Content-Lengths': 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello',
    'a signed Content-Length': 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +5\r\n\r\nhello',
    'chunked, and not last': 'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n',
    'Transfer-Encoding in HTTP/1.0': 'POST / HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    'a space before the colon': 'GET / HTTP/1.1\r\nHost: x\r\nX : 1\r\n\r\n',
    'a folded line': 'GET / HTTP/1.1\r\nHost: x\r\nX: 1\r\n 2\r\n\r\n',
    'bare line feeds': 'GET / HTTP/1.1\nHost: x\n\n',
    'a bare carriage return in a value': 'GET / HTTP/1.1\r\nHost: x\r\nX: 1\r2\r\n\r\n',
    'no Host': 'GET / HTTP/1.1\r\nX: 1\r\n\r\n',
    'two Hosts': 'GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n',
    'a Host with user information': 'GET / HTTP/1.1\r\nHost: a@x\r\n\r\n',
    'a Host with a path': 'GET / HTTP/1.1\r\nHost: x/y\r\n\r\n',
    'two Authorizations': 'GET / HTTP/1.1\r\nHost: x\r\nAuthorization: a\r\nAuthorization: b\r\n\r\n',
    'an absolute target': 'GET https://x/ HTTP/1.1\r\nHost: x\r\n\r\n',
    'an asterisk': 'OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n',
    'no HTTP': 'hello\r\n\r\n',
  })) {
    test(`${what}: 400, and the connection ends`, async () => {
      const { status, body, socket } = await send(text)
      assert.equal(status, 400)
      assert.equal(body.code, 'bad_request')
      socket.resume()
      await closed(socket)
    })
  }

  test('another transfer coding: 501', async () => {
    const text = 'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n'
    assert.equal((await send(text)).status, 501)
  })

  test('CONNECT: 405; an unknown expectation: 417', async () => {
    assert.equal((await send('CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n')).status, 405)
    assert.equal((await send('GET / HTTP/1.1\r\nHost: x\r\nExpect: luck\r\n\r\n')).status, 417)
  })

  test('a field that comes twice is an array, unless the standard makes a list of it', async () => {
    const text = 'GET / HTTP/1.1\r\nHost: x\r\nUserName: a\r\nusername: b\r\nAccept: a/b\r\nAccept: c/d\r\n\r\n'
    const { headers } = (await send(text)).body as { headers: Record<string, unknown> }
    assert.deepEqual(headers.username, ['a', 'b'])
    assert.equal(headers.accept, 'a/b, c/d')
  })

  test('a field may be called as it likes', async () => {
    const { status, body } = await send(
      'GET / HTTP/1.1\r\nHost: x\r\n__proto__: a\r\ncode: b\r\nconstructor: c\r\n\r\n',
    )
    assert.equal(status, 200)
    assert.equal((body as { headers: Record<string, unknown> }).headers.constructor, 'c')
  })
})

suite('HTTP/2', () => {
  const open = async (door: TestListener) => {
    const socket = await door.connect({ http: 'h2' })
    const session = connectHttp2('https://localhost', { createConnection: () => socket })
    session.on('error', () => {})
    return { session, socket }
  }

  test('Host and :authority that differ: 400', async () => {
    const door = await testListener()
    assert.equal((await door.ask({ http: 'h2', headers: { host: 'other', ':authority': 'localhost' } })).status, 400)
    assert.equal((await door.ask({ http: 'h2', path: '/a/../b' })).status, 400)
  })

  test('a client that opens and cancels streams without end loses its connection', async () => {
    const door = await testListener({ options: { limits: { streamResets: { burst: 20, perSecond: 1 } } } })
    const { session, socket } = await open(door)
    for (let i = 0; i < 500 && !session.destroyed && !session.closed; i++) {
      const stream = session.request({ ':path': '/' })
      stream.on('error', () => {})
      stream.close(constants.NGHTTP2_CANCEL)
      if (i % 20 === 0) await new Promise(setImmediate)
    }
    await closed(socket)
    await alive(door)
  })

  test('a body that does not arrive in time ends its stream', async () => {
    const door = await testListener({
      options: { limits: { headersTimeout: 200, requestTimeout: 200 } },
      serve: ({ request, response }) => void (request as Http2ServerRequest).resume().on('end', () => response.end()),
    })
    const { session } = await open(door)
    const stream = session.request({ ':path': '/', ':method': 'POST' })
    stream.write('a')
    await new Promise(resolve => stream.on('error', resolve).on('close', resolve))
    session.destroy()
  })
})

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { connect as connectHttp2 } from 'node:http2'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { TLSSocket } from 'node:tls'
import { fixedClock } from '../../../src/clock.ts'
import { isCoded } from '../../../src/errors.ts'
import type { Exchange, Peer } from '../../../src/server/http/exchange.ts'
import { listenerOptions } from '../../../src/server/tls/options.ts'
import { baseTime, day, testAuthority } from '../../support/certificates.ts'
import { type Asked, parseAnswer, readAnswer, testListener } from '../../support/listener.ts'
import { run } from '../../support/run.ts'
import { scratchFolder } from '../../support/scratch.ts'
import { sendJson } from '../../support/send-json.ts'

const closed = (socket: TLSSocket): Promise<void> =>
  new Promise(resolve => (socket.destroyed ? resolve() : void socket.once('close', () => resolve())))

const loss = { user: 'one', tenant: 'default', code: 'account_locked', detail: 'The account is locked.' }

const versions = ['http/1.1', 'h2'] as const

suite('when trust shrinks (invariant 3)', () => {
  for (const http of versions) {
    test(`the connections that relied on it end, and no others, ${http}`, async () => {
      const door = await testListener()
      const [gone, stays] = [
        door.authority.issue({ subject: 'CN=gone' }),
        door.authority.issue({ subject: 'CN=stays' }),
      ]
      const one = await door.ask({ http, certificate: gone })
      const other = await door.ask({ http, certificate: stays })
      const nobody = await door.ask({ http })
      const anchors = [{ alias: 'stays', certificate: stays.certificate }]
      door.trust.replace({ ...door.trust.material, anchors })
      await closed(one.socket)
      assert.equal(await door.listener.rejudge(), 0, 'nothing is left to end')
      assert.equal(other.socket.destroyed, false)
      assert.equal(nobody.socket.destroyed, false)
    })

    test(`a connection ends when its user may no longer come in, ${http}`, async () => {
      const locked = new Set<string>()
      const who = (peer: Peer) => peer.judgement()?.certificate?.subject.toString() ?? ''
      const door = await testListener({ lossOf: async peer => (locked.has(who(peer)) ? loss : undefined) })
      const one = await door.ask({ http, certificate: door.authority.issue({ subject: 'CN=one' }) })
      const other = await door.ask({ http, certificate: door.authority.issue({ subject: 'CN=other' }) })
      locked.add('CN=one')
      door.epoch.raise('users')
      await closed(one.socket)
      const told = door.told.filter(({ event }) => event === 'connectionEnded')
      const certificate = { subject: 'CN=one' }
      assert.partialDeepStrictEqual(told, [{ ...loss, cause: 'users', remoteAddress: '127.0.0.1', certificate }])
      assert.equal(told.length, 1)
      assert.equal(other.socket.destroyed, false)
    })

    test(`a request in flight ends as well, ${http}`, async () => {
      const door = await testListener({ serve: exchange => void exchange.peer.judgement() })
      const client = door.authority.issue()
      const asked = door.ask({ http, certificate: client })
      while (door.listener.connections()[0]?.judgement() === undefined) await sleep(5)
      door.trust.replace({
        ...door.trust.material,
        anchors: [{ alias: 'x', certificate: testAuthority().certificate }],
      })
      await assert.rejects(asked)
    })

    test(`a connection does not outlive its certificate, ${http}`, async () => {
      const clock = fixedClock(baseTime)
      const door = await testListener({ clock })
      const certificate = door.authority.issue({ notAfter: baseTime + day })
      const { socket, body } = await door.ask({ http, certificate })
      assert.equal(body.verdict, 'trusted')
      clock.set(baseTime + day + 1000)
      await closed(socket)
    })
  }

  test('what fails while a connection is judged again ends that connection', async () => {
    const door = await testListener({
      lossOf: () => {
        throw new Error('the store is gone')
      },
    })
    const { socket } = await door.ask({ certificate: door.authority.issue() })
    door.epoch.raise('bindings')
    await closed(socket)
  })

  test('two hundred connections of fifty clients are gone at once', async () => {
    const door = await testListener({ options: { limits: { handshakeTimeout: 60_000, headersTimeout: 60_000 } } })
    const clients = Array.from({ length: 50 }, () => door.authority.issue())
    const open: Asked[] = []
    for (let i = 0; i < 200; i += 50) {
      const batch = Array.from({ length: 50 }, (_, n) => door.ask({ certificate: clients[n]! }))
      open.push(...(await Promise.all(batch)))
    }
    assert.equal(door.listener.connections().length, 200)
    const before = performance.now()
    door.trust.replace({ ...door.trust.material, anchors: [{ alias: 'x', certificate: testAuthority().certificate }] })
    await Promise.all(open.map(({ socket }) => closed(socket)))
    // Both ends live in this process, which shares its machine with other tests.
    assert.ok(performance.now() - before < 5000, `it took ${performance.now() - before} ms`)
  })
})

suite('a graceful end', () => {
  for (const http of versions) {
    test(`lets a request in flight finish, takes no new connection, and ends, ${http}`, async () => {
      let finish = () => {}
      const door = await testListener({
        serve: exchange => {
          finish = () => sendJson(exchange, { finished: true })
        },
      })
      const resting = await door.connect({ http: 'http/1.1' })
      const asked = door.ask({ http })
      while (door.listener.connections().length < 2) await sleep(5)
      await sleep(50)
      const ended = door.listener.close({ graceMs: 20_000 })
      await assert.rejects(door.connect(), { code: 'ECONNREFUSED' })
      await closed(resting)
      finish()
      assert.deepEqual((await asked).body, { finished: true })
      await ended
    })

    test(`does not wait longer than it was told, ${http}`, async () => {
      const door = await testListener({ serve: () => {} })
      const asked = door.ask({ http })
      asked.catch(() => {})
      while (door.listener.connections().length < 1) await sleep(5)
      await door.listener.close({ graceMs: 50 })
      await assert.rejects(asked)
    })
  }

  test('ends handshakes that hang, and connections at rest', async () => {
    const door = await testListener()
    const { socket } = await door.ask()
    const { connect } = await import('node:net')
    const hanging = connect(door.port, '127.0.0.1')
    await once(hanging, 'connect')
    await door.listener.close()
    await closed(socket)
    if (!hanging.destroyed) await once(hanging.resume(), 'close')
  })
})

suite('an endpoint', () => {
  test('that throws, at once or later, is answered with 500 and logged; the process stays', async () => {
    const logged: object[] = []
    const note = (fields: object) => void logged.push(fields)
    const door = await testListener({
      log: { debug() {}, info() {}, warn() {}, error: note },
      serve(exchange: Exchange) {
        if (exchange.path === '/later') return Promise.reject(new Error('later'))
        throw new Error('at once')
      },
    })
    for (const path of ['/', '/later']) {
      for (const http of versions) {
        const { status, body } = await door.ask({ path, http })
        assert.equal(status, 500)
        assert.equal(body.code, 'internal_error')
        assert.doesNotMatch(JSON.stringify(body), /at once|later/)
        assert.partialDeepStrictEqual(logged.pop(), { requestId: body.requestId, path })
      }
    }
  })

  test('whose problem cannot be told costs one connection, not the process', async () => {
    const door = await testListener({
      serve: () => {
        throw new Error('at once')
      },
      problemPage: () => {
        throw new Error('no page either')
      },
    })
    for (const path of ['/', '/a/../b']) {
      for (const http of versions) {
        const answer = await door.ask({ path, http, headers: { accept: 'text/html' } }).catch(() => undefined)
        assert.ok(!answer?.status, 'nothing was answered')
      }
      assert.equal((await door.ask()).status, 500)
    }
  })

  test('takes a WebSocket over, and answers one that it does not want like any request', async () => {
    const door = await testListener({
      serve(exchange) {
        const { upgrade } = exchange
        if (exchange.path !== '/socket' || upgrade === undefined)
          return sendJson(exchange, { upgrade: upgrade?.protocol })
        const { socket, head } = upgrade.accept()
        socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: ${upgrade.protocol}\r\n\r\n`)
        socket.write(head)
        socket.pipe(socket)
      },
    })
    const text = (path: string) =>
      `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`
    const socket = await door.connect()
    socket.setEncoding('utf8').write(`${text('/socket')}ab`)
    let got = ''
    socket.on('data', chunk => {
      got += chunk
      if (got.endsWith('ab')) socket.write('cd')
      if (got.endsWith('abcd')) socket.end()
    })
    await closed(socket)
    assert.match(got, /^HTTP\/1\.1 101 [\s\S]*\r\n\r\nabcd$/)
    const plain = await door.connect()
    plain.write(text('/other'))
    const { status, body, headers } = parseAnswer(await readAnswer(plain))
    assert.deepEqual([status, body], [200, { upgrade: 'websocket' }])
    assert.equal(headers.connection, 'close')
    await closed(plain)
  })

  test('sees the same request over both versions of HTTP', async () => {
    const door = await testListener()
    for (const http of versions) {
      const { body } = await door.ask({ http, path: '/a%20b?c=%2F', headers: { 'x-test': '1' } })
      const { headers, ...rest } = body as { headers: Record<string, unknown> }
      assert.partialDeepStrictEqual(rest, { path: '/a b', query: 'c=%2F', method: 'GET' })
      assert.equal(headers['x-test'], '1')
      assert.match(String(headers.host), /^localhost(?::443)?$/)
    }
  })

  test('many requests at once on one HTTP/2 connection are all answered', async () => {
    const door = await testListener()
    const socket = await door.connect({ http: 'h2', certificate: door.authority.issue() })
    const session = connectHttp2('https://localhost', { createConnection: () => socket })
    const statuses = await Promise.all(
      Array.from({ length: 100 }, async (_, i) => {
        const stream = session.request({ ':path': `/${i}` })
        const [headers] = await once(stream, 'response')
        stream.resume()
        return headers[':status']
      }),
    )
    assert.deepEqual(new Set(statuses), new Set([200]))
    session.close()
  })
})

test('where only HTTP/2 is spoken, a client that does not negotiate it is not served', async () => {
  const door = await testListener({ options: { http: ['h2'] } })
  assert.equal((await door.ask({ http: 'h2' })).status, 200)
  await assert.rejects(door.ask({ http: 'http/1.1' }))
  const { connect } = await import('node:tls')
  const plain = connect({ port: door.port, host: '127.0.0.1', servername: 'localhost', ca: door.serverAuthority.pem })
  plain.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  await assert.rejects(readAnswer(plain))
})

test('an address that is taken: ERR_LISTEN_FAILED', async () => {
  const door = await testListener()
  await assert.rejects(testListener({ options: { port: door.port } }), error => isCoded(error, 'ERR_LISTEN_FAILED'))
})

test('curl and openssl see an alert where a certificate is needed, and get in with one', async () => {
  const door = await testListener({ options: { clientAuth: 'need' } })
  const folder = scratchFolder()
  const client = door.authority.issue()
  const file = (name: string, text: string) => {
    writeFileSync(join(folder, name), text, { mode: 0o600 })
    return join(folder, name)
  }
  const ca = file('ca.pem', door.serverAuthority.pem)
  const identity = ['--cert', file('client.pem', client.chainPem), '--key', file('client.key', client.keyPem)]
  for (const version of ['1.2', '1.3']) {
    const tls = [`--tlsv${version}`, '--tls-max', version, '--cacert', ca, '-sS', `https://localhost:${door.port}/`]
    assert.notEqual((await run('curl', tls, { timeout: 20_000 })).code, 0)
    // A client that sends its request together with the end of the handshake may meet a reset before it reads the alert.
    const shake = ['s_client', '-connect', `127.0.0.1:${door.port}`, `-tls1_${version.slice(2)}`, '-ign_eof']
    const refused = await run('openssl', shake, { timeout: 20_000 })
    assert.match(refused.stderr, version === '1.3' ? /alert certificate required/ : /alert handshake failure/)
    for (const http of ['--http1.1', '--http2']) {
      const { code, stdout } = await run('curl', [...tls, ...identity, http], { timeout: 20_000 })
      assert.equal(code, 0)
      assert.equal(JSON.parse(stdout).verdict, 'trusted')
    }
  }
})

test('options: everything has a default, and what contradicts itself is refused', () => {
  assert.equal(listenerOptions.parse({}).clientAuth, 'want')
  assert.throws(() => listenerOptions.parse({ limits: { headersTimeout: 5000, requestTimeout: 4000 } }))
  assert.throws(() => listenerOptions.parse({ clientAuth: true }))
})

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, ServerResponse } from 'node:http'
import { suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { TLSSocket } from 'node:tls'
import { sendAnswer } from '../../../src/server/http/answer.ts'
import { BodilessRequest } from '../../../src/server/http/bodiless-request.ts'
import type { Exchange } from '../../../src/server/http/exchange.ts'
import { bodilessRequests } from '../../../src/server/tls/bodiless-requests.ts'
import { type TestListener, testListener } from '../../support/listener.ts'
import { sendJson } from '../../support/send-json.ts'

/** Says which way a request came. */
const sayWay = (exchange: Exchange) =>
  sendAnswer(exchange, {
    status: 200,
    headers: { 'X-Way': wayOf(exchange) },
    body: JSON.stringify({ path: exchange.path }),
  })
const wayOf = ({ request }: Exchange) => (request instanceof BodilessRequest ? 'ours' : 'node')

/** Everything that comes on a connection, as text, until there are so many answers. */
async function talk(door: TestListener, sent: string | readonly string[], answers: number): Promise<string> {
  const socket = await door.connect()
  let text = ''
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    text += chunk
  })
  for (const piece of typeof sent === 'string' ? [sent] : sent) {
    socket.write(piece, 'latin1')
    await new Promise(setImmediate)
  }
  const over = once(socket, 'close')
  while (statuses(text).length < answers || !text.endsWith('}')) {
    if (socket.destroyed) break
    await Promise.race([once(socket, 'data'), over])
  }
  socket.destroy()
  return text
}

const statuses = (text: string) => [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status)
const ways = (text: string) => [...text.matchAll(/X-Way: (\w+)/g)].map(([, way]) => way)
const paths = (text: string) => [...text.matchAll(/"path":"([^"]+)"/g)].map(([, path]) => path)
const get = (path: string, ...fields: string[]) =>
  [`GET ${path} HTTP/1.1`, 'Host: localhost', ...fields, '', ''].join('\r\n')
const post = (path: string, body = 'abc') =>
  `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${body.length}\r\n\r\n${body}`

const ended = async (socket: TLSSocket): Promise<void> => void (socket.destroyed || (await once(socket, 'close')))

test('this Node tells of requests in the way that is expected here', () => {
  // When it fails, a Node has come that tells otherwise: until that is understood, it makes all requests into streams itself.
  assert.equal(typeof bodilessRequests(createServer(), () => {}), 'function')
})

suite('which requests are taken', () => {
  const opened = testListener({ serve: sayWay })

  const many = Array.from({ length: 40 }, (_, i) => `x-field-${i}: ${i}`)
  for (const [name, request, way] of [
    ['a GET', get('/'), 'ours'],
    ['a GET with fields and a query', get('/?a=b', 'Accept: */*', 'Cookie: a=b', 'X-Any: 1'), 'ours'],
    ['a GET whose connection is to be kept', get('/', 'Connection: keep-alive'), 'ours'],
    // No body comes back that would show its end: another request does.
    ['HEAD', get('/').replace('GET', 'HEAD') + post('/after'), 'node'],
    ['POST', post('/'), 'node'],
    ['POST without a body', get('/').replace('GET', 'POST'), 'node'],
    ['a GET with a body', `${get('/', 'Content-Length: 3')}abc`, 'node'],
    ['a GET with an empty body', get('/', 'Content-Length: 0'), 'node'],
    ['a GET in chunks', `${get('/', 'Transfer-Encoding: chunked')}0\r\n\r\n`, 'node'],
    ['a GET of an h2c client', get('/', 'Connection: Upgrade', 'Upgrade: h2c'), 'node'],
    ['a GET that offers a protocol without asking for it', get('/', 'Upgrade: h2c'), 'node'],
    ['the last one of a connection', get('/', 'Connection: close'), 'node'],
    ['HTTP/1.0', get('/').replace('1.1', '1.0'), 'node'],
    ['a field that comes twice', get('/', 'X-A: 1', 'x-a: 2'), 'node'],
    ['a field that every object has', get('/', 'constructor: 1'), 'node'],
    ['the field that every object is made from', get('/', '__proto__: 1'), 'node'],
    ['more fields than the parser tells at once', get('/', ...many), 'node'],
  ] as const) {
    test(`${name}: ${way}`, async () => {
      const answers = name === 'HEAD' ? 2 : 1
      assert.deepEqual(ways(await talk(await opened, request, answers)), Array(answers).fill(way))
    })
  }

  test('in pieces as small as can be', async () => {
    assert.deepEqual(ways(await talk(await opened, [...get('/', 'Accept: a')], 1)), ['ours'])
  })

  test('in turn with others on one connection', async () => {
    const text = await talk(
      await opened,
      [get('/1'), post('/2'), get('/3'), get('/4', 'Content-Length: 0'), get('/5')],
      5,
    )
    assert.deepEqual(
      [paths(text), ways(text)],
      [
        ['/1', '/2', '/3', '/4', '/5'],
        ['ours', 'node', 'ours', 'node', 'ours'],
      ],
    )
  })
})

test('the answer is what Node makes of it, to the octet', async () => {
  const body = { name: 'Jürgen', list: [1, 2] }
  const answers: ((exchange: Exchange) => void)[] = [
    exchange => sendJson(exchange, body),
    exchange => sendJson(exchange, { name: 'ASCII' }),
    ({ response }) => {
      response.writeHead(204)
      response.end()
    },
    ({ response }) => {
      response.writeHead(200, { 'content-length': '4', 'x-octet': 'caf\xe9', 'set-cookie': ['a=1', 'b=2'] })
      response.write(Buffer.from('ab'))
      response.end(Buffer.from('cd'))
    },
    ({ response }) => {
      response.writeHead(304, ['ETag', '"a"'])
      response.end()
    },
    ({ response }) => {
      response.writeHead(304, { etag: '"a"', 'content-length': '7' })
      response.end('no body')
    },
    ({ request, response }) => {
      response.writeHead(200, ['Content-Length', '1'])
      response.end('a')
      // Node's own would throw in nobody's hearing.
      if (!(request instanceof BodilessRequest)) return
      response.end('and again')
      response.write('behind the end')
    },
    ({ response }) => {
      response.writeHead(200, ['Content-Length', '1'])
      assert.throws(() => response.writeHead(404))
      response.end('a')
    },
    ({ response }) => {
      response.writeHead(299, ['Content-Length', '0', 'Date', 'Tue, 15 Nov 1994 08:12:31 GMT'])
      response.end()
    },
    ({ response }) => {
      response.writeHead(200, { 'content-type': 'text/plain' })
      response.write('in chunks')
      response.end()
    },
    ({ response }) => {
      response.writeEarlyHints({ link: '</a>; rel=preload' })
      response.writeHead(200, { trailer: 'x-sum' })
      response.write('a')
      response.addTrailers({ 'x-sum': '1' })
      response.end()
    },
    ({ response }) => {
      if ('shouldKeepAlive' in response) response.shouldKeepAlive = false
      response.writeHead(200, { 'content-length': '1' })
      response.end('a', 'latin1')
    },
  ]
  // Of fields that cannot change the text is kept, for each status.
  const frozen = Object.freeze(['Content-Length', '0', 'X-Shared', 'yes']) as string[]
  for (const status of [200, 299, 200]) {
    answers.push(({ response }) => {
      response.writeHead(status, frozen)
      response.end()
    })
  }
  const cases = [5000, 0].flatMap(keepAliveTimeout => [...answers.keys()].map(i => [keepAliveTimeout, i] as const))
  const doors = new Map<number, TestListener>()
  const serve = (exchange: Exchange) => answers[Number(exchange.query)]!(exchange)
  for (const [keepAliveTimeout, i] of cases) {
    const door =
      doors.get(keepAliveTimeout) ?? (await testListener({ serve, options: { limits: { keepAliveTimeout } } }))
    doors.set(keepAliveTimeout, door)
    const heard: string[] = []
    for (const fields of [[], ['Content-Length: 0']]) {
      const socket = await door.connect()
      socket.write(get(`/?${i}`, ...fields) + get('/?1'))
      let text = ''
      socket.setEncoding('latin1').on('data', chunk => {
        text += chunk
      })
      while (!text.includes('ASCII') && !socket.readableEnded)
        await Promise.race([once(socket, 'data'), once(socket, 'end')])
      socket.destroy()
      heard.push(text.replace(/Date: [A-Z][^\r]+ 20[^\r]+GMT/g, 'Date: today'))
    }
    assert.equal(heard[0], heard[1], `answer ${i}`)
    assert.match(heard[0]!, /^HTTP\/1\.1 /)
  }
})

test('a value with a line end in it makes no second answer', async () => {
  const door = await testListener({
    serve({ path, response }) {
      const name = path === '/name' ? 'x-evil: a\r\nx' : 'x-evil'
      const value = path === '/name' ? 'a' : 'a\r\nSet-Cookie: stolen=1'
      response.writeHead(
        200,
        path === '/list' ? [name, value, 'Content-Length', '0'] : { [name]: value, 'content-length': '0' },
      )
      response.end()
    },
  })
  for (const path of ['/list', '/object', '/name']) {
    const { status, headers } = await door.ask({ path, http: 'http/1.1' })
    assert.deepEqual([status, headers['set-cookie'], headers['x-evil']], [500, undefined, undefined], path)
  }
})

suite('requests that are sent ahead', () => {
  test('are answered in their order, however long each takes', async () => {
    const door = await testListener({
      async serve(exchange) {
        await sleep(exchange.path === '/slow' ? 50 : 1)
        sayWay(exchange)
      },
    })
    const text = await talk(door, get('/slow') + get('/2') + get('/3') + get('/slow') + get('/5'), 5)
    assert.deepEqual(paths(text), ['/slow', '/2', '/3', '/slow', '/5'])
    assert.deepEqual(new Set(ways(text)), new Set(['ours']))
  })

  test('behind one that Node answers, Node answers them', async () => {
    const door = await testListener({
      async serve(exchange) {
        await sleep(5)
        sayWay(exchange)
      },
    })
    const text = await talk(door, post('/1') + get('/2') + get('/3'), 3)
    assert.deepEqual(
      [paths(text), ways(text)],
      [
        ['/1', '/2', '/3'],
        ['node', 'node', 'node'],
      ],
    )
    const later = await talk(door, get('/1'), 1)
    assert.deepEqual(ways(later), ['ours'])
  })

  test('one with a body, sent ahead of an answer, is not taken: the connection ends behind what came before it', async () => {
    const taken: string[] = []
    const door = await testListener({
      async serve(exchange) {
        taken.push(exchange.path)
        await sleep(10)
        sayWay(exchange)
      },
    })
    const hidden = 'GET /hidden HTTP/1.1\r\nHost: localhost\r\n\r\n'
    const text = await talk(door, get('/1') + get('/2') + post('/3', hidden) + get('/4'), 9)
    assert.deepEqual(paths(text), ['/1', '/2'])
    assert.deepEqual(taken, ['/1', '/2'])
    assert.match(text.slice(text.lastIndexOf('HTTP/1.1')), /\r\nConnection: close\r\n/)
  })

  test('of more than a few none is taken until those before it are answered, and then the connection ends', async () => {
    let taken = 0
    const megabyte = Buffer.alloc(1024 * 1024)
    const door = await testListener({
      serve({ response }) {
        taken += 1
        response.writeHead(200, ['Content-Length', String(megabyte.length)])
        response.end(megabyte)
      },
    })
    const socket = await door.connect()
    socket.on('error', () => {}).pause()
    for (let i = 0; i < 2000; i++) socket.write(get(`/${'a'.repeat(4000)}`))
    while (taken === 0) await sleep(10)
    await sleep(200)
    assert.ok(taken < 10, `${taken} requests were taken of a client that takes no answer`)
    assert.ok(socket.writableLength > 0, 'no more is read of it')
    const over = new Promise(resolve => void socket.once('close', resolve))
    socket.resume()
    await over
    // Those that the system took into its buffers are answered on top.
    assert.ok(taken >= 33 && taken < 40, `${taken} requests were taken`)
  })

  test('are asked nothing more about when their connection is gone', async () => {
    const taken: string[] = []
    const goOn = Promise.withResolvers<void>()
    const door = await testListener({
      async serve(exchange) {
        taken.push(exchange.path)
        await goOn.promise
        sayWay(exchange)
      },
    })
    const socket = await door.connect()
    socket.write(get('/1') + get('/2'))
    while (taken.length === 0) await sleep(5)
    socket.destroy()
    while (door.listener.connections().length > 0) await sleep(5)
    goOn.resolve()
    await sleep(50)
    assert.deepEqual(taken, ['/1'])
  })

  test('behind the last answer of a connection none is taken', async () => {
    const door = await testListener({ serve: sayWay, options: { limits: { maxRequestsPerConnection: 3 } } })
    const text = await talk(door, get('/1').repeat(6), 6)
    assert.equal(ways(text).length, 3)
    assert.match(text.slice(text.lastIndexOf('HTTP/1.1')), /\r\nConnection: close\r\n/)
  })
})

suite('how long a connection may rest', () => {
  const opened = testListener({
    options: { limits: { keepAliveTimeout: 100 } },
    async serve(exchange) {
      if (exchange.path === '/slow') await sleep(1400)
      sayWay(exchange)
    },
  })

  for (const [name, first] of [
    ['of ours', get('/')],
    ['of Node', post('/')],
  ] as const) {
    test(`it ends a while after an answer ${name}`, async () => {
      const socket = await (await opened).connect()
      socket.on('error', () => {}).resume()
      socket.write(first)
      await ended(socket)
    })

    for (const [kind, slow] of [
      ['ours', get('/slow')],
      ['Node', post('/slow')],
    ] as const) {
      test(`an answer of ${kind} that takes longer, behind one ${name}, comes all the same`, async () => {
        const text = await talk(await opened, [first, slow], 2)
        assert.deepEqual(paths(text), ['/', '/slow'])
      })
    }
  }
})

suite('who asks', () => {
  test('and goes away is told of to whoever answers', async () => {
    const heard = Promise.withResolvers<void>()
    const asked = Promise.withResolvers<void>()
    const door = await testListener({
      serve({ response }) {
        response.once('close', () => heard.resolve())
        asked.resolve()
      },
    })
    const socket = await door.connect()
    socket.write(get('/'))
    await asked.promise
    socket.destroy()
    await heard.promise
  })

  test('an answer that is out tells its end and its close once', async () => {
    const heard: string[] = []
    const door = await testListener({
      serve(exchange) {
        const { response, path } = exchange
        response.once('finish', () => heard.push('finish'))
        response.on('close', () => heard.push('close'))
        if (path === '/whole') return sendJson(exchange, {})
        response.writeHead(200)
        response.end('in chunks')
      },
    })
    for (const path of ['/whole', '/chunks']) {
      heard.length = 0
      const socket = await door.connect()
      socket.write(get(path))
      await once(socket, 'data')
      socket.destroy()
      await sleep(50)
      assert.deepEqual(heard, ['finish', 'close'], path)
    }
  })

  test('a listener that stops waits for the answer, and ends the connection behind it', async () => {
    const door = await testListener({
      async serve(exchange) {
        await sleep(100)
        sayWay(exchange)
      },
    })
    const socket = await door.connect()
    const text = once(socket.setEncoding('latin1'), 'data')
    socket.write(get('/'))
    await sleep(30)
    await door.listener.close({ graceMs: 5000 })
    assert.deepEqual(ways(String(await text)), ['ours'])
    await ended(socket)
  })
})

test('parsers are handed from server to server, and other servers get their requests from Node', async () => {
  const door = await testListener({ serve: sayWay })
  await talk(door, get('/'), 1)
  // The parser of that connection is free now, and the next server in this process gets it.
  await sleep(20)
  const other = createServer((request, response) =>
    response.end(String(response instanceof ServerResponse && request.url)),
  )
  other.listen(0, '127.0.0.1')
  await once(other, 'listening')
  const { port } = other.address() as { port: number }
  for (let i = 0; i < 5; i++) assert.equal(await (await fetch(`http://127.0.0.1:${port}/${i}`)).text(), `/${i}`)
  other.close()
  other.closeAllConnections()
})

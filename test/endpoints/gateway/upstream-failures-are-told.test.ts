import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { after, test } from 'node:test'
import { ask, ask2, connect2, openFront, openUpstream } from './front.ts'

/** A resource that does with each connection what the first line of the request asks for. */
const sockets = new Set<Socket>()
let reused = 0
const rude = createServer(socket => {
  sockets.add(socket)
  let requests = 0
  socket.on('error', () => {})
  socket.on('data', data => {
    requests += 1
    const line = data.toString('latin1').split('\r\n')[0]!
    if (line.includes('/hang')) return
    if (line.includes('/close')) return void socket.destroy()
    if (line.includes('/garbage')) return void socket.end('HELO there\r\n\r\n')
    if (line.includes('/huge')) return void socket.end(`HTTP/1.1 200 OK\r\nX-Big: ${'x'.repeat(5000)}\r\n\r\n`)
    if (line.includes('/smuggle')) {
      return void socket.end('HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab')
    }
    if (line.includes('/short')) return void socket.end('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this')
    if (line.includes('/cut'))
      return void socket.end('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n')
    if (line.includes('/stall')) return void socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this')
    if (line.includes('/continue')) return void socket.end('HTTP/1.1 100 Continue\r\n\r\n')
    // Answers once on each connection, and hangs up on the second request: a kept connection that ran out.
    if (requests > 1) {
      reused += 1
      return void socket.destroy()
    }
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
  })
})
rude.listen(0, '127.0.0.1')
await once(rude, 'listening')
after(() => {
  for (const socket of sockets) socket.destroy()
  rude.close()
})
const gone = await openUpstream(() => {})
gone.server.close()
const url = `http://127.0.0.1:${(rude.address() as AddressInfo).port}`
const quick = { connect: 500, headers: 1000, idle: 1000 }
const front = await openFront([
  { path: '/rude/*', upstream: url, timeouts: quick, maxResponseHeaderBytes: 4096 },
  { path: '/reuse/*', upstream: url, timeouts: quick, connections: 1 },
  { path: '/gone/*', upstream: gone.url, timeouts: quick },
  { path: '/plain-as-tls/*', upstream: url.replace('http:', 'https:'), timeouts: quick },
])
const alice = front.client('alice')

for (const [path, status, code, reason] of [
  ['/gone/x', 502, 'bad_gateway', /ECONNREFUSED/],
  ['/rude/close', 502, 'bad_gateway', /closed/],
  ['/rude/garbage', 502, 'bad_gateway', /does not match/],
  ['/rude/huge', 502, 'bad_gateway', /HEADERS_OVERFLOW/],
  ['/rude/smuggle', 502, 'bad_gateway', /CONTENT_LENGTH/],
  ['/rude/continue', 502, 'bad_gateway', /bad response/],
  ['/rude/hang', 504, 'gateway_timeout', /HEADERS_TIMEOUT/],
] as const) {
  test(`${path}: ${status}, with the reason in the log and not in the answer`, { timeout: 20_000 }, async () => {
    front.failures.length = 0
    const reply = await ask(front, alice, path)
    assert.equal(reply.status, status)
    const problem = JSON.parse(reply.body.toString())
    assert.equal(problem.code, code)
    assert.doesNotMatch(reply.body.toString(), /127\.0\.0\.1|ECONN|HPE_|UND_/)
    assert.equal(front.failures.length, 1)
    assert.match(front.failures[0]!.reason, reason)
    assert.equal(front.failures[0]!.status, status)
  })
}

test('an upstream that speaks no TLS where it should is 502', { timeout: 20_000 }, async () => {
  const reply = await ask(front, alice, '/plain-as-tls/x')
  assert.ok([502, 504].includes(reply.status))
})

for (const path of ['/rude/short', '/rude/cut', '/rude/stall']) {
  test(`${path}: an answer that breaks off ends the connection, so that nobody takes it for whole`, {
    timeout: 20_000,
  }, async () => {
    await assert.rejects(ask(front, alice, path), /aborted|ECONNRESET|socket hang up/)
    const session = connect2(front, alice)
    try {
      await assert.rejects(ask2(session, path))
    } finally {
      session.destroy()
    }
  })
}

test('a kept connection that the upstream closed: reading is tried again, changing is not', async () => {
  assert.equal((await ask(front, alice, '/reuse/1')).body.toString(), 'ok')
  const before = reused
  assert.equal((await ask(front, alice, '/reuse/2')).body.toString(), 'ok', 'GET went out twice')
  assert.equal(reused, before + 1)
  assert.equal((await ask(front, alice, '/reuse/3', { method: 'POST', body: 'x' })).status, 502)
  assert.equal(reused, before + 2)
})

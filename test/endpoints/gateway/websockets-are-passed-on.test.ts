import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import https from 'node:https'
import type { Duplex } from 'node:stream'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { Agent, buildConnector, WebSocket } from 'undici'
import type { Issued } from '../../support/certificates.ts'
import { ask, openFront, openUpstream } from './front.ts'

const arrived: IncomingMessage[] = []
const upstreamSockets = new Set<Duplex>()
const upstream = await openUpstream((_request, response) => {
  response.writeHead(403).end('no upgrade here')
})
upstream.server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
  arrived.push(request)
  if (request.url === '/ws/no') return void socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno')
  upstreamSockets.add(socket)
  socket.on('close', () => upstreamSockets.delete(socket)).on('error', () => {})
  socket.on('end', () => socket.end())
  const accept = createHash('sha1')
    .update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
    .digest('base64')
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nX-Forwarded-User: admin\r\n` +
      `X-Own: 1\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  )
  if (head.length > 0) echo(socket, head)
  socket.on('data', frame => echo(socket, frame))
})

/** Sends a client's frame back unmasked (RFC 6455 section 5.2): short ones only. */
function echo(socket: Duplex, frame: Buffer): void {
  if (frame.length < 6) return
  const length = frame[1]! & 0x7f
  const mask = frame.subarray(2, 6)
  const payload = Buffer.from(frame.subarray(6, 6 + length).map((octet, i) => octet ^ mask[i % 4]!))
  socket.write(Buffer.concat([Buffer.from([frame[0]!, length]), payload]))
  if ((frame[0]! & 0xf) === 8) socket.end()
}

const front = await openFront(
  [
    { path: '/ws/*', upstream: upstream.url, websocket: 'allow' },
    { path: '/quiet/*', upstream: upstream.url, websocket: 'allow', timeouts: { websocketIdle: 200 } },
    { path: '/none/*', upstream: upstream.url },
    { path: '/sellers/*', upstream: upstream.url, websocket: 'allow', allow: { roles: ['seller'] } },
  ],
  { clientAuth: 'want' },
)
const alice = front.client('alice')

function socketTo(path: string, as: Issued, headers: Record<string, string> = {}): WebSocket {
  const dispatcher = new Agent({
    connect: buildConnector({
      ca: front.ca,
      cert: as.chainPem,
      key: as.keyPem,
      servername: 'localhost',
      allowH2: false,
    }),
  })
  return new WebSocket(`wss://127.0.0.1:${front.port}${path}`, { dispatcher, headers })
}

const next = (socket: WebSocket, event: 'open' | 'message' | 'close' | 'error') =>
  new Promise<{ data?: unknown; code?: number }>(resolve =>
    socket.addEventListener(event, resolve as never, { once: true }),
  )

test('a WebSocket goes through with the identity headers, both ways, and closes in good order', async () => {
  arrived.length = 0
  const socket = socketTo('/ws/chat?room=1', alice, { 'X-Forwarded-User': 'admin', X_Forwarded_User: 'admin' })
  await next(socket, 'open')
  socket.send('hello')
  assert.equal((await next(socket, 'message')).data, 'hello')
  const [request] = arrived
  assert.equal(request!.url, '/ws/chat?room=1')
  assert.equal(request!.headers['x-forwarded-user'], 'alice')
  assert.deepEqual(
    request!.rawHeaders.filter((name, i) => i % 2 === 0 && /forwarded.user/i.test(name)),
    ['x-forwarded-user'],
  )
  assert.match(String(request!.headers['countersign-assertion']), /^ey/)
  const closed = next(socket, 'close')
  socket.close(1000)
  assert.equal((await closed).code, 1000)
})

test('the answer to the upgrade is cleaned as any answer is', async () => {
  const { headers, socket } = await rawUpgrade('/ws/x')
  assert.equal(headers['x-forwarded-user'], undefined)
  assert.equal(headers['x-own'], '1')
  assert.equal(headers.connection, 'Upgrade')
  socket.destroy()
})

test('when either side goes, the other is not left alone', { timeout: 20_000 }, async () => {
  await until(() => upstreamSockets.size === 0)
  const { socket } = await rawUpgrade('/ws/x')
  assert.equal(upstreamSockets.size, 1)
  socket.destroy()
  await until(() => upstreamSockets.size === 0)
  const again = await rawUpgrade('/ws/x')
  const closed = once(again.socket, 'close')
  for (const one of upstreamSockets) one.destroy()
  await closed
})

test('a silent WebSocket is ended after its time', { timeout: 20_000 }, async () => {
  const { socket } = await rawUpgrade('/quiet/x')
  await once(socket.resume(), 'close')
  await until(() => upstreamSockets.size === 0)
})

test('what the upstream answers instead of an upgrade reaches the client', async () => {
  const refused = await upgradeAnswer('/ws/no')
  assert.equal(refused.statusCode, 403)
  assert.equal((await refused.setEncoding('latin1').toArray()).join(''), 'no')
})

test('no WebSocket where the route allows none, for whom it is not, without a name, or from another site', async () => {
  arrived.length = 0
  assert.equal((await upgradeAnswer('/none/x')).statusCode, 501)
  assert.equal((await upgradeAnswer('/sellers/x')).statusCode, 403)
  assert.equal((await upgradeAnswer('/ws/x', {}, null)).statusCode, 401)
  assert.equal((await upgradeAnswer('/ws/x', { Origin: 'https://evil.example' })).statusCode, 403)
  assert.equal((await upgradeAnswer('/ws/x', { 'Sec-Fetch-Site': 'cross-site' })).statusCode, 403)
  assert.equal(arrived.length, 0)
})

test('an Upgrade to something else is no upgrade: the request is answered as any other', async () => {
  const reply = await ask(front, alice, '/ws/x', { headers: { Connection: 'Upgrade', Upgrade: 'h2c' } })
  assert.equal(reply.body.toString(), 'no upgrade here')
})

test('when the user is locked, the open WebSocket ends within a second (invariant 3)', {
  timeout: 20_000,
}, async () => {
  const bob = front.client('bob')
  const kept = await rawUpgrade('/ws/x', {}, alice)
  for (const headers of [{}, { Authorization: `Basic ${Buffer.from('bob:bob').toString('base64')}` }] as const) {
    const { socket } = await rawUpgrade('/ws/x', headers, bob)
    const closed = once(socket.resume(), 'close')
    front.locked.add('bob')
    const start = Date.now()
    front.epoch.raise('users')
    await closed
    assert.ok(Date.now() - start < 1000)
    front.locked.delete('bob')
    front.epoch.raise('users')
  }
  assert.equal(kept.socket.destroyed, false, 'others stay')
  kept.socket.destroy()
})

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await delay(10)
}

function upgradeRequest(path: string, headers: object, as: Issued | null) {
  const request = https.request({
    host: '127.0.0.1',
    port: front.port,
    servername: 'localhost',
    path,
    ca: front.ca,
    ...(as && { cert: as.chainPem, key: as.keyPem }),
    agent: false,
    headers: {
      Connection: 'Upgrade',
      Upgrade: 'websocket',
      'Sec-WebSocket-Version': '13',
      'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
      ...headers,
    },
  })
  request.end()
  return request
}

async function rawUpgrade(
  path: string,
  headers: object = {},
  as = alice,
): Promise<{ headers: IncomingMessage['headers']; socket: Duplex }> {
  const [response, socket] = await once(upgradeRequest(path, headers, as), 'upgrade')
  socket.on('error', () => {})
  return { headers: response.headers, socket }
}

async function upgradeAnswer(path: string, headers: object = {}, as: Issued | null = alice): Promise<IncomingMessage> {
  return (await once(upgradeRequest(path, headers, as), 'response'))[0]
}

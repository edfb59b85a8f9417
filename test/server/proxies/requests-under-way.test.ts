// Invariant 3 behind a proxy: the connection is the proxy's and stays; what relied on the trust that is gone ends within a second.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import { connect as connect2 } from 'node:http2'
import { Agent, request } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { after, suite, test } from 'node:test'
import { type Issued, testAuthority } from '../../support/certificates.ts'
import { identityServer } from '../../support/identity-server.ts'

const people = testAuthority({ name: 'People CA' })
const machines = testAuthority({ name: 'Machines CA' })
const alice = people.issue({ subject: 'CN=alice' })
const bob = people.issue({ subject: 'CN=bob' })
const edge = machines.issue({ subject: 'CN=edge' })

/** Answers the head and then says nothing more; upgrades; tells what it was sent. */
const seen: IncomingMessage[] = []
const open = new Set<Socket>()
const upstream = createServer((incoming, response) => {
  seen.push(incoming)
  if (incoming.url === '/app/whole') return void response.end('whole')
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  response.write('data: 1\n\n')
})
upstream.on('connection', socket => open.add(socket))
upstream.on('upgrade', (_incoming, socket: Socket) => {
  socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nhello')
})
upstream.listen(0, '127.0.0.1')
await once(upstream, 'listening')
after(() => {
  for (const socket of open) socket.destroy()
  upstream.close()
})

const proxy = {
  name: 'edge',
  proof: { thumbprints: [edge.thumbprint] },
  clientCertificate: { form: 'haproxy', header: 'X-Edge-Client', chainHeader: 'X-Edge-Chain' },
  addressHeader: 'X-Edge-Address',
}
const server = await identityServer({
  anchors: { people, machines },
  bindings: [
    { thumbprint: alice.thumbprint, users: ['alice'] },
    { thumbprint: bob.thumbprint, users: ['bob'] },
    { subject: 'CN=soon', users: ['soon'] },
  ],
  routes: [
    {
      path: '/app/*',
      upstream: `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`,
      websocket: 'allow',
      insecurePassHeaders: ['x-edge-client'],
    },
  ],
  proxies: [proxy],
})
for (const name of ['alice', 'bob', 'soon']) await server.users.add({ tenant: 'default', name })

const header = (client: Issued, more = {}) => ({
  'X-Edge-Client': client.der.toString('base64'),
  'X-Edge-Address': '192.0.2.77',
  ...more,
})
const agent = new Agent({ ca: server.ca, cert: edge.chainPem, key: edge.keyPem, keepAlive: true })
after(() => agent.destroy())

/** A request whose answer has begun, and does not end by itself. */
async function stream(client: Issued, path = '/app/stream'): Promise<{ ended: Promise<number> }> {
  const sent = request(`${server.url}${path}`, { agent, headers: header(client) })
  sent.end()
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  assert.equal(response.statusCode, 200)
  return { ended: endOf(response) }
}

async function tunnel(client: Issued): Promise<{ ended: Promise<number> }> {
  const headers = header(client, {
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
  })
  const sent = request(`${server.url}/app/socket`, { agent, headers })
  sent.end()
  const [response, socket] = await new Promise<[IncomingMessage, Socket?]>((resolve, reject) => {
    sent.on('error', reject).on('response', response => resolve([response]))
    sent.on('upgrade', (response, socket) => resolve([response, socket as Socket]))
  })
  assert.ok(socket !== undefined, `upgraded, and not answered with ${response.statusCode}`)
  return { ended: endOf(socket) }
}

/** On the connection of HTTP/2 that is given. */
async function stream2(session: ReturnType<typeof connect2>, client: Issued): Promise<{ ended: Promise<number> }> {
  const sent = session.request({ ':path': '/app/stream', ...header(client) })
  const [headers] = await once(sent, 'response')
  assert.equal(headers[':status'], 200)
  return { ended: endOf(sent) }
}

/** Milliseconds since now until it is over. */
function endOf(stream: NodeJS.ReadableStream): Promise<number> {
  const start = performance.now()
  return new Promise(resolve => {
    const over = () => resolve(performance.now() - start)
    stream.on('error', over).on('close', over).resume()
  })
}

const pending = Symbol('pending')
const state = (ended: Promise<unknown>) => Promise.race([ended, Promise.resolve(pending)])

suite('a user is locked', () => {
  test('streams and tunnels of that user end within a second, those of others go on', async () => {
    const session = connect2(server.url, { ca: server.ca, cert: edge.chainPem, key: edge.keyPem })
    const [hers, his] = [[], []] as Promise<number>[][]
    try {
      for (const [client, list] of [
        [alice, hers!],
        [bob, his!],
      ] as const) {
        list.push((await stream(client)).ended, (await tunnel(client)).ended, (await stream2(session, client)).ended)
      }
      const start = performance.now()
      await server.users.setState('default', 'alice', 'locked')
      await Promise.all(hers!)
      assert.ok(performance.now() - start < 1_000, 'within a second')
      for (const ended of his!) assert.equal(await state(ended), pending)
      const again = session.request({ ':path': '/app/whole', ...header(alice) })
      const [headers] = await once(again, 'response')
      assert.equal(headers[':status'], 401, 'the connection of the proxy stands, and says no')
      again.resume()
      await server.users.setState('default', 'alice', 'active')
    } finally {
      session.destroy()
    }
  })
})

test('a certificate expires: what goes on for it ends', async () => {
  const soon = people.issue({ subject: 'CN=soon', notAfter: Date.now() + 3_000 })
  const ends = [(await stream(soon)).ended, (await tunnel(soon)).ended]
  await Promise.all(ends)
  const left = soon.certificate.notAfter - Date.now()
  assert.ok(left < 1_000 && left > -2_500, `${left} ms before its end`)
})

test('the proxy is not believed any more: what it brought ends', async () => {
  const ends = [(await stream(alice)).ended, (await tunnel(alice)).ended]
  await server.become({ proxies: [{ ...proxy, clientCertificate: { form: 'client-cert' } }] })
  await Promise.all(ends)
  await server.become({ proxies: [proxy] })
})

test('a reload that leaves the proxy alone ends nothing', async () => {
  const { ended } = await stream(bob)
  const second = { name: 'second', proof: { thumbprints: ['ab'.repeat(32)] } }
  await server.become({ proxies: [proxy, second] })
  await new Promise(resolve => setTimeout(resolve, 200))
  assert.equal(await state(ended), pending)
  await server.become({ proxies: [proxy] })
})

test('the resource sees the user and the address of the client, and nothing that the proxy said', async () => {
  const sent = request(`${server.url}/app/whole`, { agent, headers: header(alice, { 'X-Edge-Chain': '' }) })
  sent.end()
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  assert.equal(response.statusCode, 200)
  response.resume()
  const { headers } = seen.at(-1)!
  assert.equal(headers['x-forwarded-user'], 'alice')
  assert.equal(headers['x-forwarded-for'], '192.0.2.77')
  assert.equal(headers['client-cert'], `:${alice.der.toString('base64')}:`)
  for (const name of Object.keys(headers)) assert.doesNotMatch(name, /^x-edge/)
})

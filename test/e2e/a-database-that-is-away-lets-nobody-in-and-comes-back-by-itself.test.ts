// Users on a PostgreSQL server that is stopped, cut off and started again under a running Countersign.
import assert from 'node:assert/strict'
import type { IncomingMessage } from 'node:http'
import { request } from 'node:https'
import { createServer } from 'node:net'
import { after, test } from 'node:test'
import type { TLSSocket } from 'node:tls'
import { testAuthority } from '../support/certificates.ts'
import { openHome, until } from '../support/home.ts'
import { startPostgres, usersSectionOf } from '../support/postgres.ts'
import { openRelay } from '../support/relay.ts'

const postgres = await startPostgres()
after(() => postgres.stop('immediate'))
const relay = await openRelay(postgres)
after(() => relay[Symbol.asyncDispose]())
const options = postgres.options()
const clients = testAuthority({ name: 'Clients CA' })
const strangers = testAuthority({ name: 'Strangers CA' })
const alice = clients.issue({ subject: 'CN=alice' })
const bob = clients.issue({ subject: 'CN=bob' })

/** An upstream that answers a request never, once it has begun. */
const upstream = createServer(socket => {
  socket.on('error', () => {})
  socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n')
})
await new Promise<void>(resolve => upstream.listen(0, '127.0.0.1', resolve))
after(() => upstream.close())
const { port: upstreamPort } = upstream.address() as { port: number }

const home = await openHome({
  anchors: { clients },
  storage: options,
  configuration: {
    users: usersSectionOf({ ...options, port: relay.port }),
    routes: [{ path: '/stream', upstream: `http://127.0.0.1:${upstreamPort}` }],
    authenticators: {
      basic: { enabled: true },
      'mutual-tls': { bindings: [{ anchor: 'clients', user: { from: 'subject.CN' } }] },
    },
  },
})
for (const name of ['alice', 'bob']) await home.users.add({ tenant: 'default', name, password: `password of ${name}` })

/** `GET /whoami` on this connection, which stays open. */
async function askOver(socket: TLSSocket): Promise<string> {
  const answer = new Promise<string>((resolve, reject) => {
    let text = ''
    const read = (chunk: Buffer) => {
      text += chunk
      const [head = '', body = ''] = text.split('\r\n\r\n')
      const length = Number(/content-length: (\d+)/i.exec(head)?.[1])
      if (body.length < length) return
      socket.off('data', read)
      const { user, code } = JSON.parse(body)
      resolve(`${head.split(' ')[1]} ${user ?? code}${/retry-after: \d+/i.test(head) ? ', later' : ''}`)
    }
    socket.on('data', read).once('close', () => reject(new Error('closed')))
  })
  socket.write('GET /whoami HTTP/1.1\r\nHost: localhost\r\n\r\n')
  return answer
}

async function ask(certificate?: typeof alice, password?: string): Promise<string> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    request({
      host: '127.0.0.1',
      port: home.port,
      servername: 'localhost',
      ca: home.serverAuthority.pem,
      path: '/whoami',
      agent: false,
      ...(certificate && { key: certificate.keyPem, cert: certificate.chainPem }),
      ...(password && { auth: `alice:${password}` }),
    })
      .on('response', resolve)
      .on('error', reject)
      .end()
  })
  const { user, code } = JSON.parse(Buffer.concat(await response.toArray()).toString())
  return `${response.statusCode} ${user ?? code}${response.headers['retry-after'] === undefined ? '' : ', later'}`
}

const away = '503 store_unavailable, later'

for (const how of ['stopped', 'cut off'] as const) {
  test(`${how}: whoever must be asked for is told to come later, whoever need not be is told why not, and then all goes on`, async () => {
    const before = home.audit().filter(({ kind }) => kind === 'connection-ended').length
    const idle = await home.connect({ certificate: alice })
    const streaming = await home.connect({ certificate: alice })
    assert.equal(await askOver(idle), '200 alice')
    streaming.write('GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n')
    await new Promise(resolve => streaming.once('data', resolve))
    const ended = new Promise(resolve => streaming.once('close', resolve))
    if (how === 'stopped') await postgres.stop('immediate')
    else relay.stop()

    const began = performance.now()
    await until(async () => (await ask(alice)) === away, 'nobody is let in any more')
    assert.ok(performance.now() - began < 1_500, 'within a second, and some for the test itself')
    assert.equal(await ask(undefined, 'password of alice'), away)
    assert.equal(await ask(strangers.issue({ subject: 'CN=alice' })), '401 issuer_unknown')
    assert.equal(await ask(), '401 certificate_required')
    assert.equal(await askOver(idle), away, 'the connection where nothing went on is still there')
    await ended
    if (how === 'cut off') await home.users.setState('default', 'bob', 'locked')

    if (how === 'stopped') await postgres.start()
    else relay.go()
    await until(async () => (await ask(alice)) === '200 alice', 'it comes back')
    assert.equal(await askOver(idle), '200 alice')
    assert.equal(await ask(bob), how === 'stopped' ? '200 bob' : '401 account_locked', 'what was changed meanwhile')
    const recorded = () => home.audit().filter(({ kind }) => kind === 'connection-ended').length > before
    await until(recorded, 'the record of the connection that ended')
    assert.equal(home.audit().findLast(({ kind }) => kind === 'connection-ended')?.code, 'store_unavailable')
    idle.destroy()
  })
}

test('a short break is no break: connections go on, whatever goes on over them', async () => {
  const streaming = await home.connect({ certificate: alice })
  streaming.write('GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n')
  await new Promise(resolve => streaming.once('data', resolve))
  let closed = false
  streaming.once('close', () => {
    closed = true
  })
  relay.go()
  await new Promise(resolve => setTimeout(resolve, 1_500))
  assert.equal(await ask(alice), '200 alice')
  assert.equal(closed, false)
  streaming.destroy()
})

// The PROXY protocol at the door: from whom it is taken, what becomes of the client behind it, and of those who do not keep to it.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect as connectTcp, type Socket } from 'node:net'
import { after, suite, test } from 'node:test'
import { connect, type TLSSocket } from 'node:tls'
import { listenerOptions } from '../../../../src/server/tls/options.ts'
import { managementOptions } from '../../../../src/telemetry/metrics/options.ts'
import { until } from '../../../support/home.ts'
import { parseAnswer, readAnswer, testListener } from '../../../support/listener.ts'
import { proxyBlock, proxyLine } from '../../../support/proxy-header.ts'
import { sendJson } from '../../../support/send-json.ts'

/** Clients from there have to begin with a header; from the other addresses of loopback they must not. */
const balancer = '127.0.0.2'
const door = await testListener({
  options: {
    clientAuth: 'need',
    proxyProtocol: { from: [balancer, '127.8.0.0/16'] },
    limits: { handshakeTimeout: 600, maxConnectionsPerAddress: 2 },
  },
  serve: exchange =>
    sendJson(exchange, { from: exchange.peer.remoteAddress, verdict: exchange.peer.judgement()?.verdict.ok }),
})
const alice = door.authority.issue({ subject: 'CN=alice' })
const sockets = new Set<Socket>()
after(() => {
  for (const socket of sockets) socket.destroy()
})

async function tcp(localAddress: string): Promise<Socket> {
  const socket = connectTcp({ host: '127.0.0.1', port: door.port, localAddress })
  sockets.add(socket)
  socket.on('error', () => {}).on('close', () => sockets.delete(socket))
  await once(socket, 'connect')
  return socket
}

async function handshake(socket: Socket, more: object = {}): Promise<TLSSocket> {
  const secured = connect({
    socket,
    ca: door.serverAuthority.pem,
    servername: 'localhost',
    cert: alice.chainPem,
    key: alice.keyPem,
    ...more,
  })
  await once(secured, 'secureConnect')
  return secured
}

async function whence(secured: TLSSocket): Promise<unknown> {
  secured.write('GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
  const { body } = parseAnswer(await readAnswer(secured))
  assert.equal(body.verdict, true)
  return body.from
}

const closed = (socket: Socket) => (socket.destroyed ? Promise.resolve() : once(socket.resume(), 'close'))
const refusals = () => door.told.filter(({ event }) => event === 'connectionRefused')

suite('from a balancer', () => {
  for (const [what, header, address] of [
    ['version 1', proxyLine('203.0.113.9'), '203.0.113.9'],
    ['version 2', proxyBlock(), '203.0.113.9'],
    ['IPv6', proxyLine('2001:db8::9'), '2001:db8::9'],
    ['UNKNOWN', Buffer.from('PROXY UNKNOWN\r\n'), balancer],
    ['LOCAL', proxyBlock({ command: 0x20 }), balancer],
  ] as const) {
    test(`${what}: the client is where the header says`, async () => {
      const socket = await tcp(balancer)
      socket.write(header)
      assert.equal(await whence(await handshake(socket)), address)
    })
  }

  test('one octet after the other, and the hello in one piece with the end of the header', async () => {
    const header = proxyLine('203.0.113.10')
    const socket = await tcp(balancer)
    socket.setNoDelay(true)
    for (const octet of header.subarray(0, -1)) {
      socket.write(Buffer.from([octet]))
      await new Promise(setImmediate)
    }
    socket.cork()
    socket.write(header.subarray(-1))
    const secured = handshake(socket)
    process.nextTick(() => socket.uncork())
    assert.equal(await whence(await secured), '203.0.113.10')
  })

  test('over TLS 1.2, over HTTP/2, and when a session is resumed', async () => {
    for (const more of [{ maxVersion: 'TLSv1.2' }, { ALPNProtocols: ['h2'] }]) {
      const socket = await tcp(balancer)
      socket.write(proxyBlock())
      const secured = await handshake(socket, more)
      if ('maxVersion' in more) {
        const session = secured.getSession()
        assert.equal(await whence(secured), '203.0.113.9')
        const again = await tcp(balancer)
        again.write(proxyLine('203.0.113.11'))
        const resumed = await handshake(again, { ...more, session })
        assert.equal(resumed.isSessionReused(), true)
        assert.equal(await whence(resumed), '203.0.113.11')
      } else {
        assert.equal(secured.alpnProtocol, 'h2')
        const isThere = () => door.listener.connections().some(({ remoteAddress }) => remoteAddress === '203.0.113.9')
        await until(isThere, 'the connection is there')
        secured.destroy()
      }
    }
  })

  test('connections are counted by the address of the client', async () => {
    const held = []
    for (const address of ['203.0.113.20', '203.0.113.20', '203.0.113.21', '203.0.113.22']) {
      const socket = await tcp(balancer)
      socket.write(proxyLine(address))
      held.push(await handshake(socket))
    }
    const third = await tcp(balancer)
    third.write(proxyLine('203.0.113.20'))
    await assert.rejects(handshake(third))
    const { code } = await door.untilTold('connectionRefused', told => told.code === 'too_many_connections')
    assert.equal(code, 'too_many_connections')
    for (const socket of held) socket.destroy()
  })

  test('without a header the connection is cut, and that is counted', async () => {
    const before = refusals().length
    await assert.rejects(handshake(await tcp('127.8.0.1')))
    await door.untilTold('connectionRefused', told => told.code === 'proxy_header_missing')
    assert.equal(refusals().length, before + 1)
  })

  for (const [what, octets] of Object.entries({
    malformed: Buffer.from('PROXY TCP4 1.2.3.4 here 1 2\r\n'),
    'half a header, and the end': proxyBlock().subarray(0, 20),
  })) {
    test(`${what}: cut, and counted`, async () => {
      const before = refusals().length
      const socket = await tcp(balancer)
      socket.end(octets)
      await closed(socket)
      await door.untilTold(
        'connectionRefused',
        told => told.code === 'proxy_header_malformed' && refusals().length > before,
      )
    })
  }

  test('a header that does not come to its end is not waited for', async () => {
    const before = refusals().length
    const socket = await tcp(balancer)
    socket.write('PROXY TCP4 ')
    await closed(socket)
    await door.untilTold(
      'connectionRefused',
      told => told.code === 'proxy_header_malformed' && refusals().length > before,
    )
  })

  test('a second header is not read: no TLS', async () => {
    const socket = await tcp(balancer)
    socket.write(Buffer.concat([proxyLine('203.0.113.9'), proxyLine('203.0.113.30')]))
    await closed(socket)
    await door.untilTold('handshakeFailed', ({ reason }) => reason?.includes('no TLS') === true)
  })

  test('who looks whether somebody is here, and leaves without a word, is no refusal', async () => {
    const before = refusals().length
    const gone = door.told.length
    const socket = await tcp(balancer)
    socket.destroy()
    while (!door.told.slice(gone).some(({ reason }) => reason === 'the client went away'))
      await new Promise(setImmediate)
    assert.equal(refusals().length, before)
  })

  test('a check of the balancer that says LOCAL, and leaves, is nothing to tell', async () => {
    const before = door.told.length
    const looking = await tcp(balancer)
    looking.end(proxyBlock({ command: 0x20 }))
    await closed(looking)
    const another = await tcp(balancer)
    another.destroy()
    while (door.told.length === before) await new Promise(setImmediate)
    assert.deepEqual(
      door.told.slice(before).map(({ reason }) => reason),
      ['the client went away'],
    )
  })
})

suite('from anywhere else', () => {
  test('no header is needed', async () => {
    assert.equal(await whence(await handshake(await tcp('127.0.0.1'))), '127.0.0.1')
  })

  for (const [what, header] of [
    ['version 1', proxyLine('127.0.0.2')],
    ['version 2', proxyBlock()],
  ] as const) {
    test(`${what} is not read: the handshake fails, and the log says why`, async () => {
      const before = door.told.length
      const socket = await tcp('127.0.0.3')
      socket.write(header)
      await assert.rejects(handshake(socket))
      const told = await door.untilTold('handshakeFailed', one => door.told.indexOf(one) >= before)
      assert.match(told.reason ?? '', /no TLS.*proxyProtocol\.from/)
    })
  }
})

test('a listener that stops waits for no header', async () => {
  const other = await testListener({ options: { proxyProtocol: { from: ['127.0.0.1'] } } })
  const socket = connectTcp(other.port, '127.0.0.1')
  sockets.add(socket)
  socket.on('error', () => {}).write('PROXY ')
  await once(socket, 'connect')
  await new Promise(resolve => setTimeout(resolve, 50))
  await other.listener.close({ graceMs: 0 })
  await closed(socket)
})

test('a listener names its balancers; the management listener has none', () => {
  for (const proxyProtocol of [
    {},
    { from: [] },
    { from: ['0.0.0.0/0'] },
    { from: ['balancer.internal'] },
    { from: ['192.0.2.1'], version: 2 },
  ])
    assert.equal(listenerOptions.safeParse({ proxyProtocol }).success, false, JSON.stringify(proxyProtocol))
  assert.equal(managementOptions.safeParse({ proxyProtocol: { from: ['192.0.2.1'] } }).success, false)
})

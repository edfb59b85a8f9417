import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { suite, test } from 'node:test'
import { createSecureContext, type SecureContext, type TLSSocket } from 'node:tls'
import { renewTickets } from '../../../src/server/tls/ticket-renewal.ts'
import { type AskOptions, readAnswer, serverIdentity, testListener } from '../../support/listener.ts'

const versions = ['TLSv1.3', 'TLSv1.2'] as const

test('this Node is one whose ticket callback is known: where it is not, look at ticket-renewal.ts before anything else', () => {
  assert.ok(renewTickets([createSecureContext()], randomBytes(48)), `Node ${process.versions.node}`)
})

test('a Node without that callback is left alone', () => {
  assert.equal(renewTickets([{ context: {} } as unknown as SecureContext], randomBytes(48)), undefined)
})

for (const tls of versions) {
  suite(tls, () => {
    test('whoever spends each ticket once resumes every time, as the same client', async () => {
      const door = await testListener()
      const client = door.authority.issue()
      let { session } = await door.ask({ tls, certificate: client })
      for (let i = 0; i < 6; i++) {
        const again = await door.ask({ tls, certificate: client, session })
        assert.deepEqual([again.resumed, again.body.resumed, again.body.verdict], [true, true, 'trusted'], `${i}`)
        const [peer] = door.listener.connections().slice(-1)
        assert.deepEqual(
          peer?.chain.map(der => Buffer.from(der)),
          [client.der],
        )
        assert.notDeepEqual(again.session, session)
        session = again.session
      }
    })

    test('there is one ticket for each connection, however many come at a time', async () => {
      const door = await testListener()
      const client = door.authority.issue()
      const before = await Promise.all(Array.from({ length: 8 }, () => ticketsOf(door, { tls, certificate: client })))
      assert.deepEqual(
        before.map(({ length }) => length),
        before.map(() => 1),
      )
      const after = await Promise.all(
        before.map(([session], i) =>
          ticketsOf(door, { tls, certificate: client, session: i < 4 ? session : undefined }),
        ),
      )
      assert.deepEqual(
        after.map(({ length }) => length),
        before.map(() => 1),
      )
    })

    test('once the key is another, tickets of before are of no use, and those of then are', async () => {
      let key = randomBytes(48)
      let turn = () => {}
      const tickets = {
        key: () => key,
        onChange(listener: () => void) {
          turn = listener
          return () => {}
        },
      }
      const door = await testListener({ tickets })
      const client = door.authority.issue()
      const { session } = await door.ask({ tls, certificate: client })
      key = randomBytes(48)
      turn()
      const second = await door.ask({ tls, certificate: client, session })
      assert.deepEqual([second.resumed, second.body.verdict], [false, 'trusted'])
      const third = await door.ask({ tls, certificate: client, session: second.session })
      assert.equal(third.resumed, true)
    })

    test('a name in common does not open what another key has sealed', async () => {
      const name = randomBytes(16)
      const [one, other] = [randomBytes(32), randomBytes(32)].map(rest => Buffer.concat([name, rest])) as [
        Buffer,
        Buffer,
      ]
      let key = one
      let turn = () => {}
      const onChange = (listener: () => void) => {
        turn = listener
        return () => {}
      }
      const door = await testListener({ tickets: { key: () => key, onChange } })
      const client = door.authority.issue()
      const { session } = await door.ask({ tls, certificate: client })
      key = other
      turn()
      assert.equal((await door.ask({ tls, certificate: client, session })).resumed, false)
    })

    test('a server with several names renews under each', async () => {
      const door = await testListener({
        identities: authority => [
          serverIdentity(authority.issueServer()),
          serverIdentity(authority.issueServer({ san: [{ dns: 'other.example.org' }] }), 'other'),
        ],
      })
      const client = door.authority.issue()
      for (const servername of ['localhost', 'other.example.org']) {
        let { session } = await door.ask({ tls, certificate: client, servername })
        for (let i = 0; i < 3; i++) {
          const again = await door.ask({ tls, certificate: client, servername, session })
          assert.equal(again.resumed, true, servername)
          session = again.session
        }
      }
    })
  })
}

test('a handshake of TLS 1.2 gets its ticket also right after one of TLS 1.3', async () => {
  const door = await testListener()
  const certificate = door.authority.issue()
  for (const tls of ['TLSv1.3', 'TLSv1.2', 'TLSv1.2', 'TLSv1.3', 'TLSv1.3', 'TLSv1.2'] as const) {
    assert.equal((await ticketsOf(door, { tls, certificate })).length, 1, tls)
  }
})

test('no initialisation vector is used twice', () => {
  const native: { onticketkeycallback?: (...args: unknown[]) => [number, Buffer, Buffer, Buffer, Buffer] } = {}
  renewTickets([{ context: Object.assign(native, { enableTicketKeyCallback() {} }) }] as never, randomBytes(48))
  const seen = new Set<string>()
  for (let i = 0; i < 2_000; i++) {
    const [answer, , , , iv] = native.onticketkeycallback!(Buffer.alloc(16), Buffer.alloc(16), true)
    assert.equal(answer, 1)
    seen.add(iv.toString('hex'))
  }
  assert.equal(seen.size, 2_000)
})

test('without keys of ours, a ticket is good once and not renewed: nothing would ever end it', async () => {
  const door = await testListener({ tickets: 'keys of OpenSSL' })
  const certificate = door.authority.issue()
  const tls = 'TLSv1.3'
  const [, newest] = await ticketsOf(door, { tls, certificate })
  assert.deepEqual(await ticketsOf(door, { tls, certificate, session: newest }), [])
})

/** The tickets that came before the end of the answer. */
async function ticketsOf(door: Awaited<ReturnType<typeof testListener>>, options: AskOptions): Promise<Buffer[]> {
  const socket: TLSSocket = await door.connect(options)
  const tickets: Buffer[] = []
  // TLS 1.2 sends its ticket before the handshake ends.
  const early = options.tls === 'TLSv1.2' ? socket.getSession() : undefined
  if (early !== undefined && options.session?.equals(early) !== true) tickets.push(early)
  socket.on('session', (ticket: Buffer) => tickets.push(ticket))
  socket.write('GET / HTTP/1.1\r\nhost: localhost\r\n\r\n')
  await readAnswer(socket)
  if (options.session !== undefined) assert.equal(socket.isSessionReused(), true)
  const closed = once(socket, 'close')
  socket.destroy()
  await closed
  return tickets
}

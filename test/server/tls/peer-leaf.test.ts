import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { TLSSocket } from 'node:tls'
import { leafOfSession, peerLeaf } from '../../../src/server/tls/peer-leaf.ts'
import { testAuthority } from '../../support/certificates.ts'
import { testListener } from '../../support/listener.ts'

suite('the leaf as the session has it', () => {
  const authority = testAuthority({ name: 'Client CA' })
  const seen: { session: string; socket: string }[] = []
  const opened = testListener({
    authority,
    serve(exchange) {
      const socket = exchange.request.socket as TLSSocket
      const hex = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString('hex')
      seen.push({ session: hex(leafOfSession(socket)), socket: hex(socket.getPeerX509Certificate()?.raw) })
      exchange.response.end()
    },
  })
  const clients = {
    'P-256': authority.issue(),
    'RSA below an intermediate': authority.intermediate().issue({ keyType: 'rsa-2048' }),
    Ed25519: authority.issue({ keyType: 'ed25519' }),
    'no certificate': undefined,
  }
  for (const tls of ['TLSv1.2', 'TLSv1.3'] as const) {
    for (const [kind, certificate] of Object.entries(clients)) {
      test(`is the leaf that the socket tells, full and resumed: ${kind}, ${tls}`, async () => {
        const door = await opened
        seen.length = 0
        const first = await door.ask({ tls, certificate }).catch(error => error)
        const { session } = first
        await door.ask({ tls, certificate, session }).catch(error => error)
        assert.equal(seen.length, 2)
        const expected = certificate?.der.toString('hex') ?? ''
        for (const pair of seen) assert.deepEqual(pair, { session: expected, socket: expected })
      })
    }
  }

  for (const [what, session] of [
    ['nothing', undefined],
    ['no DER', Buffer.from('not a session')],
    ['cut short', Buffer.from('30820100020101', 'hex')],
    ['no certificate', Buffer.from('3003020101', 'hex')],
  ] as const) {
    test(`a session that is ${what}: the socket is asked`, () => {
      const raw = Buffer.from('3000', 'hex')
      const socket = { getSession: () => session, getPeerX509Certificate: () => ({ raw }) } as unknown as TLSSocket
      assert.equal(leafOfSession(socket), undefined)
      assert.equal(peerLeaf(socket), raw)
    })
  }
})

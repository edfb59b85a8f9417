import assert from 'node:assert/strict'
import { once } from 'node:events'
import { suite, test } from 'node:test'
import type { TLSSocket } from 'node:tls'
import { day, type Issued, testAuthority } from '../../support/certificates.ts'
import { type AskOptions, type TestListener, testListener } from '../../support/listener.ts'

const authority = testAuthority({ name: 'Client CA' })
const certificates: Readonly<Record<string, Issued | undefined>> = {
  none: undefined,
  good: authority.issue({ subject: 'CN=alice' }),
  untrusted: testAuthority({ name: 'Stranger CA' }).issue({ subject: 'CN=mallory' }),
  expired: authority.issue({ notBefore: Date.now() - 9 * day, notAfter: Date.now() - day }),
}
const verdicts: Readonly<Record<string, string>> = {
  none: 'none',
  good: 'trusted',
  untrusted: 'issuer_unknown',
  expired: 'certificate_expired',
}
const ways: AskOptions[] = (['TLSv1.2', 'TLSv1.3'] as const).flatMap(tls =>
  (['http/1.1', 'h2'] as const).map(http => ({ tls, http })),
)

for (const clientAuth of ['none', 'want', 'need'] as const) {
  for (const onUntrusted of ['explain', 'refuse'] as const) {
    suite(`clientAuth ${clientAuth}, onUntrusted ${onUntrusted}`, () => {
      const opened = testListener({ authority, options: { clientAuth, onUntrusted } })
      for (const which of Object.keys(certificates)) {
        const expected = outcome(clientAuth, onUntrusted, which)
        for (const way of ways) {
          test(`${which} certificate over ${way.tls} and ${way.http}: ${expected}, resumed too`, async () => {
            const door = await opened
            const first = await result(door, { ...way, certificate: certificates[which] })
            assert.equal(first.verdict, expected)
            if (first.session === undefined) return
            const again = await result(door, { ...way, certificate: certificates[which], session: first.session })
            assert.equal(again.resumed, true, 'the second connection resumes')
            assert.equal(again.verdict, expected)
          })
        }
      }
    })
  }
}

function outcome(clientAuth: string, onUntrusted: string, which: string): string {
  if (clientAuth === 'none') return 'none'
  if (clientAuth === 'need' && which === 'none') return 'no connection'
  const bad = which === 'untrusted' || which === 'expired'
  return bad && onUntrusted === 'refuse' ? 'no connection' : verdicts[which]!
}

interface Result {
  readonly verdict: string
  readonly resumed: boolean
  readonly session: Buffer | undefined
}

async function result(door: TestListener, options: AskOptions): Promise<Result> {
  try {
    const { body, resumed, session, socket } = await door.ask(options)
    socket.destroy()
    return { verdict: String(body.verdict), resumed, session }
  } catch {
    return { verdict: 'no connection', resumed: false, session: undefined }
  }
}

suite('what is told when somebody is not let in', () => {
  const needs = testListener({ authority, options: { clientAuth: 'need' } })
  const refuses = testListener({ authority, options: { onUntrusted: 'refuse' } })

  test('need without a certificate: TLS 1.3 says certificate_required, and the log says why', async () => {
    const door = await needs
    await assert.rejects(door.ask({ tls: 'TLSv1.3' }), { code: 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED' })
    const { reason } = await door.untilTold('handshakeFailed')
    assert.equal(reason, 'peer did not return a certificate')
  })

  test('need without a certificate: TLS 1.2 ends the handshake with an alert', async () => {
    await assert.rejects((await needs).ask({ tls: 'TLSv1.2' }), { code: 'ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE' })
  })

  test('refuse: the event has the code and the certificate', async () => {
    const door = await refuses
    await assert.rejects(door.ask({ certificate: certificates.expired }))
    const told = await door.untilTold('connectionRefused')
    assert.equal(told.code, 'certificate_expired')
    assert.partialDeepStrictEqual(told, { certificate: { thumbprint: certificates.expired?.thumbprint } })
  })
})

suite('clientAuth that changes while connections are open', () => {
  const door = testListener({ authority, options: { clientAuth: 'want' }, tickets: 'keys of OpenSSL' })
  const certificate = certificates.good

  for (const http of ['http/1.1', 'h2'] as const) {
    test(`${http}, need: a connection without a certificate ends, and no session of before gets one in`, async () => {
      const { listener, ask, untilTold } = await door
      listener.replaceClientAuth('want')
      const without = await ask({ http, tls: 'TLSv1.2' })
      const ended = closed(without.socket)
      listener.replaceClientAuth('need')
      await ended
      await untilTold('connectionEnded', ({ code }) => code === 'certificate_required')
      await assert.rejects(ask({ http, tls: 'TLSv1.2', session: without.session }))
      const again = await ask({ http, certificate })
      assert.equal(again.body.verdict, 'trusted')
    })

    test(`${http}, none: a connection with a certificate ends, and a session with one is not resumed`, async () => {
      const { listener, ask, untilTold } = await door
      listener.replaceClientAuth('want')
      const known = await ask({ http, certificate, tls: 'TLSv1.2' })
      assert.equal(known.body.verdict, 'trusted')
      const ended = closed(known.socket)
      listener.replaceClientAuth('none')
      await ended
      await untilTold('connectionEnded', ({ code }) => code === 'certificate_unwanted')
      const again = await ask({ http, certificate, tls: 'TLSv1.2', session: known.session })
      assert.deepEqual([again.resumed, again.body.verdict], [false, 'none'])
    })
  }

  test('want after none: a connection that was never asked ends with its next answer', async () => {
    const { listener, connect } = await door
    listener.replaceClientAuth('none')
    const socket = await connect({ certificate })
    socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
    assert.doesNotMatch(await firstChunk(socket), /connection: close/i)
    listener.replaceClientAuth('want')
    socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
    assert.match(Buffer.concat(await socket.toArray()).toString(), /^HTTP\/1\.1 200 [\s\S]*connection: close/i)
  })
})

async function firstChunk(socket: TLSSocket): Promise<string> {
  const [chunk] = (await once(socket, 'data')) as [Buffer]
  return chunk.toString()
}

/** In whatever way: a reset is one too. */
function closed(socket: TLSSocket): Promise<void> {
  return new Promise(resolve => socket.on('error', () => {}).once('close', () => resolve()))
}

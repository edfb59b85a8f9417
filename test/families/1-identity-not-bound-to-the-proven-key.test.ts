// Family 1: identity not bound to the proven key. Headers, chains and look-alikes stand in test/invariants/1-*; here: the proof itself,
// and connections to resources that several users share.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, suite, test } from 'node:test'
import { connect } from 'node:tls'
import { cutAfter } from '../abuse/attack.ts'
import type { Issued } from '../support/certificates.ts'
import { until } from '../support/home.ts'
import { httpsRequest } from '../support/request.ts'
import { scratchFolder } from '../support/scratch.ts'
import { type ServerProcess, serverProcess } from '../support/server-process.ts'

suite('the proven key', () => {
  let server: ServerProcess
  const upstream = createServer((request, response) => {
    setTimeout(() => response.end(request.headers['x-forwarded-user']), 5)
  }).listen(0, '127.0.0.1')

  before(async () => {
    await once(upstream, 'listening')
    const url = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`
    server = await serverProcess({
      folder: scratchFolder(),
      users: ['bob'],
      routes: [{ path: '/app', upstream: url, require: ['mutual-tls'] }],
    })
  })
  after(async () => {
    await server.stop()
    upstream.closeAllConnections()
    upstream.close()
  })

  test("CVE-2022-29222: somebody else's certificate without its key ends the handshake", async () => {
    // In TLS 1.2 certificates travel in the clear: another of the same length is put in the place of mallory's on the way.
    const { alice } = server
    const mallory = sameLength(server, alice)
    let swapped = false
    const way = cutAfter(server, Number.POSITIVE_INFINITY)
    const write = way._write.bind(way)
    way._write = (chunk: Buffer, encoding, done) => {
      const at = chunk.indexOf(mallory.der)
      const changed = Buffer.from(chunk)
      if (at !== -1) {
        alice.der.copy(changed, at)
        swapped = true
      }
      write(changed, encoding, done)
    }
    const socket = connect({
      socket: way,
      servername: 'localhost',
      ca: server.ca,
      cert: mallory.pem,
      key: mallory.keyPem,
      maxVersion: 'TLSv1.2',
    })
    let through = false
    socket.once('secureConnect', () => {
      through = true
    })
    const ended = new Promise<Error>(resolve => socket.once('error', resolve))
    assert.match((await ended).message, /alert decrypt error/)
    assert.ok(swapped, 'the certificate was seen on the wire')
    assert.equal(through, false)
    await until(() => server.log.some(line => line.includes('a handshake failed')), 'the failure is logged')
  })

  test('CVE-2026-8932: connections to a resource are shared, identities never are', async () => {
    const bob = server.clients.issue({ subject: 'CN=bob' })
    const ask = async (certificate: Issued, name: string) => {
      const { status, body } = await httpsRequest(`https://localhost:${server.port}/app`, {
        ca: server.ca,
        cert: certificate.chainPem,
        key: certificate.keyPem,
      })
      assert.deepEqual([status, body], [200, name])
    }
    await Promise.all(
      Array.from({ length: 40 }, (_, i) => (i % 2 === 0 ? ask(server.alice, 'alice') : ask(bob, 'bob'))),
    )
  })
})

/** ECDSA signatures vary in length by an octet or two. */
function sameLength(server: ServerProcess, other: Issued): Issued {
  for (let i = 0; i < 200; i++) {
    const one = server.clients.issue({ subject: 'CN=malle' })
    if (one.der.length === other.der.length) return one
  }
  throw new Error('no certificate of the same length')
}

// Family 2: a verdict that outlives what it was given for. Resumption on one listener stands in test/invariants/2-*, tickets and restarts in
// test/start/tickets-*; here: every policy against every other, and the first request after the start.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { connect } from 'node:tls'
import type { RunningServer } from '../../src/start/start.ts'
import { type Issued, testAuthority } from '../support/certificates.ts'
import { identityServer } from '../support/identity-server.ts'
import { parseAnswer, readAnswer } from '../support/listener.ts'
import { scratchFolder } from '../support/scratch.ts'
import { serveFrom } from '../support/server.ts'

const [authorityA, authorityB, servers] = [
  testAuthority({ name: 'A' }),
  testAuthority({ name: 'B' }),
  testAuthority({ name: 'Server CA' }),
]
const identity = servers.issueServer()
const policies = {
  'want A': { clientAuth: 'want', trustStore: [{ file: 'a.pem' }] },
  'need A': { clientAuth: 'need', trustStore: [{ file: 'a.pem' }] },
  'want B': { clientAuth: 'want', trustStore: [{ file: 'b.pem' }] },
  'refuse B': { clientAuth: 'want', onUntrusted: 'refuse', trustStore: [{ file: 'b.pem' }] },
  none: { clientAuth: 'none' },
} as const
const names = Object.keys(policies) as (keyof typeof policies)[]

suite('CVE-2025-23419, CVE-2025-23048: a ticket of one policy meets another', () => {
  let server: RunningServer
  const folder = scratchFolder()
  before(async () => {
    writeFileSync(join(folder, 'server.pem'), identity.pem + identity.keyPem, { mode: 0o600 })
    writeFileSync(join(folder, 'a.pem'), authorityA.pem)
    writeFileSync(join(folder, 'b.pem'), authorityB.pem)
    const listeners = Object.entries(policies).map(([name, policy]) => ({
      name: name.replace(' ', '-'),
      address: '127.0.0.1',
      port: 0,
      keyStore: { file: 'server.pem' },
      ...policy,
    }))
    const configuration = {
      listeners,
      management: { enabled: false },
      authenticators: { 'mutual-tls': { bindings: [] }, basic: { enabled: false } },
      users: { file: 'users.db' },
      audit: { enabled: false },
    }
    server = await serveFrom(folder, JSON.stringify(configuration))
  })
  after(() => server.stop('the test is over'))

  interface Met {
    readonly outcome: string
    readonly session: Buffer | undefined
  }

  /** The code of the refusal, or `no answer`. */
  function ask(policy: keyof typeof policies, tls: 'TLSv1.2' | 'TLSv1.3', who?: Issued, ticket?: Buffer): Promise<Met> {
    const { port } = server.listeners[names.indexOf(policy)]!
    return new Promise(resolve => {
      let session = ticket
      const socket = connect({
        host: '127.0.0.1',
        port,
        servername: 'localhost',
        ca: servers.pem,
        minVersion: tls,
        maxVersion: tls,
        ...(who === undefined ? {} : { cert: who.pem, key: who.keyPem }),
        ...(ticket === undefined ? {} : { session: ticket }),
      })
      const end = (outcome: string) => {
        socket.destroy()
        resolve({ outcome, session: session ?? socket.getSession() })
      }
      socket.on('session', received => {
        session = received
      })
      socket.on('error', () => end('no answer'))
      socket.once('secureConnect', () => {
        socket.write('GET /whoami HTTP/1.1\r\nHost: localhost\r\n\r\n')
        readAnswer(socket).then(
          text => end(String(parseAnswer(text).body.code)),
          () => end('no answer'),
        )
      })
    })
  }

  for (const tls of ['TLSv1.2', 'TLSv1.3'] as const) {
    for (const [who, certificate] of [
      ['nobody', undefined],
      ['a client of A', authorityA.issue()],
      ['a client of B', authorityB.issue()],
    ] as const) {
      test(`${who}, ${tls}: as if there were no ticket`, async () => {
        for (const there of names) {
          const { outcome } = await ask(there, tls, certificate)
          for (const from of names) {
            const { session } = await ask(from, tls, certificate)
            // Whoever has another certificate by now is judged by what was proven, never by what is held in the hand.
            assert.equal((await ask(there, tls, certificate, session)).outcome, outcome, `${from} to ${there}`)
          }
        }
      })
    }
  }
})

const clients = testAuthority({ name: 'Clients CA' })
const revoked = clients.issue({ subject: 'CN=alice' })
const folder = scratchFolder()
writeFileSync(join(folder, 'list.crl'), clients.crl([revoked]))
const restarted = await identityServer({
  anchors: { clients },
  bindings: [{ thumbprint: revoked.thumbprint, users: ['alice'] }],
  revocation: { mode: 'require', crl: { files: [join(folder, 'list.crl')] } },
})

test('CVE-2022-41316: the first request after the start meets the list', async () => {
  assert.equal(await restarted.client(revoked).whoami(), 'certificate_revoked')
})

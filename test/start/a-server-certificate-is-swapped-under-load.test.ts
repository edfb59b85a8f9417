// A server certificate that is renewed five times while clients connect without a pause: none of them is refused.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testAuthority } from '../support/certificates.ts'
import { openHome, until } from '../support/home.ts'

const authority = testAuthority({ name: 'Clients CA' })
const alice = authority.issue({ subject: 'CN=alice' })
const bindings = [{ thumbprint: alice.thumbprint, users: ['alice'] }]
const home = await openHome({
  anchors: { clients: authority },
  configuration: { authenticators: { 'mutual-tls': { bindings } } },
})
await home.users.add({ tenant: 'default', name: 'alice' })
await until(async () => (await home.ask({ certificate: alice })).who === 'alice', 'alice is known')

test('no handshake is refused while the key store is replaced, and each new certificate is shown', async t => {
  const shown: string[] = []
  const failures: unknown[] = []
  let stop = false
  let resumed = 0
  const client = async (resume: boolean) => {
    let session: Buffer | undefined
    while (!stop) {
      try {
        const socket = await home.connect({ certificate: alice, session })
        if (socket.isSessionReused()) resumed += 1
        const { fingerprint256 } = socket.getPeerCertificate()
        socket.destroy()
        const asked = await home.ask({ certificate: alice, session })
        assert.equal(asked.who, 'alice')
        if (resume) session = asked.session
        else shown.push(fingerprint256.replaceAll(':', '').toLowerCase())
      } catch (error) {
        failures.push(error)
      }
    }
  }
  const clients = [client(false), client(false), client(true)]
  const renewed: string[] = []
  for (let i = 0; i < 5; i++) {
    const next = home.serverAuthority.issueServer()
    renewed.push(next.thumbprint)
    home.serverKey(next)
    await until(() => shown.includes(next.thumbprint), 'the new certificate is shown')
  }
  stop = true
  await Promise.all(clients)
  assert.deepEqual(failures, [])
  assert.equal(shown.at(-1), renewed.at(-1), 'the last one stays')
  assert.ok(resumed > 0, 'sessions were resumed, too')
  t.diagnostic(`${shown.length * 2} full handshakes, ${resumed} resumed, 5 renewals`)
})

for (const [what, spoil] of [
  ['noise', () => home.write('security/server.p12', Buffer.alloc(100, 1))],
  [
    'a key that does not fit its certificate',
    () => home.write('security/server.p12', home.serverAuthority.issueServer().pem + alice.keyPem),
  ],
] as const) {
  test(`a renewal that cannot work (${what}) is refused, the record names the file, and the certificate before it is shown on`, async () => {
    const shown = async () => (await home.connect({ certificate: alice })).getPeerCertificate().fingerprint256
    const before = await shown()
    const refusals = () =>
      home.audit().filter(({ kind, cause }) => kind === 'reload-failed' && String(cause).includes('server.p12')).length
    const earlier = refusals()
    spoil()
    await until(() => refusals() > earlier, 'the reload is refused')
    assert.equal(await shown(), before)
    assert.equal((await home.ask({ certificate: alice })).who, 'alice')
  })
}

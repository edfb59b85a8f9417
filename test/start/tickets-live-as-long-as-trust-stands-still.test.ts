import assert from 'node:assert/strict'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { createLog } from '../../src/log.ts'
import { testAuthority } from '../support/certificates.ts'
import { type Home, openHome, until } from '../support/home.ts'

const authority = testAuthority({ name: 'Clients CA' })
const other = testAuthority({ name: 'Other CA' })
const alice = authority.issue({ subject: 'CN=alice' })
const bob = other.issue({ subject: 'CN=bob' })
const anchors = { clients: authority, other }
const bindings = [alice, bob].map((one, i) => ({ thumbprint: one.thumbprint, users: [['alice', 'bob'][i]!] }))
const configuration = { authenticators: { 'mutual-tls': { bindings } } }

const written: string[] = []
const log = createLog('debug', { write: (line: string) => void written.push(line) })
const home = await openHome({ anchors, configuration, log })
for (const name of ['alice', 'bob']) await home.users.add({ tenant: 'default', name })

for (const tls of ['TLSv1.2', 'TLSv1.3'] as const) {
  suite(tls, () => {
    /** A ticket that is known to be good. What another process changed moves trust within 250 ms, and ends tickets once more. */
    async function ticket(certificate = alice): Promise<Buffer> {
      await new Promise(resolve => setTimeout(resolve, 400))
      const { session } = await home.ask({ certificate, tls })
      const again = await home.ask({ certificate, tls, session })
      assert.equal(again.resumed, true, 'a ticket is good to begin with')
      // a ticket that was just good is not always answered by another one
      return session!
    }
    const resumed = async (session: Buffer, certificate = alice) =>
      (await home.ask({ certificate, tls, session })).resumed

    test('tickets survive a restart with nothing changed', async () => {
      const session = await ticket()
      await home.restart()
      const { who, resumed } = await home.ask({ certificate: alice, tls, session })
      assert.deepEqual({ who, resumed }, { who: 'alice', resumed: true })
    })

    test('they die when an anchor is removed, everyone’s, and nobody is let in by what is left', async () => {
      const [hers, his] = [await ticket(alice), await ticket(bob)]
      home.trust({ clients: authority })
      assert.equal(await home.server.reload('a test'), 'reloaded')
      assert.equal(await resumed(hers), false)
      const after = await home.ask({ certificate: bob, tls, session: his })
      assert.deepEqual([after.resumed, after.who], [false, 'issuer_unknown'])
      home.trust(anchors)
      assert.equal(await home.server.reload('a test'), 'reloaded')
    })

    test('a ticket from before the removal of an anchor is of no use after a restart either', async () => {
      const session = await ticket(bob)
      home.trust({ clients: authority })
      await home.restart()
      const after = await home.ask({ certificate: bob, tls, session })
      assert.deepEqual([after.resumed, after.who], [false, 'issuer_unknown'])
      home.trust(anchors)
      await home.restart()
    })

    test('they die when a certificate is locked', async () => {
      const session = await ticket()
      const target = { kind: 'thumbprint', value: alice.thumbprint } as const
      await home.locks.add(target, 'alice', 'a test')
      await until(async () => (await home.ask({ certificate: alice, tls })).who === 'certificate_locked', 'the lock')
      assert.equal(await resumed(session), false)
      await home.locks.remove(target)
      await until(async () => (await home.ask({ certificate: alice, tls })).who === 'alice', 'the unlocking')
      assert.equal(await resumed(session), false, 'nor do they come back to life')
    })

    test('they die when a user is locked while no server runs', async () => {
      const session = await ticket()
      await home.server.stop('a test')
      await home.users.setState('default', 'bob', 'locked')
      await home.restart()
      assert.equal(await resumed(session), false)
      await home.users.setState('default', 'bob', 'active')
      await until(async () => (await home.ask({ certificate: bob, tls })).who === 'bob', 'the unlocking')
    })

    test('they die with another policy of the listener', async () => {
      const session = await ticket()
      const strict = await openWith(home, { clientAuth: 'need' })
      assert.equal(await resumed(session), false)
      await strict.back()
    })
  })
}

test('the secret is in a file of its owner, and in no log', async () => {
  const file = join(home.folder, 'data/ticket-secret.json')
  assert.equal(statSync(file).mode & 0o777, 0o600)
  const { secret } = JSON.parse(readFileSync(file, 'utf8'))
  assert.equal(Buffer.from(secret, 'base64').length, 32)
  assert.ok(written.length > 10)
  const forms = [secret, Buffer.from(secret, 'base64').toString('hex')]
  assert.ok(!written.some(line => forms.some(form => line.includes(form))))
})

/** Restarts with other options of the listener; `back` undoes it. */
async function openWith(home: Home, listener: object): Promise<{ back(): Promise<void> }> {
  const file = join(home.folder, 'countersign.yaml')
  const before = readFileSync(file, 'utf8')
  const value = JSON.parse(before)
  value.listeners[0] = { ...value.listeners[0], ...listener }
  home.write('countersign.yaml', JSON.stringify(value))
  await home.restart()
  return {
    async back() {
      home.write('countersign.yaml', before)
      await home.restart()
    },
  }
}

// A lock set by another process beats everything: for authorities, for pinned leaves, on open connections.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { systemClock } from '../../src/clock.ts'
import { createLockStore, issuerSerial, type LockTarget } from '../../src/identity/revocation/locks.ts'
import { type Issued, selfSigned, testAuthority, testKey } from '../support/certificates.ts'
import { identityServer } from '../support/identity-server.ts'

const authority = testAuthority({ name: 'Clients CA' })
const sub = authority.intermediate({ name: 'Clients Sub CA' })
const key = testKey()
const everyone = {
  alice: authority.issue({ subject: 'CN=alice' }),
  bob: authority.issue({ subject: 'CN=bob' }),
  carol: sub.issue({ subject: 'CN=carol' }),
  dave: selfSigned({ subject: 'CN=dave' }),
  erin: authority.issue({ subject: 'CN=erin', key }),
}
const server = await identityServer({
  anchors: { clients: authority, dave: everyone.dave },
  bindings: Object.entries(everyone).map(([user, { thumbprint }]) => ({ thumbprint, users: [user] })),
})
for (const name of Object.keys(everyone)) await server.users.add({ tenant: 'default', name })
const locks = createLockStore(server.storage, systemClock)
const hash = ({ certificate }: Issued) => createHash('sha256').update(certificate.spki).digest('hex')

const { alice, bob, carol, dave, erin } = everyone
const cases: readonly [what: string, name: keyof typeof everyone, target: LockTarget][] = [
  ['a certificate', 'alice', { kind: 'thumbprint', value: alice.thumbprint }],
  [
    'a serial number of an issuer',
    'bob',
    { kind: 'issuer-serial', value: issuerSerial(bob.certificate.issuer, bob.serialNumber) },
  ],
  ['a key', 'erin', { kind: 'public-key', value: hash(erin) }],
  ['a pinned leaf', 'dave', { kind: 'thumbprint', value: dave.thumbprint }],
  ['an authority on the path', 'carol', { kind: 'public-key', value: hash(sub) }],
]
for (const [what, name, target] of cases) {
  test(`by ${what}`, async () => {
    const [client, other] = [server.client(everyone[name]), server.client(name === 'alice' ? bob : alice)]
    const [before, beside] = [await client.get(), await other.get()]
    assert.equal(before.body.user, name)
    await locks.add(target, what, '')
    await ended(client.ended(before))
    assert.equal(await client.whoami(), 'certificate_locked')
    assert.equal((await other.get()).socket, beside.socket, 'others go on')
    assert.equal(await locks.remove(target), true)
    await until(async () => (await client.whoami()) === name)
  })
}

test('an anchor, with all that it issued', async () => {
  const clients = [server.client(alice), server.client(carol)]
  const answers = await Promise.all(clients.map(client => client.get()))
  await locks.add({ kind: 'thumbprint', value: authority.thumbprint }, 'the anchor', 'compromised')
  await Promise.all(clients.map((client, i) => ended(client.ended(answers[i]!))))
  for (const client of clients) assert.equal(await client.whoami(), 'certificate_locked')
  assert.equal(await server.client(dave).whoami(), 'dave')
})

async function ended(end: Promise<void>): Promise<void> {
  const late = AbortSignal.timeout(3000)
  await Promise.race([
    end,
    new Promise<never>((_, reject) => late.addEventListener('abort', () => reject(new Error('still open')))),
  ])
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 3000; !(await holds()); ) {
    assert.ok(Date.now() < end, 'the change did not take effect')
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}

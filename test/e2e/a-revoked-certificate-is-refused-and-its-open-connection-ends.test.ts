// Revocation by lists, from the socket to the answer: files that are swapped, addresses in the configuration and in certificates, and
// what each policy says when nobody answers.
import assert from 'node:assert/strict'
import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { crlDistributionPoints } from '../../src/pki/x509/build-extensions.ts'
import { baseTime, day, type Issued, testAuthority } from '../support/certificates.ts'
import { type Client, identityServer } from '../support/identity-server.ts'
import { largeCrl } from '../support/large-crl.ts'
import { scratchFolder } from '../support/scratch.ts'
import { web } from '../support/web.ts'

const site = await web()
const folder = scratchFolder()
const authority = testAuthority({ name: 'Clients CA' })
const published = testAuthority({ name: 'Publishing CA' })
const silent = testAuthority({ name: 'Silent CA' })
const large = testAuthority({ name: 'Large CA' })
const point = (path: string) => ({ extensions: [crlDistributionPoints([`${site.url}${path}`])] })
const people = {
  alice: authority.issue({ subject: 'CN=alice' }),
  bob: authority.issue({ subject: 'CN=bob' }),
  carol: published.issue({ subject: 'CN=carol', ...point('/published.crl') }),
  dave: published.issue({ subject: 'CN=dave', ...point('/published.crl') }),
  erin: silent.issue({ subject: 'CN=erin', ...point('/gone.crl') }),
  frank: large.issue({ subject: 'CN=frank' }),
  grace: large.issue({ subject: 'CN=grace' }),
}
const list = (name: string, der: Buffer) => {
  const file = join(folder, name)
  writeFileSync(`${file}.new`, der)
  renameSync(`${file}.new`, file)
  return file
}
const clients = list('clients.crl', authority.crl())
const largeList = (revoked?: Issued) =>
  largeCrl({
    issuer: large.certificate.subject,
    signingKey: large.privateKey,
    entries: 40_000,
    ...(revoked && { serialNumber: revoked.serialNumber }),
  })
const largeFile = list('large.crl', largeList())
site.pages.set('/published.crl', published.crl([people.dave]))

const revocation = (more: object = {}, crl: object = {}) => ({
  mode: 'require',
  crl: { files: [clients, largeFile], ...crl },
  fetch: { insecureAllowPrivateAddresses: true, timeoutSeconds: 2 },
  waitSeconds: 3,
  ...more,
})
const server = await identityServer({
  anchors: { clients: authority, published, silent, large },
  bindings: Object.entries(people).map(([user, { thumbprint }]) => ({ thumbprint, users: [user] })),
  revocation: revocation(),
})
for (const name of Object.keys(people)) await server.users.add({ tenant: 'default', name })

async function ends(client: Client, answer: Awaited<ReturnType<Client['get']>>): Promise<void> {
  const late = AbortSignal.timeout(5000)
  const timeout = new Promise<never>((_, reject) =>
    late.addEventListener('abort', () => reject(new Error('still open'))),
  )
  await Promise.race([client.ended(answer), timeout])
}

describe('a list in a file', () => {
  test('is swapped: what it revokes now is closed and refused, the others go on', async () => {
    const [alice, bob] = [server.client(people.alice), server.client(people.bob)]
    const [before, other] = [await alice.get(), await bob.get()]
    assert.deepEqual([before.body.user, other.body.user], ['alice', 'bob'])
    list('clients.crl', authority.crl([people.alice], { number: 2 }))
    await ends(alice, before)
    assert.equal(await alice.whoami(), 'certificate_revoked')
    const again = await bob.get()
    assert.deepEqual([again.body.user, again.socket === other.socket], ['bob', true])
  })

  test('is broken or gone: the last good state stays in force', async () => {
    const bob = server.client(people.bob)
    list('clients.crl', Buffer.from('no list'))
    await new Promise(resolve => setTimeout(resolve, 700))
    assert.equal(await bob.whoami(), 'bob')
    assert.equal(await server.client(people.alice).whoami(), 'certificate_revoked')
    list('clients.crl', authority.crl([], { number: 3 }))
    await until(async () => (await server.client(people.alice).whoami()) === 'alice')
  })

  test('is a large one, kept compact', async () => {
    const [frank, grace] = [server.client(people.frank), server.client(people.grace)]
    const before = await frank.get()
    assert.equal(before.body.user, 'frank')
    assert.equal(await grace.whoami(), 'grace')
    list('large.crl', largeList(people.frank))
    await ends(frank, before)
    assert.equal(await frank.whoami(), 'certificate_revoked')
    assert.equal(await grace.whoami(), 'grace')
  })

  test('is signed by somebody else: it counts for nothing', async () => {
    const forged = testAuthority({ name: 'Clients CA' })
    list('clients.crl', forged.crl([people.bob], { number: 9 }))
    await until(async () => (await server.client(people.alice).whoami()) === 'revocation_unknown')
    assert.equal(await server.client(people.bob).whoami(), 'revocation_unknown')
    list('clients.crl', authority.crl([people.alice], { number: 10 }))
    await until(async () => (await server.client(people.bob).whoami()) === 'bob')
  })
})

describe('a list at an address that a certificate names', () => {
  test('is fetched once for everybody who waits for it', async () => {
    const [carol, dave] = [server.client(people.carol), server.client(people.dave)]
    assert.deepEqual(await Promise.all([carol.whoami(), dave.whoami()]), ['carol', 'certificate_revoked'])
    assert.equal(await server.client(people.carol).whoami(), 'carol')
    assert.equal(site.asked.filter(line => line === 'GET /published.crl').length, 1)
  })

  test('cannot be had: require refuses, and the failure is no verdict that is kept', async () => {
    const erin = server.client(people.erin)
    assert.equal(await erin.whoami(), 'revocation_unknown')
    site.pages.set('/gone.crl', silent.crl())
    await until(async () => (await erin.whoami()) === 'erin', 9000)
  })

  test('has ended: require refuses, prefer lets in, and onStale says otherwise', async () => {
    const late = { thisUpdate: baseTime - 3 * day, nextUpdate: baseTime - 2 * day, number: 11 }
    list('clients.crl', authority.crl([people.alice], late))
    const outcomes = async (more: object, crl: object = {}) => {
      await server.become({ revocation: revocation(more, crl) })
      return [await server.client(people.bob).whoami(), await server.client(people.alice).whoami()]
    }
    assert.deepEqual(await outcomes({}), ['revocation_unknown', 'certificate_revoked'])
    assert.deepEqual(await outcomes({ onStale: 'allow' }), ['bob', 'certificate_revoked'])
    assert.deepEqual(await outcomes({}, { graceSeconds: 10 * 86_400 }), ['bob', 'certificate_revoked'])
    assert.deepEqual(await outcomes({ mode: 'prefer' }), ['bob', 'certificate_revoked'])
    assert.deepEqual(await outcomes({ mode: 'prefer', onStale: 'refuse' }), [
      'revocation_unknown',
      'certificate_revoked',
    ])
    assert.deepEqual(await outcomes({ anchors: { clients: { mode: 'off' } } }), ['bob', 'alice'])
    assert.deepEqual(await outcomes({ mode: 'off' }), ['bob', 'alice'])
  })
})

test('the start or a reload with a list that cannot be read, or an anchor that does not exist, is refused', async () => {
  await server.refuseToBecome({ revocation: revocation({}, { files: [join(folder, 'nowhere.crl')] }) })
  await server.refuseToBecome({ revocation: revocation({ anchors: { nobody: { mode: 'off' } } }) })
})

async function until(holds: () => Promise<boolean>, within = 3000): Promise<void> {
  for (const end = Date.now() + within; !(await holds()); ) {
    assert.ok(Date.now() < end, 'the change did not take effect')
    await new Promise(resolve => setTimeout(resolve, 50))
  }
}

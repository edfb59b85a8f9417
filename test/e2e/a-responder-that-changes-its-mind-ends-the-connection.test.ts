// OCSP under each policy when the responder is silent, busy, does not know, or says "revoked" after it said "good".
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { authorityInfoAccess } from '../../src/pki/x509/build-extensions.ts'
import { type Issued, testAuthority } from '../support/certificates.ts'
import { identityServer } from '../support/identity-server.ts'
import { ocspFailure, ocspResponse } from '../support/ocsp.ts'
import { web } from '../support/web.ts'

const site = await web()
const authority = testAuthority({ name: 'Clients CA' })
const issue = (name: string) =>
  authority.issue({
    subject: `CN=${name}`,
    extensions: [authorityInfoAccess({ ocsp: [`${site.url}/${name}`] })],
  })
const people = {
  good: issue('good'),
  revoked: issue('revoked'),
  unknown: issue('unknown'),
  busy: issue('busy'),
  gone: issue('gone'),
  silent: issue('silent'),
  forged: issue('forged'),
  none: authority.issue({ subject: 'CN=none' }),
  later: issue('later'),
}
type Name = keyof typeof people
const fresh = (lifetime = 3_600_000) => ({ thisUpdate: Date.now() - 1000, nextUpdate: Date.now() + lifetime })
const page = (name: Name, octets: () => Buffer) =>
  site.pages.set(`/${name}/*`, (_, __, response) => response.end(octets()))
page('good', () => ocspResponse(people.good, authority, fresh()))
page('revoked', () => ocspResponse(people.revoked, authority, { ...fresh(), status: 'revoked' }))
page('unknown', () => ocspResponse(people.unknown, authority, { ...fresh(), status: 'unknown' }))
page('busy', () => ocspFailure(3))
page('forged', () => ocspResponse(people.forged, authority, { ...fresh(), signer: people.good as Issued }))
site.pages.set('/silent/*', () => {})

const revocation = (more: object = {}) => ({
  mode: 'require',
  fetch: { insecureAllowPrivateAddresses: true, timeoutSeconds: 1 },
  waitSeconds: 3,
  ...more,
})
const setting = {
  anchors: { clients: authority },
  bindings: Object.entries(people).map(([user, { thumbprint }]) => ({ thumbprint, users: [user] })),
  revocation: revocation(),
}
const server = await identityServer(setting)
for (const name of Object.keys(people)) await server.users.add({ tenant: 'default', name })
const whoami = (name: Name) => server.client(people[name]).whoami()

describe('what each policy says', () => {
  const unlearned = ['busy', 'gone', 'silent', 'forged', 'none'] as const
  const check = async (more: object, expected: { unlearned: 'in' | 'out'; unknown: 'in' | 'out' }) => {
    await server.become({ revocation: revocation(more) })
    assert.equal(await whoami('good'), 'good')
    assert.equal(await whoami('revoked'), 'certificate_revoked')
    for (const name of [...unlearned, 'unknown'] as const) {
      const word = name === 'unknown' ? expected.unknown : expected.unlearned
      assert.equal(await whoami(name), word === 'in' ? name : 'revocation_unknown', name)
    }
  }
  test('require', () => check({}, { unlearned: 'out', unknown: 'out' }))
  test('prefer', () => check({ mode: 'prefer' }, { unlearned: 'in', unknown: 'in' }))
  test('prefer, onUnknown: refuse', () =>
    check({ mode: 'prefer', onUnknown: 'refuse' }, { unlearned: 'in', unknown: 'out' }))
  test('require, onUnknown: allow', () => check({ onUnknown: 'allow' }, { unlearned: 'out', unknown: 'in' }))

  test('with onUntrusted: refuse the connection is ended', async () => {
    const strict = await identityServer({ ...setting, listener: { onUntrusted: 'refuse' } })
    await assert.rejects(strict.client(people.revoked).whoami())
    await assert.rejects(strict.client(people.gone).whoami())
    // trusted, though there is no such user here
    assert.equal(await strict.client(people.good).whoami(), 'certificate_not_bound')
  })
})

test('a certificate that is revoked while its connection is open', async () => {
  let status: 'good' | 'revoked' = 'good'
  page('later', () => ocspResponse(people.later, authority, { ...fresh(6_000), status }))
  await server.become({ revocation: revocation() })
  const client = server.client(people.later)
  const before = await client.get()
  assert.equal(before.body.user, 'later')
  status = 'revoked'
  const late = AbortSignal.timeout(9000)
  await Promise.race([
    client.ended(before),
    new Promise<never>((_, reject) => late.addEventListener('abort', () => reject(new Error('still open')))),
  ])
  assert.equal(await client.whoami(), 'certificate_revoked')
})

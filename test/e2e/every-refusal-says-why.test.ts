// Each code of the closed list, from a real connection with a real certificate, and nothing else than that code.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { systemClock } from '../../src/clock.ts'
import { createPasswordHasher } from '../../src/identity/users/password/password-hasher.ts'
import { createSqlDirectory } from '../../src/identity/users/sql/create-sql-directory.ts'
import { createSqlUserStore } from '../../src/identity/users/sql-user-store.ts'
import { writePem } from '../../src/pki/x509/pem.ts'
import { type RefusalCode, refusals } from '../../src/refusals.ts'
import type { RunningServer } from '../../src/start/start.ts'
import { openStorage } from '../../src/storage/open-storage.ts'
import { baseTime, day, type Issued, testAuthority } from '../support/certificates.ts'
import { httpsRequest } from '../support/request.ts'
import { scratchFolder } from '../support/scratch.ts'
import { serveFrom } from '../support/server.ts'

const folder = scratchFolder()
const root = testAuthority({ name: 'Root', pathLength: 1 })
const constrained = root.intermediate({ name: 'Constrained', nameConstraints: { permitted: [{ dns: 'example.org' }] } })
const deep = root.intermediate({ name: 'Deep' })
const deeper = deep.intermediate({ name: 'Deeper' })
const stranger = testAuthority({ name: 'Stranger' })
const server = stranger.issueServer()

const alice = root.issue({ subject: 'CN=alice', san: [{ email: 'alice@example.org' }] })
const locked = root.issue({ subject: 'CN=locked' })
const closed = root.issue({ subject: 'CN=closed' })
const nobody = root.issue({ subject: 'CN=unbound,O=Nobody' })
const two = root.issue({ san: [{ email: 'two@example.org' }, { dns: 'two.example.org' }] })
const anyone = root.issue({ subject: 'CN=anyone' })

/** What comes with the request besides the certificate. */
interface Case {
  readonly code: RefusalCode
  readonly what: string
  readonly client?: Issued
  /** in place of the client's own DER */
  readonly der?: Buffer
  readonly headers?: Record<string, string | string[]>
  readonly path?: string
  readonly at?: 'strict'
  /** what the sentence has to name */
  readonly detail?: RegExp
}

const basic = (user: string, password: string) => ({ authorization: `Basic ${btoa(`${user}:${password}`)}` })
const base64 = (text: string) => Buffer.from(text).toString('base64')

const cases: readonly Case[] = [
  { code: 'certificate_required', what: 'nothing at all' },
  {
    code: 'certificate_expired',
    what: 'a certificate that expired',
    client: root.issue({ notBefore: baseTime - 9 * day, notAfter: baseTime - 2 * day }),
    detail: /expired|20\d\d/,
  },
  {
    code: 'certificate_not_yet_valid',
    what: 'a certificate of next week',
    client: root.issue({ notBefore: baseTime + 5 * day }),
  },
  { code: 'issuer_unknown', what: 'a certificate of an authority that nobody trusts', client: stranger.issue() },
  { code: 'signature_invalid', what: 'a certificate whose signature was changed', client: alice, der: tampered(alice) },
  { code: 'purpose_not_allowed', what: 'a server certificate', client: root.issue({ extKeyUsage: ['serverAuth'] }) },
  {
    code: 'constraint_violated',
    what: 'a name outside the constraints of its issuer',
    client: constrained.issue({ san: [{ dns: 'client.example.net' }] }),
  },
  { code: 'path_too_long', what: 'one authority too many in between', client: deeper.issue() },
  { code: 'key_too_weak', what: 'an RSA key of 1024 bits', client: root.issue({ keyType: 'rsa-1024' }) },
  {
    code: 'certificate_malformed',
    what: 'an extension that is no DER',
    client: root.issue({ extensions: [{ oid: '2.5.29.17', critical: false, value: Buffer.from([0x30, 0x82]) }] }),
  },
  { code: 'not_allow_listed', what: 'a good certificate that is not on the list', client: alice, at: 'strict' },
  { code: 'certificate_not_bound', what: 'a good certificate without a binding', client: nobody },
  {
    code: 'certificate_not_bound',
    what: 'a user that the certificate is not bound to',
    client: alice,
    headers: { username: base64('bob') },
  },
  {
    code: 'certificate_not_bound',
    what: 'a user that does not exist',
    client: alice,
    headers: { username: base64('no-such-user') },
  },
  { code: 'binding_ambiguous', what: 'two names that lead to two users', client: two },
  { code: 'username_malformed', what: 'a header that is not base64', client: alice, headers: { username: '*' } },
  {
    code: 'username_malformed',
    what: 'the header twice',
    client: alice,
    headers: { username: [base64('alice'), base64('alice')] },
  },
  { code: 'credentials_required', what: 'a certificate for anyone that names no one', client: anyone },
  { code: 'credentials_invalid', what: 'a wrong password', headers: basic('bob', 'wrong') },
  { code: 'credentials_invalid', what: 'a user that does not exist', headers: basic('no-such-user', 'wrong') },
  { code: 'account_locked', what: 'a certificate bound to a locked user', client: locked },
  { code: 'account_locked', what: 'the right password of a locked user', headers: basic('locked', 'correct horse') },
  { code: 'tenant_inactive', what: 'a certificate bound to a user of an inactive tenant', client: closed },
  {
    code: 'tenant_inactive',
    what: 'the right password of such a user',
    headers: basic('carol@closed.example', 'correct horse'),
  },
  { code: 'forbidden', what: 'a user without the role', client: alice, path: '/orders/1' },
]

/** Refusals that need more than one request, a source of revocation or a proxy; each names the test that has it. */
const elsewhere: readonly RefusalCode[] = [
  'attempts_throttled',
  'certificate_revoked',
  'certificate_locked',
  'proxy_not_proven',
  'revocation_unknown',
]

describe('every refusal says why', () => {
  let open: RunningServer
  let strict: RunningServer

  before(async () => {
    const pem = (name: string, ...parts: string[]) => writeFileSync(join(folder, name), parts.join(''))
    pem('server.pem', server.keyPem, server.pem)
    pem('trust.pem', root.pem)
    await addUsers()
    open = await serveFrom(folder, configuration('false'))
    strict = await serveFrom(join(folder, 'strict'), configuration('true'))
  })

  after(async () => {
    for (const server of [open, strict]) await server?.stop('the test is over')
  })

  for (const { code, what, client, der, headers, path = '/whoami', at, detail } of cases) {
    test(`${code}: ${what}`, async () => {
      const { port } = (at === 'strict' ? strict : open).listeners[0]!
      const certificate = der === undefined ? client?.chainPem : writePem('CERTIFICATE', der)
      // Level 0, so that the client's own OpenSSL lets the weak certificates out.
      const own = client === undefined ? {} : { cert: certificate, key: client.keyPem }
      const options = { ca: stranger.pem, ciphers: 'DEFAULT@SECLEVEL=0', headers, ...own } as const
      const answer = await httpsRequest(`https://localhost:${port}${path}`, options)
      const problem = JSON.parse(answer.body)
      const { status, title, remedy } = refusals[code]
      assert.deepEqual([answer.status, problem.code, problem.detail], [status, code, problem.detail])
      assert.equal(answer.headers['content-type'], 'application/problem+json; charset=utf-8')
      assert.deepEqual({ title: problem.title, remedy: problem.remedy }, { title, remedy })
      assert.equal(problem.type, `/problems/${code.replaceAll('_', '-')}`)
      assert.match(problem.detail, detail ?? /^[A-Z].*\.$/)
      assert.ok(problem.requestId.length > 5)
      const challenge = answer.headers['www-authenticate']
      assert.equal(challenge !== undefined, status === 401, 'a challenge comes with 401 alone')
      // The page that `type` names is there for whoever looks it up.
      const page = await httpsRequest(`https://localhost:${port}${problem.type}`, { ca: stranger.pem })
      assert.equal(page.status, 200)
    })
  }

  test('a refused user is not told apart from one that does not exist (invariant 8)', async () => {
    const bodies = await Promise.all(
      [base64('bob'), base64('no-such-user')].map(async username => {
        const { port } = open.listeners[0]!
        const options = { ca: stranger.pem, cert: alice.chainPem, key: alice.keyPem, headers: { username } }
        const { body } = await httpsRequest(`https://localhost:${port}/whoami`, options)
        return { ...JSON.parse(body), requestId: '' }
      }),
    )
    assert.deepEqual(bodies[0], bodies[1])
  })

  test('no code is left out', () => {
    const tested = new Set([...cases.map(({ code }) => code), ...elsewhere])
    assert.deepEqual([...tested].toSorted(), Object.keys(refusals).toSorted())
  })
})

function tampered({ der }: Issued): Buffer {
  const copy = Buffer.from(der)
  copy[copy.length - 1]! ^= 1
  return copy
}

async function addUsers(): Promise<void> {
  const storage = await openStorage({ kind: 'sqlite', file: join(folder, 'users.db') })
  const users = createSqlUserStore({ storage, hasher: createPasswordHasher() })
  for (const name of ['alice', 'bob', 'locked', 'one', 'two']) {
    await users.add({ tenant: 'default', name, password: 'correct horse', roles: ['reader'] })
  }
  await users.setState('default', 'locked', 'locked')
  const { tenants } = createSqlDirectory({ storage, hasher: createPasswordHasher(), clock: systemClock })
  await tenants.add('closed.example')
  await users.add({ tenant: 'closed.example', name: 'carol', password: 'correct horse' })
  await tenants.change('closed.example', { state: 'inactive' })
  await storage.close()
}

const configuration = (allowList: 'true' | 'false') => `
listeners:
  - address: 127.0.0.1
    port: 0
    keyStore: { file: ${folder}/server.pem }
    trustStore: [{ file: ${folder}/trust.pem }]
management: { enabled: false }
authenticators:
  mutual-tls:
    allowList: { enabled: ${allowList} }
    bindings:
      - { thumbprint: "${alice.thumbprint}", users: [alice] }
      - { thumbprint: "${closed.thumbprint}", users: [carol], tenant: closed.example }
      - { thumbprint: "${locked.thumbprint}", users: [locked] }
      - { thumbprint: "${anyone.thumbprint}", users: ["*"] }
      - { san: { email: two@example.org }, users: [one] }
      - { san: { dns: two.example.org }, users: [two] }
  basic: { enabled: true, tenants: suffix }
users: { file: ${folder}/users.db }
routes:
  - { path: /orders/*, upstream: "http://127.0.0.1:9", allow: { roles: [buyer] } }
`

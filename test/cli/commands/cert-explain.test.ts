// `cert explain` says what the server does: the same certificates come to both.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { explain } from '../../../src/cli/explain/explanation.ts'
import { systemClock } from '../../../src/clock.ts'
import { loadConfiguration } from '../../../src/config/load.ts'
import { createPasswordHasher } from '../../../src/identity/users/password/password-hasher.ts'
import { createSqlUserStore } from '../../../src/identity/users/sql-user-store.ts'
import { pathChecks } from '../../../src/pki/path/trace.ts'
import { parseCertificate } from '../../../src/pki/x509/certificate.ts'
import { writePem } from '../../../src/pki/x509/pem.ts'
import { openStorage } from '../../../src/storage/open-storage.ts'
import { baseTime, day, type Issued, testAuthority } from '../../support/certificates.ts'
import { httpsRequest } from '../../support/request.ts'
import { scratchFolder } from '../../support/scratch.ts'
import { serveFrom } from '../../support/server.ts'
import { inProcess } from '../transcript.ts'

const folder = scratchFolder()
const root = testAuthority({ name: 'CN=Root' })
const issuing = root.intermediate({ name: 'CN=Issuing' })
const stranger = testAuthority({ name: 'CN=Stranger' })
const server = stranger.issueServer()

const alice = issuing.issue({ subject: 'CN=alice', san: [{ email: 'alice@example.org' }] })
const locked = issuing.issue({ subject: 'CN=locked' })
const anyone = issuing.issue({ subject: 'CN=anyone' })
const revoked = issuing.issue({ subject: 'CN=revoked' })
const clients: Readonly<Record<string, Issued>> = {
  alice,
  locked,
  anyone,
  revoked,
  unbound: issuing.issue({ subject: 'CN=unbound' }),
  two: issuing.issue({ san: [{ email: 'alice@example.org' }, { email: 'bob@example.org' }] }),
  expired: issuing.issue({ notBefore: baseTime - 9 * day, notAfter: baseTime - 2 * day }),
  early: issuing.issue({ notBefore: baseTime + 5 * day }),
  'for servers': issuing.issue({ extKeyUsage: ['serverAuth'] }),
  'of a stranger': stranger.issue({ subject: 'CN=alice', san: [{ email: 'alice@example.org' }] }),
  weak: issuing.issue({ keyType: 'rsa-1024' }),
}

writeFileSync(join(folder, 'server.pem'), server.keyPem + server.chainPem)
writeFileSync(join(folder, 'trust.pem'), root.pem)
const lists = [root.crl(), issuing.crl([revoked])]
writeFileSync(join(folder, 'lists.pem'), lists.map(der => writePem('X509 CRL', der)).join(''))
const running = await serveFrom(
  folder,
  JSON.stringify({
    listeners: [
      { address: '127.0.0.1', port: 0, keyStore: { file: 'server.pem' }, trustStore: [{ file: 'trust.pem' }] },
    ],
    management: { enabled: false },
    revocation: { mode: 'require', order: ['crl'], crl: { files: ['lists.pem'] } },
    authenticators: {
      'mutual-tls': {
        bindings: [
          { san: { email: 'alice@example.org' }, users: ['alice'] },
          { san: { email: 'bob@example.org' }, users: ['bob'] },
          { thumbprint: locked.thumbprint, users: ['locked'] },
          { thumbprint: anyone.thumbprint, users: ['*'] },
          { thumbprint: revoked.thumbprint, users: ['alice'] },
        ],
      },
      basic: { enabled: false },
    },
    users: { file: 'users.db' },
    routes: [{ path: '/orders/*', upstream: 'http://127.0.0.1:1', allow: { roles: ['buyer'] } }],
  }),
)
after(() => running.stop('the test is over'))
const storage = await openStorage({ kind: 'sqlite', file: join(folder, 'users.db') })
const users = createSqlUserStore({ storage, hasher: createPasswordHasher() })
for (const name of ['alice', 'bob', 'locked']) await users.add({ tenant: 'default', name })
await users.setState('default', 'locked', 'locked')
await storage.close()

async function fromServer(client: Issued, user: string | undefined, path: string) {
  const answer = await httpsRequest(`${running.url}${path}`, {
    // with a trust store OpenSSL would complete the chain that it sends
    rejectUnauthorized: false,
    key: client.keyPem,
    cert: client.chainPem,
    ciphers: 'DEFAULT:@SECLEVEL=0',
    headers: user === undefined ? {} : { UserName: Buffer.from(user).toString('base64') },
  })
  return JSON.parse(answer.body) as {
    user?: string
    binding?: string
    code?: string
    detail?: string
    requestId?: string
  }
}

async function explained(client: Issued, user: string | undefined, path: string) {
  const loaded = loadConfiguration(join(folder, 'countersign.yaml'), { env: {} })
  const chain = client.chain.map(der => parseCertificate(der))
  return explain(loaded, { chain, user, path, listener: undefined, at: undefined }, systemClock)
}

// before the others: those that are like it are counted, and not recorded one by one
const firstRefusal = await fromServer(clients.unbound!, undefined, '/whoami?token=secret')

for (const [name, client] of Object.entries(clients)) {
  for (const user of [undefined, 'alice', 'nobody']) {
    test(`${name}, ${user === undefined ? 'naming nobody' : `naming ${user}`}: the explanation is what the server does`, async () => {
      const answer = await fromServer(client, user, '/whoami')
      const { outcome } = await explained(client, user, '/whoami')
      if (outcome.ok)
        assert.deepEqual([outcome.principal.user, outcome.principal.binding], [answer.user, answer.binding])
      else assert.deepEqual([outcome.code, outcome.detail], [answer.code, answer.detail])
    })
  }
}

test('the route has its say as at the server', async () => {
  const { code, detail } = await fromServer(alice, undefined, '/orders/1')
  const { outcome, route } = await explained(alice, undefined, '/orders/1')
  assert.ok(!outcome.ok)
  assert.deepEqual([outcome.code, outcome.detail], [code, detail])
  assert.deepEqual([code, route?.pattern], ['forbidden', '/orders/*'])
})

test('the check that failed is told with its section, and the bindings that lost with their reason', async () => {
  const { checks } = await explained(clients.expired!, undefined, '/whoami')
  const last = checks.at(-1)!
  assert.equal(pathChecks[last.check as keyof typeof pathChecks].section, 'RFC 5280 section 6.1.3 (a)(2)')
  assert.equal(last.failure?.code, 'certificate_expired')
  const { checks: ofRevoked } = await explained(revoked, undefined, '/whoami')
  assert.equal(ofRevoked.find(({ check }) => check === 'revocation')?.failure?.code, 'certificate_revoked')
  const { bindings } = await explained(clients.two!, undefined, '/whoami')
  assert.deepEqual(
    bindings?.considered.map(({ binding }) => binding),
    ['email alice@example.org', 'email bob@example.org'],
  )
})

test('a refusal is explained from the audit by the id that it named', async () => {
  const { requestId = '' } = firstRefusal
  const config = ['--config', join(folder, 'countersign.yaml')]
  const said = await inProcess(['cert', 'explain', '--request', requestId, ...config], '', {}, Date.now())
  assert.equal(said.code, 0, said.stderr)
  for (const expected of [
    'certificate_not_bound',
    'CN=unbound',
    'GET /whoami',
    '127.0.0.1',
    clients.unbound!.thumbprint,
  ])
    assert.ok(said.stdout.includes(expected), expected)
  assert.ok(!said.stdout.includes('secret'))
  const json = await inProcess(['cert', 'explain', '--request', requestId, '--json', ...config], '', {}, Date.now())
  const record = JSON.parse(json.stdout)
  assert.equal(record.code, 'certificate_not_bound')
  assert.match(record.remedy, /bind your certificate/)
  const none = await inProcess(['cert', 'explain', '--request', 'unheard-of', ...config], '', {}, Date.now())
  assert.equal(none.code, 1)
  assert.match(none.stderr, /no record/)
})

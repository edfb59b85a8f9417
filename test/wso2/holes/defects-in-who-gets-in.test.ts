// What was wrong in how the original found out who somebody is, whatever it was called; each letter is a row of docs/wso2-holes.md.
import assert from 'node:assert/strict'
import { createPublicKey } from 'node:crypto'
import { after, before, suite, test } from 'node:test'
import type { Directory } from '../../../src/identity/users/directory.ts'
import { readKeyStoreFile } from '../../../src/pki/keystore/file.ts'
import { base64, type CarbonRequest, carbonServer, type Told, usersPassword } from '../../support/carbon-server.ts'
import { day, type Issued, selfSigned, testAuthority } from '../../support/certificates.ts'
import { suites, withoutSuites } from '../../support/wso2-suites.ts'

const now = Date.now()
const company = testAuthority({ name: 'CN=Company' })
const web = testAuthority({ name: 'CN=Web Trust' })
const imported = selfSigned({ subject: 'CN=imported' })
const unfit: Record<string, readonly [code: string, certificate: Issued]> = {
  'one that has expired': [
    'certificate_expired',
    selfSigned({ subject: 'CN=a', notBefore: now - 9 * day, notAfter: now - day }),
  ],
  'one of tomorrow': ['certificate_not_yet_valid', selfSigned({ subject: 'CN=b', notBefore: now + day })],
  'one for servers': ['purpose_not_allowed', selfSigned({ subject: 'CN=c', extKeyUsage: ['serverAuth'] })],
  'one for keys alone': ['purpose_not_allowed', selfSigned({ subject: 'CN=d', keyUsage: ['keyEncipherment'] })],
  'a short one, signed with SHA-1': [
    'key_too_weak',
    selfSigned({ subject: 'CN=e', keyType: 'rsa-1024', digest: 'insecureSha1' }),
  ],
  'one with what must be understood and is not': [
    'certificate_malformed',
    selfSigned({
      subject: 'CN=f',
      extensions: [{ oid: '1.2.3.4', critical: true, value: Buffer.from('0500', 'hex') }],
    }),
  ],
}
const published = withoutSuites === false ? await publishedKey() : undefined
const server = await carbonServer({
  trusted: {
    imported: imported.certificate,
    company: company.certificate,
    web: web.certificate,
    ...Object.fromEntries(Object.values(unfit).map(([, { certificate }], i) => [`unfit${i}`, certificate])),
    ...(published && { published: published.certificate }),
  },
  // one rule, which says nothing of users
  files: {
    'repository/conf/identity/identity.xml':
      '<Server><ResourceAccessControl><Resource context="(.*)/scim2/Me" secured="true" http-method="all"/></ResourceAccessControl></Server>',
  },
})
after(() => server[Symbol.asyncDispose]())
let directory: Directory
let victim = ''
before(async () => {
  directory = await server.directory()
  victim = (await directory.users.find('default', 'plain'))!.id
})

/** The same question over SOAP, on a REST path and at the door. */
async function everywhere(user: string | undefined, asked: Omit<CarbonRequest, 'path'>): Promise<Told[]> {
  const { headers, ...rest } = asked
  return [
    await server.soap({ ...rest, headers, operation: 'isReadOnly', as: user }),
    await server.ask({
      ...rest,
      path: '/scim2/Me',
      headers: { ...headers, ...(user && { 'WSO2-Identity-User': user }) },
    }),
    await server.ask({ ...rest, path: '/whoami', headers: { ...headers, ...(user && { UserName: base64(user) }) } }),
  ]
}

const users = (told: readonly Told[]) => told.map(({ user }) => user)
const codes = (told: readonly Told[]) => told.map(({ code }) => code)

test('defect a: a trusted certificate is any user', async () => {
  const intern = company.issue({ subject: 'CN=alice' })
  assert.deepEqual(codes(await everywhere('alice', { certificate: intern })), Array(3).fill('issuer_unknown'))
  assert.deepEqual(users(await everywhere('alice', { certificate: imported })), Array(3).fill('alice'))
})

test('defect b: a REST call that names nobody is let in as nobody, with every permission', async () => {
  for (const headers of [{}, { 'WSO2-Identity-User': '' }] as Record<string, string>[]) {
    for (const [method, path] of [
      ['GET', '/scim2/Users'],
      ['GET', '/scim2/Me'],
      ['DELETE', `/scim2/Users/${victim}`],
      ['GET', '/scim2/Groups'],
    ] as const) {
      const told = await server.ask({ method, path, certificate: imported, headers })
      assert.equal(told.status, 401, `${method} ${path}: ${told.body}`)
      assert.equal(told.user, undefined)
    }
  }
  assert.ok(await directory.users.findById('default', victim))
})

test('defect c: public authorities vouch for clients', async () => {
  const anybody = web.intermediate().issue({ subject: 'CN=anybody.example', extKeyUsage: ['clientAuth', 'serverAuth'] })
  for (const certificate of [anybody, web.issue({ subject: 'CN=alice' })])
    assert.deepEqual(users(await everywhere('alice', { certificate })), Array(3).fill(undefined))
})

test('defect d: whoever downloads the product has a key that is trusted', { skip: withoutSuites }, async () => {
  const told = await everywhere('alice', { certificate: published! })
  assert.deepEqual(users(told), Array(3).fill(undefined))
  assert.deepEqual(codes(told), Array(3).fill('key_too_weak'))
})

suite('defect e: an imported certificate is not looked at any more', () => {
  for (const [what, [code, certificate]] of Object.entries(unfit)) {
    test(`defect e: ${what}`, async () => {
      const told = await everywhere('alice', { certificate })
      assert.deepEqual(users(told), Array(3).fill(undefined))
      assert.deepEqual(codes(told), Array(3).fill(code))
    })
  }
})

test('defect k: who is locked, and whose tenant is not active, gets in', async () => {
  for (const user of ['locked', 'dave@closed.example'])
    assert.deepEqual(users(await everywhere(user, { certificate: imported })), Array(3).fill(undefined), user)
  assert.deepEqual(users(await everywhere('helper', { certificate: imported })), Array(3).fill('helper'))
  const { id } = (await directory.users.find('default', 'helper'))!
  await directory.users.change('default', id, () => ({ state: 'locked' }))
  const deadline = performance.now() + 5000
  while (users(await everywhere('helper', { certificate: imported })).some(user => user !== undefined))
    assert.ok(performance.now() < deadline, 'still let in')
})

test('defect l: a session goes on without the certificate that began it', async () => {
  const first = await server.soap({ operation: 'isReadOnly', certificate: imported, as: 'alice' })
  const Cookie = String(first.headers['set-cookie']).split(';')[0]!
  assert.match(Cookie, /^JSESSIONID=./)
  assert.equal(
    (await server.soap({ operation: 'isReadOnly', certificate: imported, headers: { Cookie } })).user,
    'alice',
  )
  const others = {
    'no certificate': undefined,
    'another one': company.issue({ subject: 'CN=alice' }),
    'a stranger': selfSigned({ subject: 'CN=imported' }),
  }
  for (const [what, certificate] of Object.entries(others))
    assert.deepEqual(
      users(await everywhere(undefined, { certificate, headers: { Cookie } })),
      Array(3).fill(undefined),
      what,
    )
})

test('defect q: what no rule mentions is open', async () => {
  const targets: readonly [method: string, path: string][] = [
    ['GET', '/scim2/Users'],
    ['GET', `/scim2/Users/${victim}`],
    ['DELETE', `/scim2/Users/${victim}`],
    ['POST', '/scim2/Bulk'],
    ['GET', '/scim2/Groups'],
    ['GET', '/scim2/Whatever'],
    ['GET', '/api/identity/recovery/v0.9/claims'],
    ['POST', '/oauth2/introspect'],
    ['GET', '/services/NoSuchService'],
    ['GET', '/carbon/admin/index.jsp'],
    ['GET', '/'],
  ]
  for (const [method, path] of targets) {
    for (const headers of [{}, { 'WSO2-Identity-User': 'plain', UserName: base64('plain') }] as Record<
      string,
      string
    >[]) {
      for (const certificate of [imported, undefined]) {
        const told = await server.ask({ method, path, certificate, headers, ...(method === 'POST' && { body: '{}' }) })
        assert.ok(told.status >= 400 && told.status < 500, `${method} ${path}: ${told.status}`)
      }
    }
  }
  assert.ok(await directory.users.findById('default', victim))
  const told = await server.ask({
    path: '/scim2/Users',
    certificate: imported,
    headers: { 'WSO2-Identity-User': 'alice' },
  })
  assert.equal(told.status, 200, 'while who may, may')
})

test('defect r: a certificate goes before the password that was sent on REST, and after it over SOAP', async () => {
  const basic = (name: string, password: string) => ({ Authorization: `Basic ${base64(`${name}:${password}`)}` })
  const right = await everywhere('alice', { certificate: imported, headers: basic('ops', usersPassword) })
  assert.deepEqual(users(right), Array(3).fill('ops'))
  const wrong = await everywhere('alice', { certificate: imported, headers: basic('ops', 'wrong') })
  assert.deepEqual(codes(wrong), Array(3).fill('credentials_invalid'))
})

/** The key that is in every copy of 5.6.0, with its certificate. */
async function publishedKey(): Promise<Issued> {
  const { entries } = await readKeyStoreFile(`${suites}/is-5.6.0_kernel-4.4.32/wso2carbon.jks`, {
    password: 'wso2carbon',
  })
  const entry = entries.find(({ alias }) => alias === 'wso2carbon')
  if (entry?.kind !== 'private-key') throw new Error('the store of 5.6.0 has no key')
  const privateKey = entry.privateKey('wso2carbon')
  return selfSigned({ subject: 'CN=localhost,O=WSO2', key: { privateKey, publicKey: createPublicKey(privateKey) } })
}

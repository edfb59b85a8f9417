// A home and what `migrate` makes of it, served side by side: every request is decided alike.
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { after, describe, test } from 'node:test'
import { systemClock } from '../../../src/clock.ts'
import { loadConfiguration } from '../../../src/config/load.ts'
import { openMaterial } from '../../../src/config/material.ts'
import { loadCarbonHome } from '../../../src/config/wso2/load-carbon-home.ts'
import { silentLog } from '../../../src/log.ts'
import { emptyKeyStore, setPrivateKey, setTrustedCertificate } from '../../../src/pki/keystore/change.ts'
import { readKeyStoreFile } from '../../../src/pki/keystore/file.ts'
import { encodeKeyStore } from '../../../src/pki/keystore/save.ts'
import { type RunningServer, start } from '../../../src/start/start.ts'
import { inProcess } from '../../cli/transcript.ts'
import { carbonHome, type HomeOptions, mutualSsl, writeHomeFile } from '../../support/carbon-home.ts'
import { day, selfSigned, testAuthority } from '../../support/certificates.ts'
import { assertSame, type Certificates, decisions } from '../../support/same-decisions.ts'
import { scratchFolder } from '../../support/scratch.ts'

const authority = testAuthority({ name: 'CN=Machines,O=Example' })
const listed = authority.issue({ subject: 'CN=listed' })
const certificates: Certificates = {
  none: undefined,
  pinned: selfSigned({ subject: 'CN=pinned' }),
  'pinned and expired': selfSigned({ subject: 'CN=old', notBefore: Date.now() - 9 * day, notAfter: Date.now() - day }),
  'of the authority': authority.issue({ subject: 'CN=machine' }),
  'of the authority, expired': authority.issue({ notBefore: Date.now() - 9 * day, notAfter: Date.now() - day }),
  'of an authority below it': authority.intermediate().issue({ subject: 'CN=deeper' }),
  listed,
  unknown: selfSigned({ subject: 'CN=stranger' }),
}
const pinned = certificates.pinned as typeof listed
const expired = certificates['pinned and expired'] as typeof listed
const trusted = { carol: pinned.certificate, old: expired.certificate, machines: authority.certificate }
const own = 'management: { enabled: false }\nusers: { passwords: { failuresPerUser: 100 } }\n'

const homes: Record<string, HomeOptions & { header?: string; expect: Record<string, string> }> = {
  'a certificate in the trust store': {
    trusted,
    expect: {
      'pinned, header alice, password none': 'alice',
      'pinned, header none, password right': 'alice',
      'pinned, header a stranger, password none': 'certificate_not_bound',
      'pinned and expired, header alice, password none': 'certificate_expired',
      'of the authority, header alice, password none': 'issuer_unknown',
      'none, header alice, password none': 'certificate_required',
      'none, password wrong': 'credentials_invalid',
    },
  },
  'a white list with SHA-1 and SHA-256, and another header': {
    trusted,
    authenticator: mutualSsl({
      UsernameHeader: 'Acting-User',
      WhiteListEnabled: 'true',
      WhiteList: `${listed.thumbprint}, ${'0'.repeat(40)}`,
    }),
    header: 'Acting-User',
    expect: {
      'listed, header alice, password none': 'alice',
      'pinned, header alice, password none': 'issuer_unknown',
      'of the authority, header alice, password none': 'not_allow_listed',
    },
  },
  'issuers and their users': {
    trusted,
    authenticator: mutualSsl({
      allowed_issuers: 'CN=Machines, O=Example',
      'issuer_CN=Machines, O=Example': 'alice',
      [`cert_thumbprint_${listed.thumbprint}`]: 'bob',
    }),
    expect: {
      'of the authority, header alice, password none': 'alice',
      'of the authority, header none, password none': 'alice',
      'of the authority, expired, header alice, password none': 'certificate_expired',
      'of an authority below it, header alice, password none': 'path_too_long',
      'listed, header alice, password none': 'certificate_not_bound',
      'pinned, header alice, password none': 'issuer_unknown',
    },
  },
  'certificates required': {
    trusted,
    connector: 'clientAuth="true"',
    expect: { 'none, header none, password right': 'no connection', 'pinned, header alice, password none': 'alice' },
  },
  'certificates not asked for': {
    trusted,
    connector: 'clientAuth="false"',
    expect: {
      'pinned, header alice, password none': 'certificate_required',
      'none, header none, password right': 'alice',
    },
  },
  'no authenticator': {
    trusted,
    authenticator: '',
    expect: { 'pinned, header alice, password none': 'credentials_required' },
  },
}

const ways = { 'stores and passwords where they are': [], 'both converted': ['--convert-stores', '--copy-passwords'] }

for (const [name, { header = 'UserName', expect, ...options }] of Object.entries(homes)) {
  describe(name, () => {
    for (const [way, flags] of Object.entries(ways)) {
      test(way, async () => {
        const home = await homeWithAlice(options)
        const out = join(newFolder(), 'countersign')
        const { code, stderr } = await cli(['migrate', home, '--out', out, ...flags])
        assert.equal(code, 0, stderr)
        const env = flags.length === 0 ? passwords : {}
        const one = await serve(await loadCarbonHome(home, { env: {} }))
        const other = await serve(loadConfiguration(join(out, 'countersign.yaml'), { env }))
        const who = assertSame(await decisions(one, certificates, header), await decisions(other, certificates, header))
        for (const [request, outcome] of Object.entries(expect)) assert.equal(who[request], outcome, request)
      })
    }
  })
}

test('converted stores hold what counts and nothing else, and passwords are for their owner', async () => {
  const home = await homeWithAlice({ trusted })
  const out = newFolder()
  const { stdout } = await cli(['migrate', home, '--out', out, '--convert-stores', '--copy-passwords', '--json'])
  const { files, variables, findings } = JSON.parse(stdout)
  assert.deepEqual(variables, [])
  assert.deepEqual(files.map((file: string) => file.slice(out.length + 1)).toSorted(), [
    'countersign.yaml',
    'secrets/keystore-password',
    'secrets/truststore-password',
    'security/client-truststore.p12',
    'security/server.p12',
  ])
  const open = (file: string) => readKeyStoreFile(join(out, 'security', file), { password: 'wso2carbon' })
  const held = async (file: string) => (await open(file)).entries.map(({ kind, alias }) => `${kind} ${alias}`)
  assert.deepEqual(await held('server.p12'), ['private-key wso2carbon'])
  assert.deepEqual(await held('client-truststore.p12'), ['trusted-certificate carol', 'trusted-certificate old'])
  for (const file of files.filter((each: string) => !each.endsWith('.yaml'))) {
    assert.equal(statSync(file).mode & 0o777, 0o600, file)
  }
  assert.equal(readFileSync(join(out, 'countersign.yaml'), 'utf8').includes('wso2carbon\n'), false)
  assert.ok(findings.some(({ names }: { names?: string[] }) => names?.includes('machines')))
})

test('every finding is told: on standard error, and those that count in the file', async () => {
  const home = await homeWithAlice({ trusted, connector: 'clientAuth="required" ciphers="X" maxThreads="9"' })
  const out = newFolder()
  const { stdout, stderr } = await cli(['migrate', home, '--out', out])
  assert.equal(stdout, `${join(out, 'countersign.yaml')}\n`)
  const text = readFileSync(join(out, 'countersign.yaml'), 'utf8')
  for (const what of [
    /danger: "required"/,
    /ciphers: cipher suites are not configurable/,
    /anchors for nothing until bound \(machines\)/,
    /no effect here \(maxThreads\)/,
  ]) {
    assert.match(stderr, what)
    assert.match(text, what)
  }
  assert.match(stderr, /Set before serving: COUNTERSIGN_KEYSTORE_PASSWORD, COUNTERSIGN_TRUSTSTORE_PASSWORD/)
})

test('what is there already is replaced after a question, all of it or nothing', async () => {
  const home = await homeWithAlice({ trusted })
  const out = newFolder()
  writeFileSync(join(out, 'countersign.yaml'), 'mine\n')
  const args = ['migrate', home, '--out', out, '--convert-stores', '--copy-passwords']
  for (const input of ['', 'no\n']) {
    const { code, stderr } = await cli(args, input)
    assert.equal(code, input === '' ? 2 : 1, stderr)
    assert.deepEqual(readdirSync(out), ['countersign.yaml'])
    assert.equal(readFileSync(join(out, 'countersign.yaml'), 'utf8'), 'mine\n')
  }
  assert.equal((await cli(args, 'yes\n')).code, 0)
  assert.equal((await cli([...args, '--yes'])).code, 0)
  assert.ok(existsSync(join(out, 'security/server.p12')))
})

test("lists, routes and keys that the home's own settings name are found from the new place", async () => {
  const home = await homeWithAlice({ trusted, connector: 'clientAuth="want" crlFile="conf/machines.crl"' })
  writeHomeFile(home, 'conf/machines.crl', authority.crl([listed]))
  const settings =
    'assertion: { keyFile: keys/assertion.json }\nroutes: [{ path: /o/*, upstream: https://localhost:1, trustStore: [{ file: up.pem }] }]\n'
  writeHomeFile(home, 'repository/conf/countersign.yaml', own + settings)
  writeHomeFile(home, 'up.pem', Buffer.from(authority.pem))
  const out = newFolder()
  const { code, stderr } = await cli(['migrate', home, '--out', out])
  assert.equal(code, 0, stderr)
  const { value } = loadConfiguration(join(out, 'countersign.yaml'), { env: passwords })
  assert.deepEqual(value.revocation.crl.files, [join(home, 'conf/machines.crl')])
  assert.equal(value.assertion.keyFile, join(home, 'keys/assertion.json'))
  assert.equal(value.routes[0]?.trustStore[0]?.file, join(home, 'up.pem'))
})

test("secrets in files that the home's own settings name are found from the new place, wherever they stand", async () => {
  const home = await homeWithAlice({ trusted })
  const store = { file: 'keys/partner.p12', password: 'file:keys/store-password' }
  const settings = {
    management: { enabled: false },
    listeners: [{ name: 'main', trustStore: [{ ...store, tenant: 'partner.example' }] }],
    proxies: [{ name: 'edge', proof: { by: 'signature', keyId: 'edge', secret: 'file:keys/edge' } }],
    routes: [{ path: '/o/*', upstream: 'https://localhost:1', trustStore: [store] }],
    tickets: { sharedKey: 'file:keys/tickets' },
    users: {
      store: 'postgres',
      postgres: {
        url: 'file:keys/url',
        password: 'file:keys/edge',
        tls: { trustStore: [store], keyStore: { file: 'keys/own.p12', password: store.password } },
      },
    },
  }
  writeHomeFile(home, 'repository/conf/countersign.yaml', JSON.stringify(settings))
  const secret = 'x'.repeat(40)
  const password = secret.slice(0, 20)
  for (const name of ['edge', 'tickets']) writeHomeFile(home, `keys/${name}`, `${secret}\n`)
  writeHomeFile(home, 'keys/store-password', `${password}\n`)
  writeHomeFile(home, 'keys/url', 'postgres://countersign@db.example/countersign\n')
  const partner = setTrustedCertificate(emptyKeyStore('PKCS12'), 'partner', authority.certificate)
  writeHomeFile(home, 'keys/partner.p12', encodeKeyStore(partner, { password }))
  const own = setPrivateKey(emptyKeyStore('PKCS12'), 'own', { key: listed.privateKey, chain: [listed.certificate] })
  writeHomeFile(home, 'keys/own.p12', encodeKeyStore(own, { password }))
  for (const flags of Object.values(ways)) {
    const out = newFolder()
    const { code, stdout, stderr } = await cli(['migrate', home, '--out', out, ...flags])
    assert.equal(code, 0, stdout + stderr)
    const env = flags.length === 0 ? passwords : {}
    const loaded = loadConfiguration(join(out, 'countersign.yaml'), { env })
    const named = secretFiles(loaded.value)
    assert.equal(named.filter(file => file.startsWith(join(home, 'keys/'))).length, 8, named.join('\n'))
    for (const file of named) assert.ok(existsSync(resolve(out, file)), file)
    await openMaterial(loaded, systemClock)
  }
})

/** Every secret in a file that stands anywhere in a value. */
function secretFiles(value: unknown): string[] {
  if (typeof value === 'string') return value.startsWith('file:') ? [value.slice('file:'.length)] : []
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(secretFiles) : []
}

test('a home that cannot be read safely is not migrated', async () => {
  const out = newFolder()
  const { code, stdout } = await cli(['migrate', carbonHome({ connector: 'clientAuth="wnat"' }), '--out', out])
  assert.equal(code, 1)
  assert.match(stdout, /"wnat" is no value of clientAuth/)
  assert.deepEqual(readdirSync(out), [])
})

const root = scratchFolder()
const newFolder = () => mkdtempSync(join(root, 'out-'))

const passwords = { COUNTERSIGN_KEYSTORE_PASSWORD: 'wso2carbon', COUNTERSIGN_TRUSTSTORE_PASSWORD: 'wso2carbon' }

function cli(args: readonly string[], input = '') {
  return inProcess(args, input, { PASSWORD: 'correct horse' }, Date.now())
}

async function homeWithAlice(options: HomeOptions): Promise<string> {
  const home = carbonHome({ ...options, files: { ...options.files, 'repository/conf/countersign.yaml': own } })
  for (const name of ['alice', 'bob']) {
    const { code, stderr } = await cli(['user', 'add', name, '--password', 'env:PASSWORD', '--carbon-home', home])
    assert.equal(code, 0, stderr)
  }
  return home
}

/** The port of the first listener. */
async function serve(loaded: Parameters<typeof start>[0]): Promise<number> {
  const server: RunningServer = await start(loaded, { log: silentLog })
  after(() => server.stop('the test is over'))
  return server.listeners[0]!.port
}

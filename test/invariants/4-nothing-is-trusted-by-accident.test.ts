// Invariant 4: missing, empty, unreadable or contradictory trust material stops the start, with all problems at once. On a reload it
// changes nothing and raises an alarm that says which file, entry and byte. Public roots are never trusted unless a store says so.
import assert from 'node:assert/strict'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { rootCertificates } from 'node:tls'
import { loadConfiguration } from '../../src/config/load.ts'
import { ConfigError } from '../../src/config/read.ts'
import { silentLog } from '../../src/log.ts'
import { emptyKeyStore, setPrivateKey, setTrustedCertificate } from '../../src/pki/keystore/change.ts'
import { encodeKeyStore } from '../../src/pki/keystore/save.ts'
import { start } from '../../src/start/start.ts'
import { testAuthority } from '../support/certificates.ts'
import { type Home, openHome, storePassword, until } from '../support/home.ts'
import { scratchFolder } from '../support/scratch.ts'
import { serverProcess } from '../support/server-process.ts'

const authority = testAuthority({ name: 'Clients CA' })
const alice = authority.issue({ subject: 'CN=alice' })

const jks = () => {
  let store = emptyKeyStore('JKS')
  for (const alias of ['first', 'second']) {
    store = setTrustedCertificate(store, alias, testAuthority({ name: alias }).certificate)
  }
  return Buffer.from(encodeKeyStore(store, { password: storePassword }))
}

/** What is done to a good home, and what has to be said about it. */
const faults: Readonly<Record<string, [spoil: (home: Home) => void, said: RegExp]>> = {
  'a trust store that is missing': [home => rmSync(join(home.folder, 'security/trust.p12')), /trust\.p12/],
  'a trust store that is empty': [home => home.write('security/trust.p12', ''), /trust\.p12 is empty/],
  'a trust store that trusts nobody': [home => home.trust({}), /no trusted certificate in .*trust\.p12/],
  'a trust store with nothing but a private key, beside a good one': [
    home => {
      const store = setPrivateKey(emptyKeyStore('PKCS12'), 'server', {
        key: alice.privateKey,
        chain: [alice.certificate],
      })
      home.write('security/key.p12', encodeKeyStore(store, { password: storePassword }))
      const [keyStore, ...trustStore] = ['server.p12', 'trust.p12', 'key.p12'].map(name => ({
        file: `security/${name}`,
        password: storePassword,
      }))
      home.configure({ ...configuration, listeners: [{ address: '127.0.0.1', port: 0, keyStore, trustStore }] })
    },
    /no trusted certificate in security\/key\.p12/,
  ],
  'a trust store of noise': [
    home => home.write('security/trust.p12', Buffer.alloc(300, 0x5a)),
    /trust\.p12 is neither/,
  ],
  'a trust store under another password': [
    home => {
      const store = setTrustedCertificate(emptyKeyStore('PKCS12'), 'clients', authority.certificate)
      home.write('security/trust.p12', encodeKeyStore(store, { password: 'another' }))
    },
    /the password does not open .*trust\.p12/,
  ],
  'a folder in the place of a trust store': [
    home => {
      rmSync(join(home.folder, 'security/trust.p12'))
      mkdirSync(join(home.folder, 'security/trust.p12'))
    },
    /trust\.p12/,
  ],
  'a trust store that was cut: file, entry and byte': [
    home => home.write('security/trust.p12', jks().subarray(0, -100)),
    /trust\.p12: the file ends at offset \d+, in the middle of a certificate of second/,
  ],
  'a revocation list that was cut': [
    home => home.write('security/clients.crl', authority.crl([alice]).subarray(0, 40)),
    /clients\.crl/,
  ],
  'a revocation list that is missing': [home => rmSync(join(home.folder, 'security/clients.crl')), /clients\.crl/],
  'a binding to an anchor that is not there': [
    home =>
      home.configure({
        ...configuration,
        authenticators: { 'mutual-tls': { bindings: [{ anchor: 'nobody', users: ['alice'] }] } },
      }),
    /nobody/,
  ],
  'bindings that contradict each other': [
    home => {
      const bindings = ['alice', 'bob'].map(user => ({ thumbprint: alice.thumbprint, users: [user] }))
      home.configure({ ...configuration, authenticators: { 'mutual-tls': { bindings } } })
    },
    /thumbprint/,
  ],
  'a configuration that was cut': [home => home.write('countersign.yaml', '{"listeners": [{'), /countersign\.yaml/],
  'an unknown key': [
    home => home.configure({ ...configuration, trustEverybody: true }),
    /unknown key "trustEverybody"/,
  ],
}

const configuration = {
  management: { port: 0 },
  authenticators: { 'mutual-tls': { bindings: [{ thumbprint: alice.thumbprint, users: ['alice'] }] } },
  revocation: { anchors: { clients: { mode: 'require', order: ['crl'] } }, crl: { files: ['security/clients.crl'] } },
}

const home = await openHome({
  anchors: { clients: authority },
  files: { 'security/clients.crl': authority.crl([]) },
  configuration,
})
await home.users.add({ tenant: 'default', name: 'alice' })
await until(async () => (await home.ask({ certificate: alice })).who === 'alice', 'alice is known')

function mend(): void {
  rmSync(join(home.folder, 'security/trust.p12'), { force: true, recursive: true })
  home.trust({ clients: authority })
  home.write('security/clients.crl', authority.crl([]))
  home.configure(configuration)
}

async function alarm(): Promise<string | undefined> {
  const { address, port } = home.server.management!
  const answer = await fetch(`http://${address}:${port}/readyz`)
  const { checks } = (await answer.json()) as { checks: { reload: { ok: boolean; detail?: string } } }
  assert.deepEqual([answer.status, checks.reload.ok], [200, true], 'the last good state goes on serving')
  return checks.reload.detail
}

for (const [name, [spoil, said]] of Object.entries(faults)) {
  suite(name, () => {
    test('stops the start', async () => {
      spoil(home)
      try {
        await assert.rejects(
          async () => {
            const server = await start(loadConfiguration(join(home.folder, 'countersign.yaml'), { env: {} }), {
              log: silentLog,
            })
            await server.stop('it should not have started')
          },
          (error: Error) => said.test(error.message) || assert.fail(error.message),
        )
      } finally {
        mend()
      }
      await until(async () => (await alarm()) === undefined, 'no alarm is left')
    })

    test('changes nothing on a reload, raises an alarm, and the alarm ends when it is mended', async () => {
      spoil(home)
      try {
        await until(async () => (await alarm()) !== undefined, 'the alarm')
        assert.match((await alarm())!, said)
        assert.equal((await home.ask({ certificate: alice })).who, 'alice')
      } finally {
        mend()
      }
      await until(async () => (await alarm()) === undefined, 'the end of the alarm')
      assert.equal((await home.ask({ certificate: alice })).who, 'alice')
    })
  })
}

test('all problems are told at once', async () => {
  home.write('security/server.p12.bad', 'x')
  const value = {
    ...configuration,
    listeners: ['missing', 'bad'].map(name => ({
      name,
      port: 0,
      address: '127.0.0.1',
      keyStore: { file: `security/server.p12.${name}`, password: storePassword },
      trustStore: [{ file: `security/trust.${name}`, password: storePassword }],
    })),
  }
  writeFileSync(join(home.folder, 'many.yaml'), JSON.stringify(value))
  await assert.rejects(
    start(loadConfiguration(join(home.folder, 'many.yaml'), { env: {} }), { log: silentLog }),
    (error: Error) => {
      assert.ok(error instanceof ConfigError)
      assert.deepEqual(error.problems.map(({ path }) => path).slice(0, 4), [
        'listeners[0].keyStore',
        'listeners[0].trustStore[0]',
        'listeners[1].keyStore',
        'listeners[1].trustStore[0]',
      ])
      return true
    },
  )
})

test('no public root is an anchor, nor one that the environment hands to Node and OpenSSL', async () => {
  assert.ok(rootCertificates.length > 50)
  const folder = scratchFolder()
  const stranger = testAuthority({ name: 'Extra CA' })
  const file = join(folder, 'extra.pem')
  writeFileSync(file, stranger.pem + rootCertificates.slice(0, 5).join('\n'))
  const server = await serverProcess({
    folder,
    flags: ['--use-openssl-ca'],
    env: { NODE_EXTRA_CA_CERTS: file, SSL_CERT_FILE: file, SSL_CERT_DIR: folder },
  })
  try {
    assert.equal(await server.ask(), 200)
    assert.equal(await server.ask({ certificate: stranger.issue({ subject: 'CN=alice' }) }), 401)
  } finally {
    await server.stop()
  }
})

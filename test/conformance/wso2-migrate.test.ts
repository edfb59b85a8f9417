// The files of 5.6.0 with a client of ours imported: what `migrate` makes of them decides like the home, for the product's published key too.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { loadConfiguration } from '../../src/config/load.ts'
import { loadCarbonHome } from '../../src/config/wso2/load-carbon-home.ts'
import { silentLog } from '../../src/log.ts'
import { setTrustedCertificate } from '../../src/pki/keystore/change.ts'
import { readKeyStoreFile } from '../../src/pki/keystore/file.ts'
import { encodeKeyStore } from '../../src/pki/keystore/save.ts'
import { writePem } from '../../src/pki/x509/pem.ts'
import { start } from '../../src/start/start.ts'
import { inProcess } from '../cli/transcript.ts'
import { selfSigned } from '../support/certificates.ts'
import { assertSame, decisions } from '../support/same-decisions.ts'
import { scratchFolder } from '../support/scratch.ts'
import { homeParts, is560, type RealHome, realHome, withoutSuites } from '../support/wso2-suites.ts'

const password = 'wso2carbon'

test('a home of 5.6.0 and its migration decide alike', { skip: withoutSuites }, async () => {
  const pinned = selfSigned({ subject: 'CN=pinned' })
  const parts = { ...is560, ...homeParts['Identity Server 5.6.0, mutual SSL on'] }
  // its lists of revoked certificates would be asked for over the network
  const { 'repository/conf/security/certificate-validation.xml': _, ...offline } = parts
  const home = realHome(offline)
  const trust = join(home.security, 'client-truststore.jks')
  const store = setTrustedCertificate(await readKeyStoreFile(trust, { password }), 'client', pinned.certificate)
  home.write('repository/resources/security/client-truststore.jks', encodeKeyStore(store, { password }))
  const added = await cli(['user', 'add', 'alice', '--password', 'env:PASSWORD', '--carbon-home', home.folder])
  assert.equal(added.code, 0, added.stderr)

  const out = scratchFolder()
  const { code, stderr } = await cli(['migrate', home.folder, '--out', out, '--convert-stores', '--copy-passwords'])
  assert.equal(code, 0, stderr)
  assert.match(stderr, /93 authorities of the trust store: anchors for nothing until bound \([^)]+ and 88 more\)/)
  const { entries } = await readKeyStoreFile(join(out, 'security/client-truststore.p12'), { password })
  assert.deepEqual(
    entries.map(({ alias }) => alias),
    ['client'],
  )

  const certificates = { none: undefined, pinned, published: await published(home) }
  const one = await serve(await loadCarbonHome(home.folder, { env: {} }))
  const other = await serve(loadConfiguration(join(out, 'countersign.yaml'), { env: {} }))
  const who = assertSame(
    await decisions(one, certificates, 'UserName'),
    await decisions(other, certificates, 'UserName'),
  )
  assert.equal(who['pinned, header alice, password none'], 'alice')
  assert.equal(who['published, header alice, password none'], 'key_too_weak')
})

function cli(args: readonly string[]) {
  return inProcess(args, '', { PASSWORD: 'correct horse' }, Date.now())
}

async function serve(loaded: Parameters<typeof start>[0]): Promise<number> {
  const server = await start(loaded, { log: silentLog })
  after(() => server.stop('the test is over'))
  return server.listeners[0]!.port
}

async function published({ security }: RealHome) {
  const { entries } = await readKeyStoreFile(join(security, 'wso2carbon.jks'), { password })
  const entry = entries.find(({ alias }) => alias === 'wso2carbon')
  assert.ok(entry?.kind === 'private-key')
  return {
    chainPem: entry.chain.map(({ raw }) => writePem('CERTIFICATE', raw)).join(''),
    keyPem: entry.privateKey(password).export({ type: 'pkcs8', format: 'pem' }) as string,
  }
}

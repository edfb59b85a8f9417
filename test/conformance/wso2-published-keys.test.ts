// Keys whose private half anybody can download, from the products' own stores: good for nothing, on whatever certificate they come.
import assert from 'node:assert/strict'
import { createPublicKey, hash } from 'node:crypto'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { systemClock } from '../../src/clock.ts'
import { openMaterial } from '../../src/config/material.ts'
import { allowPublishedKeys } from '../../src/config/wso2/carbon-configuration.ts'
import { loadCarbonHome } from '../../src/config/wso2/load-carbon-home.ts'
import { createTrust } from '../../src/identity/trust/create-trust.ts'
import { createEpoch } from '../../src/identity/trust/epoch.ts'
import { readAnchors } from '../../src/identity/trust/material.ts'
import { publishedKeyOf } from '../../src/identity/trust/published-keys.ts'
import { silentLog } from '../../src/log.ts'
import { emptyKeyStore, setTrustedCertificate } from '../../src/pki/keystore/change.ts'
import { readKeyStoreFile } from '../../src/pki/keystore/file.ts'
import { atOnce } from '../../src/pki/keystore/steps.ts'
import type { Certificate } from '../../src/pki/x509/certificate.ts'
import { type KeyPair, selfSigned, testAuthority } from '../support/certificates.ts'
import { realHome, suites, withoutSuites } from '../support/wso2-suites.ts'

suite('published keys', { skip: withoutSuites }, () => {
  const rows = withoutSuites === false ? readRows() : []

  test('every key of the list is known, by its public key', () => {
    assert.equal(rows.length, 18)
    for (const { spki, subject } of rows) assert.ok(publishedKeyOf(spki), `${spki} ${subject}`)
    assert.equal(publishedKeyOf(hash('sha256', 'another key')), undefined)
  })

  test('whoever has such a key gets in with no certificate on it: an old one, a new one, one below an authority on it', async () => {
    const keys = await publishedKeyPairs(new Set(rows.map(({ spki }) => spki)))
    assert.ok(keys.length >= 3, `${keys.length} different keys in the stores`)
    for (const { key, certificate } of keys) {
      const fresh = selfSigned({ subject: 'CN=nothing of the original', key })
      const authority = testAuthority({ name: 'Authority on a published key', key })
      const honest = testAuthority({ name: 'Honest authority' })
      const cases: [string, readonly Buffer[], Certificate][] = [
        ['the original certificate', [certificate.raw], certificate],
        ['a new one, imported', fresh.chain, fresh.certificate],
        ['a client below an authority', authority.issue().chain, authority.certificate],
        ['one that an honest authority issued', honest.issue({ key }).chain, honest.certificate],
      ]
      for (const [name, chain, anchor] of cases) {
        assert.notEqual(verdictOf(chain, anchor, 'refuse'), 'ok', name)
        // the opposite: it is the key that it was refused for
        if (name !== 'the original certificate') assert.equal(verdictOf(chain, anchor, 'allow'), 'ok', name)
      }
      assert.equal(verdictOf([certificate.raw], certificate, 'refuse'), 'key_too_weak')
    }
  })

  test('a home whose server has one is served, with a warning; the option of that name is warned about too', async () => {
    const { folder } = realHome()
    const { warnings } = await openMaterial(await loadCarbonHome(folder, { env: {} }), systemClock)
    assert.ok(warnings.some(text => /the private key of the server certificate "wso2carbon" is published/.test(text)))
    const env = { [allowPublishedKeys]: 'true' }
    const allowed = await openMaterial(await loadCarbonHome(folder, { env }), systemClock)
    assert.ok(allowed.warnings.some(text => /insecureAllowPublishedKeys/.test(text)))
  })
})

interface Row {
  readonly spki: string
  readonly subject: string
}

function readRows(): Row[] {
  const lines = readFileSync(join(suites, 'known-published-default-certs.tsv'), 'utf8').trim().split('\n')
  return lines
    .map(line => line.split('\t'))
    .filter(([, spki = '']) => /^[0-9a-f]{64}$/.test(spki))
    .map(([, spki = '', , , subject = '']) => ({ spki, subject }))
}

/** The private keys of the list, as the stores of the products have them. */
async function publishedKeyPairs(wanted: Set<string>): Promise<{ key: KeyPair; certificate: Certificate }[]> {
  const found: { key: KeyPair; certificate: Certificate }[] = []
  for (const file of globSync('**/wso2carbon.{jks,p12}', { cwd: suites })) {
    const { entries } = await readKeyStoreFile(join(suites, file), { password: 'wso2carbon' })
    for (const entry of entries) {
      const [certificate] = entry.kind === 'private-key' ? entry.chain : []
      if (entry.kind !== 'private-key' || certificate === undefined) continue
      if (!wanted.delete(hash('sha256', certificate.spki))) continue
      const privateKey = entry.privateKey('wso2carbon')
      found.push({ key: { privateKey, publicKey: createPublicKey(privateKey) }, certificate })
    }
  }
  return found
}

function verdictOf(chain: readonly Buffer[], anchor: Certificate, publishedKeys: 'allow' | 'refuse'): string {
  const store = setTrustedCertificate(emptyKeyStore('JKS'), 'imported', anchor)
  const named = [{ name: 'client-truststore.jks', store, chosen: true }]
  const { anchors } = atOnce(readAnchors(named, { at: Date.now(), clientAuth: 'want', publishedKeys }))
  const material = { anchors, policy: { purpose: 'client' as const }, publishedKeys }
  const trust = createTrust({ material, epoch: createEpoch(), clock: systemClock, log: silentLog })
  const [leaf, ...rest] = chain
  const { verdict } = trust.judge({ leaf: leaf!, rest: () => rest })
  return verdict.ok ? 'ok' : verdict.code
}

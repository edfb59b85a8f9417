// Family 5: what is missing, broken or silent counts as permission. Lists stand in test/e2e/a-revoked-*, answers of responders in
// test/pki/revocation/ocsp.test.ts; here: trust stores, names that lead nowhere, and a responder on a bad day.
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { rootCertificates } from 'node:tls'
import { isCoded } from '../../src/errors.ts'
import { baseTime, day, testAuthority } from '../support/certificates.ts'
import { identityServer } from '../support/identity-server.ts'
import { ocspFailure, ocspResponse } from '../support/ocsp.ts'
import { scratchFolder } from '../support/scratch.ts'
import { serveFrom } from '../support/server.ts'
import { web } from '../support/web.ts'

const authority = testAuthority({ name: 'Clients CA' })

suite('CVE-2026-27586: a trust store that is not there, or not one', () => {
  const folder = scratchFolder()
  const identity = testAuthority({ name: 'Server CA' }).issueServer()
  writeFileSync(join(folder, 'server.pem'), identity.pem + identity.keyPem, { mode: 0o600 })
  writeFileSync(join(folder, 'empty.pem'), '')
  writeFileSync(join(folder, 'noise.pem'), Buffer.alloc(500, 0x5a))
  writeFileSync(join(folder, 'key.pem'), identity.keyPem, { mode: 0o600 })
  writeFileSync(join(folder, 'cut.pem'), authority.pem.slice(0, -40))
  writeFileSync(join(folder, 'good.pem'), authority.pem)
  mkdirSync(join(folder, 'folder.pem'))
  const yaml = (trustStore: readonly object[], more: object = {}) =>
    JSON.stringify({
      listeners: [{ address: '127.0.0.1', port: 0, clientAuth: 'need', keyStore: { file: 'server.pem' }, trustStore }],
      management: { enabled: false },
      authenticators: { basic: { enabled: false } },
      users: { file: 'users.db' },
      audit: { enabled: false },
      ...more,
    })
  const starts = async (text: string) => {
    const server = await serveFrom(folder, text)
    await server.stop('it started')
  }

  for (const file of ['missing.pem', 'empty.pem', 'noise.pem', 'key.pem', 'cut.pem', 'folder.pem']) {
    test(`${file}: no start, alone or beside a good one`, async () => {
      await assert.rejects(starts(yaml([{ file }])), error => isCoded(error))
      await assert.rejects(starts(yaml([{ file: 'good.pem' }, { file }])), error => isCoded(error))
    })
  }

  test('none at all where certificates are needed: no start, and no public authorities instead', async () => {
    await assert.rejects(starts(yaml([])), error => isCoded(error))
    await starts(yaml([{ file: 'good.pem' }]))
  })

  test('CVE-2022-46153: names that lead nowhere stop the start', async () => {
    const upstream = 'http://127.0.0.1:9'
    for (const more of [
      { routes: [{ path: '/x', upstream, require: ['nothing-of-the-kind'] }] },
      { routes: [{ path: '/x', upstream, require: ['basic'] }] },
      {
        authenticators: {
          'mutual-tls': { bindings: [{ anchor: 'nobody', users: ['alice'] }] },
          basic: { enabled: false },
        },
      },
      { authenticators: { 'mutual-tls': { enabled: false }, basic: { enabled: false } } },
      { revocation: { mode: 'require', anchors: { nobody: { mode: 'off' } } } },
      { revocation: { mode: 'require', crl: { files: ['missing.crl'] } } },
      { revocation: { mode: 'require', crl: { files: ['noise.pem'] } } },
      { revocation: { mode: 'Require' } },
      { allowlist: { enabled: true } },
    ]) {
      await assert.rejects(starts(yaml([{ file: 'good.pem' }], more)), error => isCoded(error), JSON.stringify(more))
    }
  })
})

const site = await web()
const server = await identityServer({
  anchors: { clients: authority },
  bindings: [{ subject: 'CN=alice', users: ['alice'] }],
  revocation: {
    mode: 'require',
    order: ['ocsp'],
    ocsp: { url: `${site.url}/ocsp` },
    fetch: { insecureAllowPrivateAddresses: true, timeoutSeconds: 1 },
    waitSeconds: 2,
  },
})
await server.users.add({ tenant: 'default', name: 'alice' })
const fresh = { thisUpdate: baseTime - day / 24, nextUpdate: baseTime + 2 * day }

suite('CVE-2026-29145, CVE-2026-24734, CVE-2026-28755, CVE-2026-53434: a responder on a bad day, and `require`', () => {
  const stranger = testAuthority({ name: 'Clients CA' })
  const other = authority.issue({ subject: 'CN=other' })
  const alice = () => authority.issue({ subject: 'CN=alice' })
  const answers: Readonly<Record<string, (leaf: ReturnType<typeof alice>) => Parameters<typeof site.pages.set>[1]>> = {
    'is not there': () => (_request, _body, response) => void response.writeHead(404).end(),
    'fails (500)': () => (_request, _body, response) => void response.writeHead(500).end('sorry'),
    'sends nothing': () => Buffer.alloc(0),
    'sends a page for people': () => Buffer.from('<html>200, and all is well</html>'),
    'hangs up': () => (request, _body) => void request.socket.destroy(),
    'never answers': () => () => {},
    'is asked later': () => ocspFailure(3),
    'wants a signature': () => ocspFailure(5),
    'says good for another certificate': () => ocspResponse(other, authority, fresh),
    'is signed by a namesake': leaf => ocspResponse(leaf, authority, { ...fresh, signer: stranger }),
    'repeats an old answer': leaf =>
      ocspResponse(leaf, authority, { thisUpdate: baseTime - 9 * day, nextUpdate: baseTime - 8 * day }),
    'does not know the certificate': leaf => ocspResponse(leaf, authority, { ...fresh, status: 'unknown' }),
  }
  const respond = (page: Parameters<typeof site.pages.set>[1]) => site.pages.set('/ocsp*', page)

  for (const [what, answer] of Object.entries(answers)) {
    test(`${what}: refused`, async () => {
      const leaf = alice()
      respond(answer(leaf))
      assert.equal(await server.client(leaf).whoami(), 'revocation_unknown')
    })
  }

  test('and on a good one', async () => {
    const [good, bad] = [alice(), alice()]
    respond(ocspResponse(good, authority, fresh))
    assert.equal(await server.client(good).whoami(), 'alice')
    respond(ocspResponse(bad, authority, { ...fresh, status: 'revoked' }))
    assert.equal(await server.client(bad).whoami(), 'certificate_revoked')
  })
})

test('CVE-2025-66491: verification that is on refuses an unknown authority, and the public ones are unknown', async () => {
  assert.equal(
    await server.client(testAuthority({ name: 'Clients CA' }).issue({ subject: 'CN=alice' })).whoami(),
    'signature_invalid',
  )
  assert.ok(rootCertificates.length > 100)
  const store = await identityServer({ anchors: { clients: authority } })
  const below = testAuthority({ name: 'Public' }).issue()
  const client = store.client(below, { chainPem: below.pem + rootCertificates.slice(0, 5).join('\n') })
  assert.equal(await client.whoami(), 'issuer_unknown')
})

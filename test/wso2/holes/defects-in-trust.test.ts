// What was wrong in whom the original trusted: it did not ask about revocation, believed whatever a list or a responder said, compared names of
// issuers loosely, and saw changes only after a restart. Each letter is a row of docs/wso2-holes.md.
import assert from 'node:assert/strict'
import { after, suite, test } from 'node:test'
import { authorityInfoAccess } from '../../../src/pki/x509/build-extensions.ts'
import { mutualSsl, writeAuthenticators, writeHomeFile, writeTrustStore } from '../../support/carbon-home.ts'
import { type CarbonServer, carbonServer } from '../../support/carbon-server.ts'
import { type Issued, selfSigned, testAuthority } from '../../support/certificates.ts'
import { until } from '../../support/home.ts'
import { ocspResponse } from '../../support/ocsp.ts'
import { web } from '../../support/web.ts'

const machines = testAuthority({ name: 'CN=Machines' })
/** whoever likes can call a key that */
const namesake = testAuthority({ name: 'CN=Machines' })
const bound = { allowed_issuers: 'CN=Machines', 'issuer_CN=Machines': 'alice' }
const trusted = { machines: machines.certificate }
const who = async (server: CarbonServer, certificate: Issued) => {
  const { user, code } = await server.soap({ operation: 'isReadOnly', certificate, as: 'alice' })
  return user ?? code
}

suite('lists', async () => {
  const [good, revoked] = [machines.issue({ subject: 'CN=good' }), machines.issue({ subject: 'CN=revoked' })]
  const list = 'conf/machines.crl'
  const server = await carbonServer({
    trusted,
    authenticator: mutualSsl(bound),
    connector: `clientAuth="want" crlFile="${list}"`,
    files: { [list]: machines.crl([revoked]) },
  })
  after(() => server[Symbol.asyncDispose]())
  const write = async (octets: Buffer) => {
    writeHomeFile(server.folder, list, octets)
    assert.equal(await server.running.reload('a test'), 'reloaded')
  }

  test('defect f: a certificate that was revoked gets in', async () => {
    assert.equal(await who(server, good), 'alice')
    assert.equal(await who(server, revoked), 'certificate_revoked')
  })

  test('defect p: a list counts whoever signed it', async () => {
    await write(namesake.crl([]))
    assert.equal(await who(server, revoked), 'revocation_unknown')
    assert.equal(await who(server, good), 'revocation_unknown')
    const forged = machines.crl([])
    forged[forged.length - 1]! ^= 1
    await write(forged)
    assert.equal(await who(server, revoked), 'revocation_unknown')
    await write(machines.crl([revoked]))
    assert.equal(await who(server, good), 'alice')
  })
})

suite('responders', async () => {
  const site = await web()
  const issue = (name: string) =>
    machines.issue({ subject: `CN=${name}`, extensions: [authorityInfoAccess({ ocsp: [`${site.url}/${name}`] })] })
  const [right, forged, another] = [issue('right'), issue('forged'), issue('another')]
  const fresh = { thisUpdate: Date.now() - 1000, nextUpdate: Date.now() + 3_600_000 }
  const answers = {
    right: ocspResponse(right, machines, fresh),
    forged: ocspResponse(forged, machines, { ...fresh, signer: namesake }),
    another: ocspResponse(another, machines, { ...fresh, about: right }),
  }
  for (const [name, answer] of Object.entries(answers))
    site.pages.set(`/${name}/*`, (_, __, response) => void response.end(answer))
  const server = await carbonServer({
    trusted,
    authenticator: mutualSsl(bound),
    own: {
      revocation: {
        mode: 'require',
        fetch: { insecureAllowPrivateAddresses: true, timeoutSeconds: 1 },
        waitSeconds: 3,
      },
    },
  })
  after(() => server[Symbol.asyncDispose]())

  test('defect p: an answer of a responder counts whoever signed it, and whatever it is about', async () => {
    assert.equal(await who(server, right), 'alice')
    assert.equal(await who(server, forged), 'revocation_unknown')
    assert.equal(await who(server, another), 'revocation_unknown')
  })
})

suite('names and changes', async () => {
  const acme = testAuthority({
    name: [
      { type: 'CN', value: 'Clients' },
      { type: 'O', value: 'Acme, Inc.' },
    ],
  })
  const pieces = testAuthority({
    name: [
      { type: 'CN', value: 'Clients' },
      { type: 'O', value: 'Acme' },
      { type: 'OU', value: 'Inc.' },
    ],
  })
  const above = testAuthority({ name: 'CN=Above' })
  const called = above.intermediate({
    name: [
      { type: 'CN', value: 'Clients' },
      { type: 'O', value: 'Acme, Inc.' },
    ],
  })
  const imported = selfSigned({ subject: 'CN=imported' })
  const first = { acme: acme.certificate, pieces: pieces.certificate, above: above.certificate }
  const server = await carbonServer({ trusted: first })
  after(() => server[Symbol.asyncDispose]())

  test('defect i: issuers are compared as texts, cut at every comma', async () => {
    const name = 'CN=Clients, O="Acme, Inc."'
    writeAuthenticators(
      server.folder,
      mutualSsl({ allowed_issuers: name, [`issuer_${name.replaceAll('"', '&quot;')}`]: 'alice' }),
    )
    assert.equal(await server.running.reload('a test'), 'reloaded')
    assert.equal(await who(server, acme.issue()), 'alice', 'a name with a comma in it is that name')
    for (const [what, issuer] of Object.entries({
      'pieces of the name': pieces,
      'the name, of another key that something trusted vouches for': called,
      'the name, of another key': testAuthority({
        name: [
          { type: 'CN', value: 'Clients' },
          { type: 'O', value: 'Acme, Inc.' },
        ],
      }),
    }))
      assert.match(String(await who(server, issuer.issue())), /^(?:issuer_unknown|signature_invalid)$/, what)
  })

  test('defect n: a certificate that is imported, or taken out, counts after the next restart', async () => {
    writeAuthenticators(server.folder, mutualSsl({}))
    assert.equal(await who(server, imported), 'issuer_unknown')
    writeTrustStore(server.folder, { ...first, imported: imported.certificate })
    await until(async () => (await who(server, imported)) === 'alice', 'the import counts')
    writeTrustStore(server.folder, first)
    await until(async () => (await who(server, imported)) === 'issuer_unknown', 'it is out')
  })
})

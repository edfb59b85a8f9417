// What the original passed over without a word: settings that stood in the wrong place or were misspelt, thumbprints as other programs print them, a
// change of what a setting means; and an audit record that did not say what had happened. Each letter is a row of docs/wso2-holes.md.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { carbonConfiguration } from '../../../src/config/wso2/carbon-configuration.ts'
import { thumbprint } from '../../../src/pki/x509/thumbprint.ts'
import { carbonHome, mutualSsl, writeAuthenticators } from '../../support/carbon-home.ts'
import { carbonServer } from '../../support/carbon-server.ts'
import { type Issued, selfSigned } from '../../support/certificates.ts'
import { until } from '../../support/home.ts'

const [listed, other] = [selfSigned({ subject: 'CN=listed' }), selfSigned({ subject: 'CN=other' })]
const server = await carbonServer({ trusted: { listed: listed.certificate, other: other.certificate } })
after(() => server[Symbol.asyncDispose]())

const who = async (certificate: Issued, as = 'alice') => {
  const { user, code } = await server.soap({ operation: 'isReadOnly', certificate, as })
  return user ?? code
}
const become = async (block: string) => {
  writeAuthenticators(server.folder, block)
  assert.equal(await server.running.reload('a test'), 'reloaded')
}
/** What check-config says of a home. */
async function told(options: Parameters<typeof carbonHome>[0]): Promise<string> {
  const { findings } = await carbonConfiguration(carbonHome(options), {})
  return findings.map(({ severity, what, names = [] }) => `${severity}: ${what} ${names.join(' ')}`).join('\n')
}
const colons = (hex: string) => hex.toUpperCase().replace(/..(?=.)/g, '$&:')
const [sha1, sha256] = [thumbprint(listed.der, 'sha1'), listed.thumbprint]
const whiteList = (list: string, more: Record<string, string> = {}) =>
  mutualSsl({ WhiteListEnabled: 'true', WhiteList: list, ...more })

test('defect g: a thumbprint with colons or capitals is on the list for nothing', async () => {
  for (const entry of [colons(sha1), colons(sha256), sha1.toUpperCase(), ` ${sha256} , `]) {
    await become(whiteList(entry))
    assert.equal(await who(listed), 'alice', entry)
    assert.notEqual(await who(other), 'alice', entry)
  }
  assert.match(
    await told({ authenticator: whiteList('ab:cd') }),
    /^warning: "ab:cd" in WhiteList is no thumbprint, and lets nobody in/m,
  )
})

test('defect h: a list of SHA-1 thumbprints stops counting after an update, without a word', async () => {
  await become(whiteList(sha1))
  assert.equal(await who(listed), 'alice', 'where nothing says which, the length of an entry does')
  await become(whiteList(sha1, { EnableSHA256: 'true' }))
  assert.notEqual(await who(listed), 'alice')
  const home = { authenticator: whiteList(sha1, { EnableSHA256: 'true' }) }
  assert.match(await told(home), /^warning: .*is a SHA-1 thumbprint, and EnableSHA256 says true: it lets nobody in/m)
})

test('defect m: parameters outside of Config are passed over', async () => {
  const flat = `<Authenticator name="MutualSSLAuthenticator" disabled="false"><Parameter name="WhiteListEnabled">true</Parameter><Parameter name="WhiteList">${sha256}</Parameter></Authenticator>`
  await become(flat)
  assert.equal(await who(listed), 'alice')
  assert.notEqual(await who(other), 'alice', 'the list counts')
  assert.match(await told({ authenticator: flat }), /^warning: parameters outside of Config/m)
})

test('defect m: clientAuth="required" asks nobody for a certificate', async () => {
  const connector = 'clientAuth="required"'
  assert.match(await told({ connector }), /"required"/)
  const { configuration } = await carbonConfiguration(carbonHome({ connector }), {})
  assert.equal(configuration.listeners[0]?.clientAuth, 'need')
  for (const word of ['wnat', 'no certificates', 'TRUE!'])
    assert.match(await told({ connector: `clientAuth="${word}"` }), /^error: /m, word)
})

test('defect m: what is misspelt or unknown is passed over', async () => {
  const misspelt = mutualSsl({ whitelistenabled: 'true', allowlist: sha256, allowed_isuers: 'CN=X' })
  const found = await told({
    authenticator: misspelt,
    files: {
      'repository/conf/deployment.toml':
        '[admin_console.authenticator.mutual_ssl_authentikator]\nenable = true\n[no_such_table]\nkey = 1\n',
    },
    connector: 'clientAuth="want" clientauth="need" trustManagerClasName="x"',
  })
  for (const name of [
    'whitelistenabled',
    'allowlist',
    'allowed_isuers',
    'mutual_ssl_authentikator',
    'no_such_table',
    'clientauth',
    'trustManagerClasName',
  ])
    assert.ok(found.includes(name), `${name} is named in:\n${found}`)
})

test('defect j: the audit record does not say from where, by which certificate, and that somebody was turned away', async () => {
  await become(whiteList(sha256))
  // The last ones: what was asked before this test may be written meanwhile.
  const told = () =>
    server
      .audit()
      .filter(({ kind }) => /^access-/.test(String(kind)))
      .slice(-3)
      .map(({ kind, code, user, remoteAddress, certificate }) => ({
        kind,
        who: user ?? code,
        remoteAddress,
        by: (certificate as { thumbprint: string }).thumbprint,
      }))
  assert.equal(await who(listed), 'alice')
  assert.equal(await who(listed, 'nobody'), 'certificate_not_bound')
  assert.equal(await who(other), 'issuer_unknown')
  await until(() => told().at(-1)?.who === 'issuer_unknown' && told()[0]?.who === 'alice', 'all of it is written')
  const remoteAddress = '127.0.0.1'
  assert.deepEqual(told(), [
    { kind: 'access-granted', who: 'alice', remoteAddress, by: listed.thumbprint },
    { kind: 'access-refused', who: 'certificate_not_bound', remoteAddress, by: listed.thumbprint },
    { kind: 'access-refused', who: 'issuer_unknown', remoteAddress, by: other.thumbprint },
  ])
})

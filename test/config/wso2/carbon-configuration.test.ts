import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { z } from 'zod'
import { allowPublishedKeys, carbonConfiguration } from '../../../src/config/wso2/carbon-configuration.ts'
import { readCarbonState } from '../../../src/config/wso2/carbon-state.ts'
import type { Severity } from '../../../src/config/wso2/finding.ts'
import { loadCarbonHome } from '../../../src/config/wso2/load-carbon-home.ts'
import type { Certificate } from '../../../src/pki/x509/certificate.ts'
import { thumbprint } from '../../../src/pki/x509/thumbprint.ts'
import { carbonHome, type HomeOptions, mutualSsl } from '../../support/carbon-home.ts'
import { selfSigned, testAuthority } from '../../support/certificates.ts'

const pinned = selfSigned({ subject: 'CN=pinned' })
const authority = testAuthority({ name: 'CN=Machines,O=Example' })
const issued = authority.issue({ subject: 'CN=machine' })

async function read(options: HomeOptions = {}, env: Record<string, string> = {}) {
  const { configuration, findings, secrets } = await carbonConfiguration(carbonHome(options), env)
  const found = (severity: Severity, text: string | RegExp) =>
    findings.filter(
      each =>
        each.severity === severity && (typeof text === 'string' ? each.what.includes(text) : text.test(each.what)),
    )
  const [listener] = configuration.listeners
  const mutualTls = configuration.authenticators?.['mutual-tls']
  return {
    configuration,
    findings,
    secrets,
    found,
    listener: listener!,
    mutualTls: mutualTls!,
    aliases: listener?.trustStore?.[0]?.aliases,
  }
}

describe('clientAuth', () => {
  const table: [attribute: string, ours: string, finding: [Severity, RegExp] | undefined][] = [
    ['clientAuth="want"', 'want', undefined],
    ['clientAuth="true"', 'need', undefined],
    ['clientAuth="false"', 'none', undefined],
    ['', 'none', undefined],
    ['clientAuth="required"', 'need', ['tightened', /danger: "required" means "no certificates at all" to Tomcat 7/]],
    ['clientAuth="optional"', 'want', ['tightened', /danger/]],
    ['clientAuth="wnat"', 'need', ['error', /"wnat" is no value of clientAuth/]],
  ]
  for (const [attribute, ours, finding] of table) {
    test(attribute || 'left out', async () => {
      const { listener, findings, found } = await read({ connector: attribute })
      assert.equal(listener.clientAuth, ours)
      if (finding === undefined) assert.equal(findings.filter(({ severity }) => severity === 'error').length, 0)
      else assert.equal(found(...finding).length, 1)
    })
  }

  test('a word that nobody knows stops the start', async () => {
    await assert.rejects(loadCarbonHome(carbonHome({ connector: 'clientAuth="wnat"' }), { env: {} }), {
      code: 'ERR_CONFIG_INVALID',
      message: /catalina-server\.xml, line 4: "wnat" is no value of clientAuth/,
    })
  })
})

describe('who may name whom', () => {
  test('a client certificate in the trust store may name any user, an authority nobody', async () => {
    const { mutualTls, aliases, found } = await read({
      trusted: { carol: pinned.certificate, machines: authority.certificate },
    })
    assert.deepEqual(mutualTls.bindings, [{ thumbprint: pinned.thumbprint, users: ['*'] }])
    assert.deepEqual(aliases, ['carol'])
    const [authorities] = found('tightened', 'anchors for nothing until bound')
    assert.match(authorities!.what, /^1 authority /)
    assert.deepEqual(authorities!.names, ['machines'])
  })

  test('no authenticator, or a disabled one: certificates identify nobody', async () => {
    for (const authenticator of ['', mutualSsl({}, 'true'), mutualSsl({}, 'TRUE')]) {
      assert.equal(
        (await read({ authenticator, trusted: { carol: pinned.certificate } })).mutualTls.enabled,
        false,
        authenticator,
      )
    }
    assert.equal((await read({ authenticator: mutualSsl({}, 'yes') })).mutualTls.enabled, true)
  })

  test('passwords are taken, after certificates, as by default in the original', async () => {
    const { configuration, mutualTls } = await read()
    assert.equal(configuration.authenticators?.basic?.enabled, true)
    assert.ok(mutualTls.priority! < configuration.authenticators!.basic!.priority!)
  })

  test('where the original asks for a password first, certificates identify nobody, as there', async () => {
    const block = (mutual: number, basic?: number, disabled = 'false') =>
      [
        mutualSsl({}).replace('<Priority>5<', `<Priority>${mutual}<`),
        basic === undefined
          ? ''
          : `<Authenticator name="BasicAccessAuthenticator" disabled="${disabled}"><Priority>${basic}</Priority></Authenticator>`,
      ].join('')
    const rows: [string, boolean][] = [
      [block(5), true],
      [block(4), true],
      [block(3), false],
      [block(0), true],
      [block(-1), true],
      [block(20, 50), false],
      [block(50, 20), true],
      [block(3, 0), false],
      [block(3, 9, 'true'), true],
    ]
    for (const [authenticator, enabled] of rows) {
      const { mutualTls, found } = await read({ authenticator, trusted: { carol: pinned.certificate } })
      assert.equal(mutualTls.enabled, enabled, authenticator)
      assert.equal(found('warning', 'Basic has the higher priority').length, enabled ? 0 : 1)
    }
  })

  test('the header has the name that the parameter says', async () => {
    const { mutualTls } = await read({ authenticator: mutualSsl({ UsernameHeader: 'X-Acting-User' }) })
    assert.deepEqual(mutualTls.usernameHeader, { name: 'X-Acting-User' })
  })

  test('parameters outside of Config count, and are warned about', async () => {
    const flat =
      '<Authenticator name="MutualSSLAuthenticator" disabled="false"><Parameter name="UsernameHeader">Acting</Parameter></Authenticator>'
    const { mutualTls, found } = await read({ authenticator: flat })
    assert.deepEqual(mutualTls.usernameHeader, { name: 'Acting' })
    assert.equal(found('warning', 'outside of Config').length, 1)
  })
})

describe('the white list', () => {
  const sha1 = thumbprint(issued.der, 'sha1')
  const colons = (hex: string) => hex.toUpperCase().replace(/..(?=.)/g, '$&:')

  test('a listed SHA-256 thumbprint may name any user; authorities vouch for nobody else', async () => {
    const authenticator = mutualSsl({ WhiteListEnabled: 'true', WhiteList: ` ${issued.thumbprint} ` })
    const { mutualTls, aliases } = await read({
      authenticator,
      trusted: { carol: pinned.certificate, machines: authority.certificate },
    })
    assert.deepEqual(mutualTls.allowList, { enabled: true, thumbprints: [issued.thumbprint] })
    assert.deepEqual(mutualTls.bindings, [{ thumbprint: issued.thumbprint, users: ['*'] }])
    assert.deepEqual(aliases, ['machines'])
  })

  test('SHA-1 becomes SHA-256 where the trust store holds the certificate', async () => {
    const authenticator = mutualSsl({ WhiteListEnabled: 'true', WhiteList: thumbprint(pinned.der, 'sha1') })
    const { mutualTls, aliases } = await read({
      authenticator,
      trusted: { carol: pinned.certificate, machines: authority.certificate },
    })
    assert.deepEqual(mutualTls.allowList, { enabled: true, thumbprints: [pinned.thumbprint] })
    assert.deepEqual(aliases, ['carol'])
  })

  test('SHA-1 of a certificate that the trust store does not hold stays, with a warning', async () => {
    const authenticator = mutualSsl({ WhiteListEnabled: 'true', WhiteList: colons(sha1), EnableSHA256: 'false' })
    const { mutualTls, found } = await read({ authenticator, trusted: { machines: authority.certificate } })
    assert.deepEqual(mutualTls.allowList, { enabled: true, thumbprints: [], insecureSha1Thumbprints: [sha1] })
    assert.deepEqual(mutualTls.bindings, [{ insecureSha1Thumbprint: sha1, users: ['*'] }])
    assert.equal(found('warning', 'has colons or capitals').length, 1)
    assert.equal(found('warning', 'Replace').length + found('warning', '1 SHA-1 thumbprint of').length, 1)
  })

  test('an entry for the other hash, or none at all, lets nobody in and is told', async () => {
    const authenticator = mutualSsl({
      WhiteListEnabled: 'true',
      WhiteList: `${sha1}, zz, ${'a'.repeat(39)}`,
      EnableSHA256: 'true',
    })
    const { mutualTls, found } = await read({ authenticator, trusted: { machines: authority.certificate } })
    assert.deepEqual(mutualTls.allowList, { enabled: true, thumbprints: [] })
    assert.deepEqual(mutualTls.bindings, [])
    assert.equal(found('warning', 'is no thumbprint').length, 2)
    assert.equal(found('warning', 'is a SHA-1 thumbprint, and EnableSHA256 says true').length, 1)
  })

  test('switched on without a list: certificates identify nobody, as in the original', async () => {
    const { mutualTls } = await read({
      authenticator: mutualSsl({ WhiteListEnabled: 'true' }),
      trusted: { carol: pinned.certificate },
    })
    assert.equal(mutualTls.enabled, false)
    assert.deepEqual(mutualTls.bindings, [])
  })
})

describe('issuers (version 5.5.2 and later)', () => {
  const maps = (users: string, more: Record<string, string> = {}) =>
    mutualSsl({ allowed_issuers: 'O = Example, CN=Machines', 'issuer_CN=Machines,O=Example': users, ...more })

  test('an issuer is resolved to its entry of the trust store, and the users are its own', async () => {
    const { mutualTls, aliases, listener } = await read({
      authenticator: maps('robot, ops@carbon.super'),
      trusted: { machines: authority.certificate },
    })
    assert.deepEqual(mutualTls.bindings, [{ anchor: 'machines', users: ['robot', 'ops'] }])
    assert.deepEqual(aliases, ['machines'])
    assert.equal(listener.maxPathDepth, 0)
  })

  test('with them, a client certificate in the trust store names nobody by itself', async () => {
    const { mutualTls, aliases, found } = await read({
      authenticator: maps('robot'),
      trusted: { machines: authority.certificate, carol: pinned.certificate },
    })
    assert.deepEqual(mutualTls.bindings, [{ anchor: 'machines', users: ['robot'] }])
    assert.deepEqual(aliases, ['machines'])
    assert.equal(found('warning', '1 client certificate of the trust store do not count').length, 1)
  })

  test('a thumbprint has users of its own', async () => {
    const { mutualTls } = await read({
      authenticator: maps('robot', { [`cert_thumbprint_${issued.thumbprint.toUpperCase()}`]: '*' }),
      trusted: { machines: authority.certificate },
    })
    assert.deepEqual(mutualTls.bindings, [
      { thumbprint: issued.thumbprint, users: ['*'] },
      { anchor: 'machines', users: ['robot'] },
    ])
  })

  test('an issuer that two authorities are called, or none, binds nobody', async () => {
    const double = testAuthority({ name: 'CN=Machines,O=Example' })
    const stores: Record<string, Certificate>[] = [{}, { machines: authority.certificate, other: double.certificate }]
    for (const trusted of stores) {
      const { mutualTls, aliases, found } = await read({ authenticator: maps('robot'), trusted })
      assert.deepEqual(mutualTls.bindings, [])
      assert.deepEqual(aliases, [])
      assert.equal(found('tightened', /several authorities|no certificate of that name/).length, 1)
    }
  })

  test('an issuer map without the issuer among allowed_issuers binds nobody', async () => {
    const { mutualTls, found } = await read({
      authenticator: mutualSsl({ 'issuer_CN=Machines,O=Example': '*' }),
      trusted: { machines: authority.certificate, carol: pinned.certificate },
    })
    assert.deepEqual(mutualTls.bindings, [])
    assert.equal(found('warning', 'not among the allowed_issuers').length, 1)
  })

  test('users of other tenants are bound in theirs, unless an "@" belongs to the name', async () => {
    const home = {
      authenticator: maps('eve@Acme.example, robot, ops@carbon.super, bob@acme.example, @acme.example, x@default'),
      trusted: { machines: authority.certificate },
    }
    const { mutualTls, found, configuration } = await read(home)
    assert.deepEqual(mutualTls.bindings, [
      { anchor: 'machines', users: ['eve', 'bob'], tenant: 'acme.example' },
      { anchor: 'machines', users: ['robot', 'ops'] },
    ])
    assert.equal(found('warning', 'so it lets nobody in').length, 2)
    assert.deepEqual([mutualTls.tenants, configuration.authenticators?.basic?.tenants], ['suffix', 'suffix'])
    const email = await read({ ...home, server: '<EnableEmailUserName>true</EnableEmailUserName>' })
    assert.deepEqual(email.mutualTls.bindings, [
      {
        anchor: 'machines',
        users: ['eve@Acme.example', 'robot', 'ops', 'bob@acme.example', '@acme.example', 'x@default'],
      },
    ])
    assert.equal(email.mutualTls.tenants, 'suffix-email')
  })
})

describe('secrets and placeholders', () => {
  test('passwords stand in the configuration by name', async () => {
    const { configuration, secrets } = await read({ trusted: { carol: pinned.certificate } })
    assert.equal(JSON.stringify(configuration).includes('"wso2carbon"'), false)
    assert.deepEqual(
      [...secrets],
      [
        ['COUNTERSIGN_KEYSTORE_PASSWORD', 'wso2carbon'],
        ['COUNTERSIGN_TRUSTSTORE_PASSWORD', 'wso2carbon'],
      ].toReversed(),
    )
  })

  test('a password in the secure vault is refused, and taken from the environment', async () => {
    const connector =
      'clientAuth="want" xmlns:svns="http://org.wso2.securevault/configuration" svns:secretAlias="Server.Service.Connector.keystorePass"'
    assert.equal((await read({ connector })).found('error', 'secure vault').length, 1)
    const { found, listener } = await read({ connector }, { COUNTERSIGN_KEYSTORE_PASSWORD: 'wso2carbon' })
    assert.equal(found('error', '').length, 0)
    assert.deepEqual(listener.keyStore?.password, 'env:COUNTERSIGN_KEYSTORE_PASSWORD')
  })

  test('the offset is added to the port; a system property of the start script wins', async () => {
    const home = {
      files: {
        'repository/conf/tomcat/catalina-server.xml':
          '<Server><Service><Connector SSLEnabled="true" port="${mgt.port}"/></Service></Server>',
      },
    }
    const { listener } = await read(home, { JAVA_OPTS: '-Xmx1g -Dmgt.port=9443 -DportOffset="3"' })
    assert.equal(listener.port, 9446)
    assert.equal((await read(home)).found('error', 'nothing is known of the placeholder ${mgt.port}').length, 1)
  })
})

describe('broken files', () => {
  const broken: [name: string, text: string, what: RegExp][] = [
    [
      'DOCTYPE',
      '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><Authenticators>&x;</Authenticators>',
      /document type declaration/,
    ],
    ['an element that is not closed', '<Authenticators><Authenticator>', /not well-formed/],
    ['a hundred levels', `${'<a>'.repeat(100)}${'</a>'.repeat(100)}`, /nested more than 64 deep/],
    ['nothing', '', /not well-formed|has no element/],
  ]
  for (const [name, text, what] of broken) {
    test(`${name} is an error with its file`, async () => {
      const { found } = await read({ files: { 'repository/conf/security/authenticators.xml': text } })
      const [error] = found('error', what)
      assert.equal(error?.file, 'repository/conf/security/authenticators.xml')
    })
  }

  test('a folder that is no home', async () => {
    await assert.rejects(carbonConfiguration('/nonexistent', {}), { code: 'ERR_CARBON_HOME' })
  })

  test('a trust store with another password', async () => {
    const { found } = await read({
      files: {
        'repository/conf/carbon.xml':
          '<Server><Security><TrustStore><Location>repository/resources/security/client-truststore.jks</Location><Password>other</Password></TrustStore></Security></Server>',
      },
    })
    assert.equal(found('error', /password/).length, 1)
  })
})

describe('settings of our own, in the home', () => {
  const own = (text: string) => ({ files: { 'repository/conf/countersign.yaml': text } })

  test('they are laid over what the home says: lists are replaced, listeners go by name, bindings come on top', async () => {
    const text = `
listeners:
  - { name: main, protocols: [TLSv1.3], limits: { maxConnections: 7 } }
  - { name: inside, port: 9444, clientAuth: need, keyStore: { file: k.pem }, trustStore: [{ file: t.pem }] }
authenticators: { mutual-tls: { bindings: [{ subject: CN=dora, users: [dora] }] } }
routes: [{ path: /orders/*, upstream: 'http://127.0.0.1:\${UPSTREAM}' }]
users: { file: elsewhere.db }
`
    const { configuration, listener, mutualTls, found } = await read(
      {
        ...own(text),
        trusted: { carol: pinned.certificate },
        connector: 'clientAuth="want" sslEnabledProtocols="TLSv1.2"',
      },
      { UPSTREAM: '8080' },
    )
    assert.deepEqual(
      [listener.clientAuth, listener.protocols, listener.limits],
      ['want', ['TLSv1.3'], { maxConnections: 7 }],
    )
    assert.equal(configuration.listeners[1]?.name, 'inside')
    assert.deepEqual(mutualTls.bindings, [
      { thumbprint: pinned.thumbprint, users: ['*'] },
      { subject: 'CN=dora', users: ['dora'] },
    ])
    assert.equal(configuration.routes?.[0]?.upstream, 'http://127.0.0.1:8080')
    assert.equal(configuration.users?.file, 'elsewhere.db')
    assert.match(found('warning', 'takes the place')[0]!.what, /: listeners\.main\.protocols$/)
  })

  test('a file that cannot be read, an unknown key, a variable that is not set: nothing starts', async () => {
    for (const text of ['routes: [', 'rutes: []', 'users: { file: "${NOWHERE}" }', '[]']) {
      await assert.rejects(loadCarbonHome(carbonHome(own(text)), { env: {} }), { code: 'ERR_CONFIG_INVALID' }, text)
    }
  })

  test('commands about users use its store, and need none of its other settings', () => {
    const sections = z.looseObject({ users: z.looseObject({ file: z.string() }) })
    const home = carbonHome(own('users: { file: elsewhere.db }\nrutes: []'))
    assert.equal(readCarbonState(home, sections, { env: {} }).users.file, 'elsewhere.db')
    const broken = carbonHome(own('users: { file: 7 }'))
    assert.throws(() => readCarbonState(broken, sections, { env: {} }), { code: 'ERR_CONFIG_INVALID' })
  })

  test('a key that would change what every object is stays a key', async () => {
    const { configuration } = await read(own('__proto__: { polluted: true }'))
    assert.equal((configuration as { polluted?: unknown }).polluted, undefined)
    assert.equal(({} as { polluted?: unknown }).polluted, undefined)
  })
})

test('published keys are trusted only by an option named for its danger', async () => {
  assert.equal((await read({}, { [allowPublishedKeys]: 'true' })).mutualTls.insecureAllowPublishedKeys, true)
  assert.equal('insecureAllowPublishedKeys' in (await read()).mutualTls, false)
  const own = 'authenticators: { mutual-tls: { insecureAllowPublishedKeys: true } }'
  const { mutualTls } = await read({ files: { 'repository/conf/countersign.yaml': own } })
  assert.equal(mutualTls.insecureAllowPublishedKeys, true)
})

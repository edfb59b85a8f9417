import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { carbonConfiguration } from '../../../src/config/wso2/carbon-configuration.ts'
import type { Severity } from '../../../src/config/wso2/finding.ts'
import { loadCarbonHome } from '../../../src/config/wso2/load-carbon-home.ts'
import { compileAccessRules } from '../../../src/identity/access/access-rules.ts'
import { carbonHome, type HomeOptions, mutualSsl } from '../../support/carbon-home.ts'
import { selfSigned, testAuthority } from '../../support/certificates.ts'

const pinned = selfSigned({ subject: 'CN=pinned' })
const authority = testAuthority({ name: 'CN=Machines,O=Example' })
const issued = authority.issue({ subject: 'CN=machine' })
const colons = (hex: string) => hex.toUpperCase().replace(/..(?=.)/g, '$&:')

/** A home with this in its identity.xml (and deployment.toml), read and found fit to be served. */
async function read({ inside = '', toml, ...options }: HomeOptions & { inside?: string; toml?: string }) {
  const home = carbonHome({
    trusted: { carol: pinned.certificate, machines: authority.certificate },
    ...options,
    files: {
      ...options.files,
      'repository/conf/identity/identity.xml': `<Server xmlns="http://wso2.org/projects/carbon/carbon.xml">${inside}</Server>`,
      ...(toml === undefined ? {} : { 'repository/conf/deployment.toml': toml }),
    },
  })
  const { configuration, findings } = await carbonConfiguration(home, {})
  const { value } = await loadCarbonHome(home, { env: {} })
  const found = (severity: Severity, text: RegExp) =>
    findings.filter(each => each.severity === severity && text.test(each.what)).length
  const { 'mutual-tls': mutualTls } = value.authenticators
  return {
    value,
    found,
    findings,
    mutualTls,
    bindings: configuration.authenticators!['mutual-tls']!.bindings,
    aliases: value.listeners[0]!.trustStore[0]!.aliases,
    rule: (method: string, path: string) => compileAccessRules(value.scim.access ?? []).find(method, path),
  }
}

const resource = (context: string, attributes: string, inside = '') =>
  `<Resource context="${context}" ${attributes}>${inside}</Resource>`
const rules = (...resources: string[]) => `<ResourceAccessControl>${resources.join('')}</ResourceAccessControl>`
const permit = (...names: string[]) => `<Permissions>${names.join(',')}</Permissions>`
const everything = ['/permission']

describe('ResourceAccessControl', () => {
  test('the first rule that matches decides, for methods in any case; a list of permissions asks for all of them', async () => {
    const { rule } = await read({
      inside: rules(
        resource(
          '(.*)/scim2/Users',
          'secured="true" http-method="get, Post"',
          permit('/permission/a', '/permission/b'),
        ),
        resource('(.*)/scim2/Users', 'secured="true" http-method="all"', permit('/permission/c')),
        resource('(.*)/scim2/Me', 'secured="true" http-method="ALL"'),
      ),
    })
    assert.deepEqual(rule('GET', '/scim2/Users')?.permissions, ['/permission/a', '/permission/b'])
    assert.deepEqual(rule('post', '/t/acme.example/scim2/Users')?.permissions, ['/permission/a', '/permission/b'])
    assert.deepEqual(rule('DELETE', '/scim2/Users')?.permissions, ['/permission/c'])
    assert.deepEqual([rule('PATCH', '/scim2/Me')?.caller, rule('PATCH', '/scim2/Me')?.permissions], ['identified', []])
  })

  test('what no rule matched was open: the rules of 5.6.0 count for it, and what they leave out is refused', async () => {
    const { rule, found } = await read({ inside: rules(resource('(.*)/scim2/Me', 'secured="true" http-method="all"')) })
    assert.deepEqual(rule('DELETE', '/scim2/Users/1')?.permissions, [
      '/permission/admin/manage/identity/usermgt/delete',
    ])
    assert.equal(rule('GET', '/scim2/Whatever'), undefined)
    assert.equal(found('tightened', /without a rule was open/), 1)
  })

  test('rules for paths that are not served are named', async () => {
    const { findings, value } = await read({
      inside: rules(
        resource('(.*)/api/identity/recovery/(.*)', 'secured="true" http-method="all"'),
        resource('/identity/register', 'secured="false" http-method="all"'),
        resource('(.*)/scim2/Users/(.*)', 'secured="true" http-method="GET"'),
        resource('(.*)/.well-known(.*)', 'secured="true" http-method="all"'),
      ),
    })
    const [elsewhere] = findings.filter(({ what }) => what.startsWith('rules for paths'))
    assert.deepEqual(elsewhere?.names, ['(.*)/api/identity/recovery/(.*)', '/identity/register'])
    assert.deepEqual(
      value.scim.access?.slice(0, 2).map(({ path }) => path),
      ['(.*)/scim2/Users/(.*)', '(.*)/.well-known(.*)'],
    )
  })

  test('secured="false" opens documents about the server, and never users or groups', async () => {
    const { rule, found } = await read({
      inside: rules(
        resource('/scim2/ServiceProviderConfig', 'secured="false" http-method="all"', '<Permissions/>'),
        resource('(.*)/scim2/(.*)', 'secured="false" http-method="all"'),
        resource('/scim2/Users/special.+', 'secured="false" http-method="all"'),
      ),
    })
    assert.equal(rule('GET', '/scim2/ServiceProviderConfig')?.caller, 'anyone')
    assert.equal(rule('GET', '/scim2/Users')?.caller, 'identified')
    assert.equal(rule('GET', '/scim2/Users/special1')?.caller, 'identified')
    assert.equal(found('tightened', /opens users or groups to everybody/), 2)
  })

  const closed: [name: string, attributes: string, inside: string][] = [
    ['scopes without permissions', 'secured="true" http-method="all"', '<Scopes>internal_user_mgt_list</Scopes>'],
    [
      'handlers of their own',
      'secured="true" http-method="all" allowed-auth-handlers="BasicAuthentication"',
      permit('/permission/a'),
    ],
    ['a permission that is none', 'secured="true" http-method="all"', permit('/permission/a', 'users:read')],
    ['no method', 'secured="true"', permit('/permission/a')],
    ['an empty method', 'secured="true" http-method=" "', permit('/permission/a')],
  ]
  for (const [name, attributes, inside] of closed) {
    test(`what cannot be carried is for the administrator alone: ${name}`, async () => {
      const { rule, found } = await read({ inside: rules(resource('(.*)/scim2/Users', attributes, inside)) })
      assert.deepEqual(rule('GET', '/scim2/Users')?.permissions, everything)
      assert.equal(found('tightened', /the administrator alone may/), 1)
    })
  }

  test('a rule for methods that there are none of matches nothing', async () => {
    const { rule, found } = await read({
      inside: rules(resource('(.*)/scim2/Users', 'secured="true" http-method="§"', permit('/permission/a'))),
    })
    assert.deepEqual(rule('GET', '/scim2/Users')?.permissions, ['/permission/admin/manage/identity/usermgt/list'])
    assert.equal(found('warning', /is no method/), 1)
  })

  test('another tenant is for administrators of the first one', async () => {
    const { rule } = await read({
      inside: rules(
        resource('(.*)/scim2/Users', 'secured="true" http-method="GET" cross-tenant="true"', permit('/permission/a')),
      ),
    })
    assert.equal(rule('GET', '/scim2/Users')?.crossTenant, 'default-tenant-admin')
  })

  test('a pattern that cannot be read stops the start', async () => {
    for (const pattern of ['(.*)/scim2/(?!Me).*', '(.*)/scim2/(Users', '(a)\\1'])
      await assert.rejects(read({ inside: rules(resource(pattern, 'secured="true" http-method="all"')) }), {
        code: 'ERR_CONFIG_INVALID',
        message: /identity\.xml, line \d+: the pattern /,
      })
  })
})

describe('certificates on the REST paths', () => {
  const handler = (name: string, enable: string) =>
    `<EventListeners><EventListener type="x" name="org.wso2.carbon.identity.auth.service.handler.impl.${name}" orderId="10" enable="${enable}"/></EventListeners>`
  const mapping = (issuer: string, thumbprint: string, ...users: string[]) =>
    `<Mapping><TrustedIssuer>${issuer}</TrustedIssuer>${thumbprint && `<CertThumbprint>${thumbprint}</CertThumbprint>`}${users.map(user => `<AllowedUsername>${user}</AllowedUsername>`).join('')}</Mapping>`
  const mapped = (users: string, system = '') =>
    `<ClientCertBasedAuthentication enable="true"><UserThumbprintMappings>${users}</UserThumbprintMappings><SystemThumbprintMappings>${system}</SystemThumbprintMappings></ClientCertBasedAuthentication>`
  const off = { authenticator: '' }

  test('SOAP and SCIM answer, with the ways to prove who one is that are on', async () => {
    const { value } = await read({})
    assert.deepEqual([value.soap.enabled, value.soap.require], [true, undefined])
    assert.deepEqual([value.scim.enabled, value.scim.require], [true, undefined])
  })

  test('a handler that is off takes no certificate for SCIM', async () => {
    for (const inside of [
      handler('ClientCertificateBasedAuthenticationHandler', 'false'),
      '<ClientCertBasedAuthentication enable="false"/>',
    ]) {
      const { value } = await read({ inside })
      assert.deepEqual([value.scim.require, value.soap.require], [['basic'], undefined])
    }
    const { value } = await read({ inside: handler('BasicAuthenticationHandler', 'false') })
    assert.deepEqual(value.scim.require, ['mutual-tls'])
  })

  test('without any way to prove who one is, a service is closed', async () => {
    const basic = '<Authenticator name="BasicAccessAuthenticator" disabled="true"/>'
    const { value, found } = await read({
      authenticator: mutualSsl({}) + basic,
      inside: handler('ClientCertificateBasedAuthenticationHandler', 'false'),
    })
    assert.deepEqual([value.scim.enabled, value.soap.enabled], [false, true])
    assert.equal(found('warning', /SCIM does not answer/), 1)
  })

  test('without the MutualSSLAuthenticator certificates identify nobody, and that is told', async () => {
    const { mutualTls, found } = await read(off)
    assert.equal(mutualTls.enabled, false)
    assert.equal(found('tightened', /takes certificates on the REST paths without/), 1)
  })

  test('mappings become bindings, for SCIM alone where the MutualSSLAuthenticator is off', async () => {
    const issuer = 'O=Example, CN=Machines'
    const { bindings, aliases, mutualTls, value } = await read({
      ...off,
      inside: mapped(
        mapping(issuer, colons(issued.thumbprint), 'ops', 'eve@acme.example') + mapping(issuer, '', 'robot'),
      ),
    })
    assert.equal(mutualTls.enabled, true)
    assert.deepEqual(value.soap.require, ['basic'])
    assert.deepEqual(bindings, [
      { thumbprint: issued.thumbprint, users: ['ops'] },
      { thumbprint: issued.thumbprint, tenant: 'acme.example', users: ['eve'] },
      { anchor: 'machines', users: ['robot'] },
    ])
    assert.deepEqual([aliases, value.listeners[0]!.maxPathDepth], [['machines'], 0])
  })

  test('a system user is the default; without one nobody gets in', async () => {
    const system = (user: string) =>
      `<Mapping><TrustedIssuer>CN=Machines,O=Example</TrustedIssuer><CertThumbprint>${issued.thumbprint}</CertThumbprint>${user}</Mapping>`
    const { bindings } = await read({
      ...off,
      inside: mapped(
        mapping('CN=Machines,O=Example', issued.thumbprint, 'ops'),
        system('<AllowedSystemUser>batch</AllowedSystemUser>'),
      ),
    })
    assert.deepEqual(bindings, [{ thumbprint: issued.thumbprint, users: ['batch', 'ops'] }])
    const nobody = await read({ ...off, inside: mapped('', system('')) })
    assert.deepEqual(nobody.bindings, [])
    assert.equal(nobody.found('tightened', /system mapping without a user/), 1)
  })

  test('a mapping without users is for any user, and says so', async () => {
    const { bindings } = await read({ ...off, inside: mapped(mapping('CN=Machines,O=Example', '*')) })
    assert.deepEqual(bindings, [{ anchor: 'machines', users: ['*'], insecureAnyUser: true }])
  })

  const nobody: [name: string, mapping: string][] = [
    ['an issuer that is missing', `<Mapping><CertThumbprint>${issued.thumbprint}</CertThumbprint></Mapping>`],
    ['any issuer', mapping('*', issued.thumbprint, 'ops')],
    ['an issuer whom the trust store does not have', mapping('CN=Nobody', issued.thumbprint, 'ops')],
    ['an issuer whose text is no name', mapping('nobody', issued.thumbprint, 'ops')],
    ['a SHA-1 thumbprint', mapping('CN=Machines,O=Example', 'a'.repeat(40), 'ops')],
  ]
  for (const [name, text] of nobody) {
    test(`it lets nobody in: ${name}`, async () => {
      const { bindings, aliases, findings } = await read({ ...off, inside: mapped(text) })
      assert.deepEqual([bindings, aliases], [[], []])
      assert.ok(findings.some(({ what }) => /lets nobody in|gets in$/.test(what)))
    })
  }

  test('what the MutualSSLAuthenticator says of the same certificate counts too: the users are those of both', async () => {
    const issuer = 'CN=Machines,O=Example'
    const { bindings, found } = await read({
      authenticator: mutualSsl({
        allowed_issuers: issuer,
        [`issuer_${issuer}`]: 'robot,ops',
        [`cert_thumbprint_${issued.thumbprint}`]: '*',
      }),
      inside: mapped(mapping(issuer, issued.thumbprint, 'batch') + mapping(issuer, '', 'ops', 'other')),
    })
    assert.deepEqual(bindings, [
      { thumbprint: issued.thumbprint, users: ['batch'] },
      { anchor: 'machines', users: ['ops'] },
    ])
    assert.equal(found('tightened', /those count that both name/), 1)
  })

  test('once mappings are written, an imported certificate may act as nobody by itself', async () => {
    const { bindings, aliases } = await read({ inside: mapped(mapping('CN=Machines,O=Example', '', 'robot')) })
    assert.deepEqual(bindings, [{ anchor: 'machines', users: ['robot'] }])
    assert.deepEqual(aliases, ['machines'])
  })

  test('IntermediateCertValidation: the CN is the user, below an issuer of that common name, and nothing is exempt', async () => {
    const intermediate = (cn: string) =>
      `<IntermediateCertValidation enable="true"><IntermediateCerts><CertCN>${cn}</CertCN></IntermediateCerts><ExemptContext><Context>scim2</Context></ExemptContext></IntermediateCertValidation>`
    const { bindings, aliases, found } = await read({ ...off, inside: intermediate('Machines') })
    assert.deepEqual(bindings, [{ anchor: 'machines', user: { from: 'subject.CN' } }])
    assert.deepEqual(aliases, ['machines'])
    assert.equal(found('tightened', /exempts nothing/), 1)
    const double = testAuthority({ name: 'CN=Machines,O=Another' })
    const trusted = { machines: authority.certificate, other: double.certificate }
    assert.deepEqual((await read({ ...off, trusted, inside: intermediate('Machines') })).bindings, [])
    assert.deepEqual((await read({ ...off, inside: intermediate('Nobody') })).bindings, [])
  })

  test('deployment.toml says the same in its tables', async () => {
    const toml = `
[client_certificate_based_authentication]
enable = true
[[client_certificate_based_authentication.user_thumbprint_mapping]]
trusted_issuer = "CN=Machines,O=Example"
cert_thumbprint = "${colons(issued.thumbprint)}"
allowed_username = ["ops"]
[[client_certificate_based_authentication.system_thumbprint_mapping]]
trusted_issuer = "CN=Machines,O=Example"
allowed_system_user = "batch"
[[resource.access_control]]
context = "(.*)/scim2/Users"
secure = true
http_method = "GET"
permissions = ["/permission/x"]
[certificate_validation]
ocsp_validator_enabled = true
`
    const { bindings, rule, value, found } = await read({
      ...off,
      toml,
      inside: rules(resource('(.*)/scim2/Users', 'secured="true" http-method="all"', permit('/permission/later'))),
    })
    assert.deepEqual(bindings, [
      { anchor: 'machines', users: ['batch'] },
      { thumbprint: issued.thumbprint, users: ['ops'] },
    ])
    assert.deepEqual(rule('GET', '/scim2/Users')?.permissions, ['/permission/x'])
    assert.deepEqual(rule('POST', '/scim2/Users')?.permissions, ['/permission/later'])
    assert.deepEqual(value.revocation.order, ['ocsp'])
    assert.equal(found('warning', /is not carried/), 0)
  })

  test('IntermediateCertValidation and the handler by deployment.toml', async () => {
    const { bindings } = await read({
      ...off,
      toml: '[intermediate_cert_validation]\nenable = true\ncert_cns = ["Machines"]\nexempt_contexts = ["scim2"]\n',
    })
    assert.deepEqual(bindings, [{ anchor: 'machines', user: { from: 'subject.CN' } }])
    const { value } = await read({
      toml: '[event.default_listener.client_certificate_authentication_handler]\nenable = false\n',
    })
    assert.deepEqual(value.scim.require, ['basic'])
  })
})

describe('a certificate in a header', () => {
  const inside =
    '<X509><X509RequestHeaderName>X-SSL-CERT</X509RequestHeaderName><X509RequestHeaderEncoded>true</X509RequestHeaderEncoded></X509>'

  test('is believed from nobody until a proxy is named, and how to name one is told', async () => {
    const { value, findings } = await read({ inside })
    assert.deepEqual(value.proxies, [])
    const [finding] = findings.filter(({ what }) => what.includes('X-SSL-CERT'))
    assert.equal(finding?.severity, 'tightened')
    assert.match(finding?.remedy ?? '', /proxies: \[\{ name: edge, proof/)
  })

  test('takes its name and encoding from the home when one is', async () => {
    const proxy = `proxies: [{ name: edge, proof: { thumbprints: ["${pinned.thumbprint}"] }, clientCertificate: { form: pem-header } }]`
    const { value } = await read({ inside, files: { 'repository/conf/countersign.yaml': proxy } })
    assert.deepEqual(value.proxies[0]?.clientCertificate, { form: 'pem-header', header: 'X-SSL-CERT', encoding: 'url' })
  })
})

describe('user-mgt.xml and carbon.xml', () => {
  const users = `<UserManager><Realm><Configuration><AdminRole>boss</AdminRole><AdminUser><UserName>root</UserName><Password>admin</Password></AdminUser></Configuration>
<UserStoreManager class="org.wso2.carbon.user.core.ldap.ReadWriteLDAPUserStoreManager"><Property name="MaxUserNameListLength">250</Property><Property name="MaxRoleNameListLength">20</Property></UserStoreManager></Realm></UserManager>`

  test('the administrator is not made; how to make it, and which role counts, is told', async () => {
    const { findings, value } = await read({ files: { 'repository/conf/user-mgt.xml': users } })
    const remedies = findings.map(({ remedy }) => remedy ?? '').join('\n')
    assert.match(remedies, /countersign user add root --role admin --carbon-home \//)
    assert.match(remedies, /Give administrators the role admin/)
    assert.ok(findings.some(({ what }) => what.includes('ReadWriteLDAPUserStoreManager is not read')))
    assert.deepEqual([value.soap.limits.maxListedUsers, value.soap.limits.maxListedRoles], [250, 20])
    assert.equal(JSON.stringify(value).includes('"admin"'), false)
  })

  test('the administrator is told of at start for as long as there is no user store', async () => {
    const files = { 'repository/conf/user-mgt.xml': users }
    const { found } = await read({ files })
    assert.equal(found('warning', /administrator root is not made/), 1)
    const made = await read({ files: { ...files, 'repository/data/countersign/countersign.db': '' } })
    assert.equal(made.found('ignored', /administrator root is not made/), 1)
  })

  test('WSDLs are hidden unless the home shows them', async () => {
    assert.equal((await read({})).value.soap.wsdl, 'hidden')
    const carbon = (hidden: string) =>
      `<Server><Version>5.6.0</Version><Axis2Config><HideAdminServiceWSDLs>${hidden}</HideAdminServiceWSDLs></Axis2Config><Security><TrustStore><Location>repository/resources/security/client-truststore.jks</Location><Password>wso2carbon</Password></TrustStore></Security></Server>`
    for (const [text, wsdl] of [
      ['false', 'shown'],
      ['true', 'hidden'],
      ['no', 'hidden'],
    ] as const) {
      const { value } = await read({ files: { 'repository/conf/carbon.xml': carbon(text) } })
      assert.deepEqual([value.soap.wsdl, value.soap.serverVersion], [wsdl, '5.6.0'])
    }
  })

  test('deployment.toml has an administrator and a store as well', async () => {
    const { findings } = await read({
      toml: '[super_admin]\nusername = "root"\npassword = "secret-of-root"\n[user_store]\ntype = "database"\n',
    })
    assert.ok(findings.some(({ what }) => what.includes('administrator root is not made')))
    assert.ok(findings.some(({ what }) => what.includes('user store database')))
    assert.equal(JSON.stringify(findings).includes('secret-of-root'), false)
  })
})

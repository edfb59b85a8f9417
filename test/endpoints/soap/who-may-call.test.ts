import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { soapServices } from '../../../src/endpoints/soap/services/all.ts'
import { until } from '../../support/home.ts'
import { adminPassword, envelope11, openHost, type Reply, userStore } from './host.ts'

const host = await openHost()
const store = 'RemoteUserStoreManagerService'
const path = `/services/${store}`
const identity = '/permission/admin/manage/identity'
const tenant = 'default'
const call = (operation: string, children = '', asking = {}) => host.call(store, userStore, operation, children, asking)
const user = (name: string) => `<w:userName>${name}</w:userName>`
const cookieOf = ({ headers }: Reply) => String(headers['set-cookie']?.[0] ?? '').split(';')[0]!
const basic = (name: string, password: string) => ({
  Authorization: `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`,
})
const facts = ({ status, fault }: Reply) => [status, fault?.code, fault?.problem]

await host.directory.roles.add({
  tenant,
  name: 'helpdesk',
  permissions: [{ resource: `${identity}/usermgt`, action: 'ui.execute', effect: 'allow' }],
})
await host.directory.roles.add({
  tenant,
  name: 'keeper',
  permissions: [{ resource: identity, action: 'ui.execute', effect: 'allow' }],
})
await host.directory.roles.add({
  tenant,
  name: 'operator',
  permissions: [{ resource: '/permission/protected', action: 'ui.execute', effect: 'allow' }],
})
await host.directory.users.add({ tenant, name: 'helper', roles: ['helpdesk'] })
await host.directory.users.add({ tenant, name: 'keeper', roles: ['keeper'] })

suite('who the caller is', () => {
  test('the header of HTTP names the user, else that of the message, and neither more than the binding allows', async () => {
    const named = (name: string) => `<m:UserName xmlns:m="http://mutualssl.carbon.wso2.org">${name}</m:UserName>`
    const body = (header: string) =>
      envelope11(`<w:isExistingUser xmlns:w="${userStore}">${user('bob')}</w:isExistingUser>`, header)
    const headers = { 'Content-Type': 'text/xml' }
    assert.deepEqual((await host.ask(path, { headers, body: body(named('admin')) })).returns, ['true'])
    assert.deepEqual(facts(await host.ask(path, { headers, as: 'bob', body: body(named('admin')) })), [
      500,
      '50978',
      'forbidden',
    ])
    const other = await host.ask(path, { headers, certificate: host.bob, body: body(named('admin')) })
    assert.deepEqual(facts(other), [500, '50977', 'certificate_not_bound'])
    assert.equal(other.fault?.text, 'Access Denied. Please login first.')
    const malformed = await host.ask(path, { headers, body: body(named('')) })
    assert.deepEqual(facts(malformed), [500, '50977', 'username_malformed'])
    assert.equal((await host.ask(path, { headers, body: body(named('admin') + named('bob')) })).fault?.code, 'Client')
  })

  test('whoever brings nothing, or a wrong password, is asked for one', async () => {
    const none = await call('isReadOnly', '', { certificate: null, as: undefined })
    assert.deepEqual(facts(none), [401, '50977', 'certificate_required'])
    assert.match(String(none.headers['www-authenticate']), /^Basic realm="Countersign"/)
    const wrong = await call('isReadOnly', '', { certificate: null, headers: basic('admin', 'wrong') })
    assert.deepEqual(facts(wrong), [401, '50977', 'credentials_invalid'])
    const right = await call('isReadOnly', '', { certificate: null, headers: basic('admin', adminPassword) })
    assert.deepEqual(right.returns, ['false'])
  })

  test('CVE-2025-9312: a certificate that nobody trusts, or that is bound to others, opens nothing', async () => {
    assert.deepEqual(facts(await call('isReadOnly', '', { certificate: host.stranger })), [
      500,
      '50977',
      'issuer_unknown',
    ])
    assert.deepEqual(facts(await call('isReadOnly', '', { certificate: host.bob })), [
      500,
      '50977',
      'certificate_not_bound',
    ])
  })

  test('a stranger’s message is not read', async () => {
    const reply = await host.ask(path, { certificate: null, headers: { 'Content-Type': 'text/xml' }, body: 'no XML' })
    assert.equal(reply.status, 401)
  })
})

suite('sessions', () => {
  test('the cookie of a certificate goes on for it, and for no other or none', async () => {
    const headers = { Cookie: cookieOf(await call('isReadOnly')) }
    assert.match(headers.Cookie, /^JSESSIONID=/)
    assert.deepEqual((await call('isReadOnly', '', { headers, as: undefined })).returns, ['false'])
    assert.equal((await call('isReadOnly', '', { headers, as: undefined, certificate: host.bob })).fault?.code, '50978')
    assert.equal((await call('isReadOnly', '', { headers, as: undefined, certificate: null })).status, 401)
  })

  const login = (name: string, password: string, asking = {}) =>
    host.call(
      'AuthenticationAdmin',
      'http://authentication.services.core.carbon.wso2.org',
      'login',
      `<w:username>${name}</w:username><w:password>${password}</w:password>`,
      { certificate: null, as: undefined, ...asking },
    )

  test('login by password gives a session, which ends with logout and with the password', async () => {
    const first = await login('admin', adminPassword)
    assert.deepEqual(first.returns, ['true'])
    const headers = { Cookie: cookieOf(first) }
    const ask = () => call('isReadOnly', '', { headers, certificate: null, as: undefined })
    assert.deepEqual((await ask()).returns, ['false'])
    const logout = await host.call(
      'AuthenticationAdmin',
      'http://authentication.services.core.carbon.wso2.org',
      'logout',
      '',
      { headers, certificate: null, as: undefined },
    )
    assert.equal(logout.status, 202)
    assert.equal((await ask()).status, 401)
    const again = { Cookie: cookieOf(await login('admin', adminPassword)) }
    const admin = await host.directory.users.find(tenant, 'admin')
    await host.directory.users.change(tenant, admin!.id, () => ({ password: adminPassword }))
    assert.equal((await call('isReadOnly', '', { headers: again, certificate: null, as: undefined })).status, 401)
  })

  test('a wrong password, nobody and whoever may not sign in to services get the same no', async () => {
    await host.directory.users.add({ tenant, name: 'plain', password: 'a plain password' })
    for (const [name, password] of [
      ['admin', 'wrong'],
      ['nobody', 'wrong'],
      ['plain', 'a plain password'],
    ] as const) {
      const reply = await login(name, password)
      assert.deepEqual([reply.status, reply.returns, reply.headers['set-cookie']], [200, ['false'], undefined], name)
    }
  })
})

suite('permissions', () => {
  test('every operation says who may call it, and those for anyone are these', () => {
    const anonymous: string[] = []
    for (const service of Object.values(soapServices)) {
      for (const { name, access, effect } of service.operations.values()) {
        if (access === 'anonymous') anonymous.push(`${service.name}.${name}`)
        else assert.ok(access.length > 0 && access.every(each => each.startsWith('/permission/')), name)
        if (access !== 'anonymous' && access.some(each => each.startsWith('/permission/protected')))
          assert.equal(service.callers, 'default-tenant', name)
        if (
          /^(?:add|bulkImport|delete|update|set|change|authenticate|login|logout|authorize|deny|clear|(?:de)?activate|restart|shutdown)/.test(
            name,
          )
        )
          assert.equal(effect, 'changes', name)
      }
    }
    assert.deepEqual(anonymous.toSorted(), [
      'AuthenticationAdmin.getAuthenticatorName',
      'AuthenticationAdmin.getPriority',
      'AuthenticationAdmin.isDisabled',
      'AuthenticationAdmin.login',
      'AuthenticationAdmin.loginWithRememberMeCookie',
      'AuthenticationAdmin.loginWithRememberMeOption',
      'AuthenticationAdmin.logout',
      'UserAdmin.changePasswordByUser',
    ])
  })

  test('CVE-2025-9804: nobody without a permission calls anything else', async () => {
    for (const service of Object.values(soapServices)) {
      for (const { name, access } of service.operations.values()) {
        if (access === 'anonymous') continue
        const reply = await host.call(service.name, service.namespace, name, '', {
          certificate: host.bob,
          as: undefined,
        })
        assert.deepEqual(facts(reply), [500, '50978', 'forbidden'], `${service.name}.${name}`)
        assert.equal(reply.fault?.text, 'Access Denied.')
      }
    }
  })

  test('CVE-2024-7096: nobody gives, or takes over, more than they have', async () => {
    const as = (name: string) => ({ as: name })
    const denied = async (operation: string, children: string, name: string) =>
      assert.equal((await call(operation, children, as(name))).fault?.code, '50978', operation)
    await denied('addUser', `${user('eve')}<w:roleList>admin</w:roleList>`, 'helper')
    await denied('addUser', `${user('eve')}<w:roleList>operator</w:roleList>`, 'helper')
    await denied('updateRoleListOfUser', `${user('helper')}<w:newRoles>admin</w:newRoles>`, 'helper')
    await denied('updateRoleListOfUser', `${user('admin')}<w:deletedRoles>admin</w:deletedRoles>`, 'helper')
    await denied(
      'updateCredentialByAdmin',
      `${user('admin')}<w:newCredential>mine now mine</w:newCredential>`,
      'helper',
    )
    await denied('deleteUser', user('admin'), 'helper')
    const lock =
      '<w:claimURI>http://wso2.org/claims/identity/accountLocked</w:claimURI><w:claimValue>true</w:claimValue>'
    await denied('setUserClaimValue', `${user('admin')}${lock}`, 'helper')
    await denied(
      'addRole',
      '<w:roleName>r</w:roleName><w:permissions><w:resourceId>/permission</w:resourceId></w:permissions>',
      'keeper',
    )
    await denied('updateRoleName', '<w:roleName>operator</w:roleName><w:newRoleName>o</w:newRoleName>', 'keeper')
    await denied('updateUserListOfRole', '<w:roleName>admin</w:roleName><w:newUsers>keeper</w:newUsers>', 'keeper')
    const grant = '<w:resourceId>/permission/protected</w:resourceId><w:action>ui.execute</w:action>'
    const granted = await host.call(
      'RemoteAuthorizationManagerService',
      userStore,
      'authorizeRole',
      `<w:roleName>keeper</w:roleName>${grant}`,
      as('keeper'),
    )
    assert.equal(granted.fault?.code, '50978')
    assert.equal(await host.directory.users.find(tenant, 'eve'), undefined)
    assert.deepEqual((await host.directory.users.find(tenant, 'helper'))?.roles, ['helpdesk'])
    assert.equal((await call('addUser', `${user('fred')}<w:roleList>helpdesk</w:roleList>`, as('helper'))).status, 202)
  })
})

suite('tenants', () => {
  test('each works in their own, in the address of another nobody does, and services of the server are for the first', async () => {
    const anna = 'annas long password'
    const setup = await openHost(
      {},
      {
        authenticators: {
          'mutual-tls': { bindings: [] },
          basic: { enabled: true, tenants: 'suffix' },
        },
      },
    )
    const { directory } = setup
    await directory.tenants.add('example.org')
    await directory.roles.add({ tenant: 'example.org', name: 'admin' })
    await directory.users.add({ tenant: 'example.org', name: 'anna', roles: ['admin'], password: anna })
    const as = (name: string, password: string) => ({
      certificate: null,
      as: undefined,
      headers: basic(name, password),
    })
    const own = await setup.call(store, userStore, 'listUsers', '', as('anna@example.org', anna))
    assert.deepEqual(own.returns, ['anna'])
    const body = envelope11(`<w:listUsers xmlns:w="${userStore}"/>`)
    const at = (to: string, name: string, password: string) =>
      setup.ask(to, { certificate: null, headers: { ...basic(name, password), 'Content-Type': 'text/xml' }, body })
    assert.deepEqual((await at(`/t/example.org${path}`, 'anna@example.org', anna)).returns, ['anna'])
    const foreign = await at(`/t/example.org${path}`, 'admin', adminPassword)
    assert.deepEqual(facts(foreign), [500, '50977', 'forbidden'])
    assert.equal(
      foreign.fault?.text,
      'Access Denied. A user admin@carbon.super is trying to access services in domain example.org',
    )
    assert.equal((await at(`/t/carbon.super${path}`, 'anna@example.org', anna)).fault?.code, '50977')
    const server = await setup.call(
      'TenantMgtAdminService',
      'http://services.mgt.tenant.carbon.wso2.org',
      'retrieveTenants',
      '',
      as('anna@example.org', anna),
    )
    assert.deepEqual([server.fault?.code, server.fault?.text], ['50978', 'Denied accessing super tenant service.'])
    // WSO2-2022-2281
    await directory.tenants.change('example.org', { state: 'inactive' })
    assert.notEqual((await at(path, 'anna@example.org', anna)).status, 200)
    await until(async () => (await at(path, 'anna@example.org', anna)).status === 401, 'nobody gets in any more')
  })
})

test('CVE-2024-2323: passwords are not guessed at through the services', async () => {
  const guessed = await openHost()
  await guessed.directory.users.add({ tenant, name: 'carol', password: 'carols long password' })
  const guess = (operation: string, children: string) => guessed.call(store, userStore, operation, children)
  let last: Reply | undefined
  for (let i = 0; i < 40 && last?.fault?.problem !== 'attempts_throttled'; i++) {
    last = await guess(
      i % 2 ? 'updateCredential' : 'authenticate',
      i % 2
        ? `${user('carol')}<w:newCredential>another password</w:newCredential><w:oldCredential>guess ${i}</w:oldCredential>`
        : `${user('carol')}<w:credential>guess ${i}</w:credential>`,
    )
  }
  assert.equal(last?.fault?.problem, 'attempts_throttled')
  const right = await guess('authenticate', `${user('carol')}<w:credential>carols long password</w:credential>`)
  assert.equal(right.fault?.problem, 'attempts_throttled', 'nor is the right one told')
})

test('a form of another site is refused, although the browser sends certificate and cookie along', async () => {
  const form = (headers: Record<string, string>) =>
    host.ask(`${path}/deleteUser`, {
      as: 'admin',
      headers: { 'Content-Type': 'application/x-www-form-urlencoded', ...headers },
      body: 'userName=bob',
    })
  const foreign: Record<string, string>[] = [
    { 'Sec-Fetch-Site': 'cross-site' },
    { 'Sec-Fetch-Site': 'same-site' },
    { Origin: 'https://evil.example' },
    { Origin: 'null' },
  ]
  for (const headers of foreign) assert.equal((await form(headers)).status, 403)
  assert.notEqual(await host.directory.users.find(tenant, 'bob'), undefined)
})

test('what was changed stands in the audit record, with who did it', async () => {
  await call('addUser', user('audited'))
  await host.home.restart()
  const records = host.home.audit()
  const found = records.find(record => JSON.stringify(record).includes('"audited"'))
  assert.match(JSON.stringify(found), /user-changed.*admin@default|admin@default.*user-changed/)
})

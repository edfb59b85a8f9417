import assert from 'node:assert/strict'
import { before, suite, test } from 'node:test'
import { until } from '../../support/home.ts'
import { type Ask, core, groupBody, identity, messages, openScim, patchBody, userBody } from '../../support/scim.ts'

const server = await openScim()
const { home } = server
const { directory } = home
const admin = server.as('admin')

suite('each permission opens what the access table says, and nothing else', () => {
  const permissions = [
    ...['create', 'list', 'view', 'update', 'delete'].map(verb => `usermgt/${verb}`),
    ...['create', 'view', 'update', 'delete'].map(verb => `rolemgt/${verb}`),
  ]
  const asks = new Map<string, Ask>()
  let user = ''
  let group = ''

  before(async () => {
    for (const permission of permissions) {
      const name = permission.replace('/', '-')
      await server.addUser(name, [`${identity}/${permission}`])
      asks.set(permission, server.as(name))
    }
    user = (await server.addUser('target')).id
    group = (await directory.roles.add({ tenant: 'default', name: 'target' })).id
  })

  for (const [method, path, body, permission, expected] of [
    ['POST', () => '/Users', () => userBody('made'), 'usermgt/create', 201],
    ['GET', () => '/Users', undefined, 'usermgt/list', 200],
    ['POST', () => '/Users/.search', () => ({ schemas: [`${messages}:SearchRequest`] }), 'usermgt/list', 200],
    ['GET', () => `/Users/${user}`, undefined, 'usermgt/view', 200],
    ['PUT', () => `/Users/${user}`, () => userBody('target'), 'usermgt/update', 200],
    ['PATCH', () => `/Users/${user}`, () => patchBody({ op: 'remove', path: 'title' }), 'usermgt/update', 200],
    ['POST', () => '/Groups', () => groupBody('made'), 'rolemgt/create', 201],
    ['GET', () => '/Groups', undefined, 'rolemgt/view', 200],
    ['POST', () => '/Groups/.search', () => ({ schemas: [`${messages}:SearchRequest`] }), 'rolemgt/view', 200],
    ['GET', () => `/Groups/${group}`, undefined, 'rolemgt/view', 200],
    ['PUT', () => `/Groups/${group}`, () => groupBody('target'), 'rolemgt/update', 200],
    ['PATCH', () => `/Groups/${group}`, () => patchBody({ op: 'remove', path: 'members' }), 'rolemgt/update', 200],
    ['DELETE', () => `/Users/${user}`, undefined, 'usermgt/delete', 204],
    ['DELETE', () => `/Groups/${group}`, undefined, 'rolemgt/delete', 204],
  ] as const) {
    test(`${method} ${path().replace(/\/$/, '/ID')} takes ${permission}`, async () => {
      const asking = body === undefined ? {} : { body: body() }
      for (const other of permissions.filter(each => each !== permission)) {
        const refused = await asks.get(other)!(method, path(), asking)
        assert.deepEqual([refused.status, refused.body.code], [403, 'forbidden'], other)
      }
      assert.equal((await server.as()(method, path(), asking)).status, 401)
      assert.equal((await asks.get(permission)!(method, path(), asking)).status, expected)
    })
  }
})

suite('nobody hands out more than they have', () => {
  const everything = [`${identity}/usermgt`, `${identity}/rolemgt`]
  let boss: Ask
  let bossId = ''
  let helper: Ask
  let victim = ''
  let adminId = ''
  let adminRole = ''
  let monitor = ''
  let buyers = ''

  before(async () => {
    bossId = (await server.addUser('boss', everything)).id
    boss = server.as('boss')
    await server.addUser('helper', [`${identity}/usermgt/update`, `${identity}/rolemgt/update`])
    helper = server.as('helper')
    adminId = (await directory.users.find('default', 'admin'))!.id
    adminRole = (await directory.roles.find('default', 'admin'))!.id
    const permission = { resource: '/permission/admin/monitor', action: 'ui.execute', effect: 'allow' } as const
    monitor = (await directory.roles.add({ tenant: 'default', name: 'monitor', permissions: [permission] })).id
    buyers = (await directory.roles.add({ tenant: 'default', name: 'buyers' })).id
    victim = (await server.addUser('watcher', [], { roles: ['monitor'] })).id
  })

  const add = (id: string) => patchBody({ op: 'add', path: 'members', value: [{ value: id }] })
  const password = patchBody({ op: 'replace', path: 'password', value: 'now it is mine' })

  for (const [what, ask] of [
    ['joins the admins', () => boss('PATCH', `/Groups/${adminRole}`, { body: add(bossId) })],
    ['replaces the admins', () => boss('PUT', `/Groups/${adminRole}`, { body: groupBody('admin', [bossId]) })],
    ['removes the role admin', () => boss('DELETE', `/Groups/${adminRole}`)],
    ['joins a group with permissions of others', () => boss('PATCH', `/Groups/${monitor}`, { body: add(bossId) })],
    [
      'makes a group by the name of an administrator’s',
      () => boss('POST', '/t/wso2.com/scim2/Groups', { body: groupBody('admin', [bossId]) }),
    ],
    [
      'gives a group the name admin',
      () =>
        boss('PATCH', `/Groups/${buyers}`, { body: patchBody({ op: 'replace', path: 'displayName', value: 'admin' }) }),
    ],
    ['sets the password of an administrator', () => boss('PATCH', `/Users/${adminId}`, { body: password })],
    [
      'locks an administrator',
      () => boss('PATCH', `/Users/${adminId}`, { body: patchBody({ op: 'replace', value: { active: false } }) }),
    ],
    [
      'replaces an administrator',
      () => boss('PUT', `/Users/${adminId}`, { body: userBody('admin', { password: 'now it is mine' }) }),
    ],
    ['removes an administrator', () => boss('DELETE', `/Users/${adminId}`)],
    [
      'sets the password of somebody who has other permissions',
      () => boss('PATCH', `/Users/${victim}`, { body: password }),
    ],
    ['removes somebody who has other permissions', () => boss('DELETE', `/Users/${victim}`)],
    ['sets the password of somebody who has more', () => helper('PATCH', `/Users/${bossId}`, { body: password })],
    [
      'joins the group of somebody who has more',
      async () =>
        helper('PATCH', `/Groups/${(await directory.roles.find('default', 'boss'))!.id}`, { body: add(bossId) }),
    ],
    [
      'gives a user another name without being allowed to make users',
      async () => {
        const { id } = await server.addUser('plain')
        return helper('PATCH', `/Users/${id}`, { body: patchBody({ op: 'replace', path: 'userName', value: 'ops' }) })
      },
    ],
    [
      'gives a group another name without being allowed to make groups',
      () =>
        helper('PATCH', `/Groups/${buyers}`, { body: patchBody({ op: 'replace', path: 'displayName', value: 'ops' }) }),
    ],
  ] as const) {
    test(what, async () => {
      const { status, body } = await ask()
      assert.deepEqual([status, body.code], [403, 'forbidden'])
    })
  }

  test('what is within one’s own permissions goes', async () => {
    const { id } = await server.addUser('somebody')
    assert.equal((await boss('PATCH', `/Groups/${buyers}`, { body: add(id) })).status, 200)
    assert.equal((await boss('PATCH', `/Users/${id}`, { body: password })).status, 200)
    assert.equal(
      (await boss('PATCH', `/Users/${id}`, { body: patchBody({ op: 'replace', path: 'userName', value: 'else' }) }))
        .status,
      200,
    )
    assert.equal((await boss('POST', '/Groups', { body: groupBody('fresh', [id]) })).status, 201)
    assert.equal((await boss('DELETE', `/Users/${id}`)).status, 204)
  })

  test('not in a bulk request, either, whose every operation is asked about by itself', async () => {
    await server.addUser('bulker', [`${identity}/usermgt`])
    const bulker = server.as('bulker')
    const operations = [
      { method: 'POST', path: '/Users', bulkId: '1', data: userBody('bulky') },
      { method: 'POST', path: '/Groups', bulkId: '2', data: groupBody('bulky', ['bulkId:1']) },
      { method: 'PATCH', path: `/Groups/${adminRole}`, data: add('bulkId:1') },
      { method: 'PATCH', path: `/Users/${adminId}`, data: password },
    ]
    const { body } = await bulker('POST', '/Bulk', {
      body: { schemas: [`${messages}:BulkRequest`], Operations: operations },
    })
    assert.deepEqual(
      body.Operations.map(({ status }: { status: string }) => status),
      ['201', '403', '403', '403'],
    )
  })

  test('the role admin keeps its name, and stays', async () => {
    const renamed = await admin('PATCH', `/Groups/${adminRole}`, {
      body: patchBody({ op: 'replace', path: 'displayName', value: 'root' }),
    })
    assert.deepEqual([renamed.status, renamed.body.scimType], [400, 'mutability'])
    assert.equal((await admin('DELETE', `/Groups/${adminRole}`)).status, 400)
  })
})

suite('tenants', () => {
  before(async () => {
    await directory.tenants.add('wso2.com')
    await directory.roles.add({ tenant: 'wso2.com', name: 'admin' })
    await server.addUser('tina', [], { tenant: 'wso2.com', roles: ['admin'] })
    await server.addUser('admin', [], { tenant: 'wso2.com' })
  })

  test('the administrator of a tenant sees it and no other', async () => {
    const tina = server.as('tina@wso2.com')
    const own = await tina('GET', '/t/wso2.com/scim2/Users')
    assert.deepEqual(
      own.body.Resources.map(({ userName }: { userName: string }) => userName),
      ['admin', 'tina'],
    )
    assert.match(own.body.Resources[0].meta.location, /\/t\/wso2\.com\/scim2\/Users\//)
    for (const path of [
      '/scim2/Users',
      '/t/carbon.super/scim2/Users',
      '/t/default/scim2/Users',
      '/t/other.com/scim2/Users',
      '/scim2/Me',
    ])
      assert.equal((await tina('GET', path)).status, 403, path)
    const foreign = (await directory.users.find('default', 'admin'))!.id
    assert.equal((await tina('GET', `/t/wso2.com/scim2/Users/${foreign}`)).status, 404)
    const put = await tina('POST', '/t/wso2.com/scim2/Groups', { body: groupBody('mixed', [foreign]) })
    assert.deepEqual([put.status, put.body.scimType], [400, 'invalidValue'])
  })

  test('who is called admin in another tenant is somebody else', async () => {
    assert.equal((await server.as('admin@wso2.com')('GET', '/t/wso2.com/scim2/Users')).status, 403)
  })

  test('the administrator of all comes to another tenant where a rule says so, and only there', async () => {
    assert.equal((await admin('GET', '/t/wso2.com/scim2/Users')).status, 403)
    assert.equal((await admin('GET', '/t/carbon.super/scim2/Users')).status, 200)
  })

  test('an inactive tenant lets no one in', async () => {
    await directory.tenants.add('gone.com')
    await directory.tenants.change('wso2.com', { state: 'inactive' })
    const tina = server.as('tina@wso2.com')
    await until(
      async () => (await tina('GET', '/t/wso2.com/scim2/Users')).status >= 401,
      'a tenant that is switched off',
    )
    for (const path of ['Users', 'Groups', 'Me']) {
      const { status } = await tina('GET', `/t/wso2.com/scim2/${path}`)
      assert.ok(status === 401 || status === 403, path)
    }
    await directory.tenants.change('wso2.com', { state: 'active' })
  })
})

suite('who is asking', () => {
  test('an explicit credential counts, and not the certificate beside it', async () => {
    const basic = (text: string) => ({ headers: { authorization: `Basic ${Buffer.from(text).toString('base64')}` } })
    const nobody = server.as('nobody-special')
    await server.addUser('nobody-special')
    assert.equal((await nobody('GET', '/Users')).status, 403)
    assert.equal((await nobody('GET', '/Users', basic('admin:admin-password'))).status, 200)
    const wrong = await admin('GET', '/Users', basic('admin:wrong'))
    assert.deepEqual([wrong.status, wrong.body.code], [401, 'credentials_invalid'])
    const unknown = await admin('GET', '/Users', { headers: { authorization: 'Bearer xyz' } })
    assert.equal(unknown.status, 200, 'a token that nobody here issues takes nothing from the certificate')
  })

  test('WSO2-Identity-User selects among the users of the certificate, and adds none', async () => {
    const as = (user: string) => ({ headers: { 'wso2-identity-user': user } })
    await server.addUser('plain-user')
    const plain = server.as('plain-user')
    assert.equal((await admin('GET', '/Users', as('admin'))).status, 200)
    for (const [ask, user] of [
      [admin, 'boss'],
      [plain, 'admin'],
      [plain, 'no such user'],
    ] as const) {
      const { status, body } = await ask('GET', '/Users', as(user))
      assert.deepEqual([status, body.code], [401, 'certificate_not_bound'], user)
    }
    const malformed = await plain('GET', '/Users', as('a,b'))
    assert.equal(malformed.body.code, 'username_malformed')
    assert.equal((await server.as()('GET', '/Users', as('admin'))).status, 401)
  })

  test('a page of another site changes nothing by the browser’s certificate', async () => {
    for (const headers of [
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { origin: 'https://evil.example' },
      { origin: 'null' },
    ] as readonly Readonly<Record<string, string>>[]) {
      const { status, body } = await admin('POST', '/Users', {
        headers,
        body: userBody('forged'),
      })
      assert.deepEqual([status, body.code], [403, 'forbidden'], JSON.stringify(headers))
      for (const method of ['PUT', 'PATCH', 'DELETE'])
        assert.equal(
          (
            await admin(method, '/Users/1', {
              headers,
              ...(method === 'DELETE' ? {} : { body: {} }),
            })
          ).status,
          403,
        )
      assert.equal((await admin('POST', '/Bulk', { headers, body: {} })).status, 403)
    }
    assert.equal(
      (
        await admin('POST', '/Users', {
          headers: { 'content-type': 'text/plain' },
          body: JSON.stringify(userBody('forged')),
        })
      ).status,
      415,
    )
    assert.equal(await directory.users.find('default', 'forged'), undefined)
  })

  test('a locked user does nothing any more', async () => {
    const { id } = await server.addUser('leaver', [`${identity}/usermgt/list`])
    const leaver = server.as('leaver')
    assert.equal((await leaver('GET', '/Users')).status, 200)
    await admin('PATCH', `/Users/${id}`, { body: patchBody({ op: 'replace', path: 'active', value: false }) })
    const { status, body } = await leaver('GET', '/Users')
    assert.deepEqual([status, body.code], [401, 'account_locked'])
  })
})

suite('another access table', async () => {
  const narrow = await openScim({
    access: [
      { path: '/scim2/Users', methods: ['get'], permissions: [`${identity}/usermgt/list`] },
      { path: '/scim2/Users/(.*)', caller: 'anyone' },
      { path: '(.*)/scim2/Groups', crossTenant: 'default-tenant-admin' },
      { path: '/scim2/ServiceProviderConfig' },
    ],
  })

  test('what no rule is about is closed, to administrators as well', async () => {
    const root = narrow.as('admin')
    assert.equal((await root('GET', '/Users')).status, 200)
    for (const [method, path, body] of [
      ['POST', '/Users', userBody('x')],
      ['GET', '/Me', undefined],
      ['GET', '/Schemas', undefined],
      ['POST', '/Bulk', {}],
    ] as const)
      assert.equal((await root(method, path, body === undefined ? {} : { body })).status, 403, path)
  })

  test('a rule for anyone opens no user', async () => {
    const { id } = (await narrow.home.directory.users.find('default', 'admin'))!
    assert.equal((await narrow.as()('GET', `/Users/${id}`)).status, 401)
    assert.equal((await narrow.as('admin')('GET', `/Users/${id}`)).status, 403)
  })

  test('documents are for users only, where the table says so', async () => {
    assert.equal((await narrow.as()('GET', '/ServiceProviderConfig')).status, 401)
    assert.equal((await narrow.as('admin')('GET', '/ServiceProviderConfig')).status, 200)
  })

  test('the administrator of all comes to another tenant where the rule says so', async () => {
    await narrow.home.directory.tenants.add('wso2.com')
    await narrow.home.directory.roles.add({ tenant: 'wso2.com', name: 'theirs' })
    const { status, body } = await narrow.as('admin')('GET', '/t/wso2.com/scim2/Groups')
    assert.deepEqual(
      [status, body.Resources.map(({ displayName }: { displayName: string }) => displayName)],
      [200, ['theirs']],
    )
    assert.equal(
      (await narrow.as('admin')('POST', '/t/nowhere.com/scim2/Groups', { body: groupBody('x') })).status,
      404,
    )
    await narrow.addUser('visitor')
    assert.equal((await narrow.as('visitor')('GET', '/t/wso2.com/scim2/Groups')).status, 403)
  })

  test('schemas of errors are the standard’s', async () => {
    const { body } = await narrow.as('admin')('GET', '/Users/1')
    assert.deepEqual(Object.keys(body), ['schemas', 'status', 'detail', 'code', 'remedy', 'requestId'])
    assert.ok(!JSON.stringify(body).includes(core))
  })
})

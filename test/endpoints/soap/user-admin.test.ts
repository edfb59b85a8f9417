// Operations of the console's pages that need more than calling them: trees, lists by permission, and users from a file.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { axis2, openHost, type Reply } from './host.ts'

const password = 'correct horse battery'
const host = await openHost(
  {},
  {
    authenticators: {
      'mutual-tls': { bindings: [{ anchor: 'authority', users: ['admin', 'clara', 'gus', 'max'] }] },
      basic: { enabled: true, tenants: 'suffix' },
    },
  },
)
const tenant = 'default'
const identity = '/permission/admin/manage/identity'
const call = (operation: string, children = '', as = 'admin') =>
  host.call('UserAdmin', axis2, operation, children, { as })
const allow = (resource: string) => ({ resource, action: 'ui.execute', effect: 'allow' }) as const
const names = ({ body }: Reply) => [...body.matchAll(/<ax1:itemName>([^<]*)</g)].map(match => match[1])

await host.directory.roles.add({
  tenant,
  name: 'clerk',
  permissions: [allow(`${identity}/usermgt`), allow('/permission/admin/orders'), allow('/permission/admin/login')],
})
await host.directory.roles.add({ tenant, name: 'guest', permissions: [allow('/permission/admin/login')] })
const title = { name: 'http://wso2.org/claims/title', value: 'Dr.' }
await host.directory.users.add({ tenant, name: 'clara', roles: ['clerk'], attributes: [title] })
await host.directory.users.add({ tenant, name: 'gus', roles: ['guest'], attributes: [title] })

suite('the tree of permissions', () => {
  /** Each path of the answer, with `+` where it is ticked. */
  function ticked({ status, body }: Reply): string[] {
    assert.equal(status, 200, body)
    const nodes = [...body.matchAll(/:resourcePath>([^<]*)<\/ax\d+:resourcePath><ax\d+:selected>(true|false)</g)]
    return nodes.map(([, path, selected]) => `${path}${selected === 'true' ? ' +' : ''}`).toSorted()
  }

  test('holds what services ask for and what roles hold, each with the paths above it, and ticks nothing', async () => {
    const paths = ticked(await call('getAllUIPermissions'))
    for (const path of [
      '/permission',
      '/permission/admin/manage',
      `${identity}/usermgt/list`,
      '/permission/admin/orders',
    ])
      assert.ok(paths.includes(path), path)
    assert.equal(new Set(paths).size, paths.length)
    assert.ok(paths.every(path => !path.endsWith(' +')))
  })

  test('ticks what the role may, and what stands below that', async () => {
    const clerk = ticked(await call('getRolePermissions', '<w:roleName>clerk</w:roleName>'))
    assert.deepEqual(
      clerk.filter(path => path.endsWith(' +')),
      [
        '/permission/admin/login +',
        ...['', '/create', '/delete', '/list', '/update', '/view'].map(each => `${identity}/usermgt${each} +`),
        '/permission/admin/orders +',
      ],
    )
    assert.ok(
      ticked(await call('getRolePermissions', '<w:roleName>admin</w:roleName>')).every(path => path.endsWith(' +')),
    )
    const nobody = await call('getRolePermissions', '<w:roleName>nobody</w:roleName>')
    assert.equal(nobody.fault?.problem, 'ERR_ROLE_UNKNOWN')
  })

  test('of another tenant shows nothing of the server', async () => {
    await host.directory.tenants.add('example.org')
    await host.directory.roles.add({ tenant: 'example.org', name: 'admin' })
    await host.directory.users.add({ tenant: 'example.org', name: 'anna', roles: ['admin'], password })
    const Authorization = `Basic ${Buffer.from(`anna@example.org:${password}`).toString('base64')}`
    const asking = { certificate: null, headers: { Authorization } }
    const paths = ticked(await host.call('UserAdmin', axis2, 'getAllUIPermissions', '', asking))
    assert.equal(paths[0], '/permission/admin')
    assert.ok(paths.every(path => path.startsWith('/permission/admin') && path !== '/permission/admin/orders'))
  })
})

suite('lists of those who hold a permission', () => {
  const held = `<w:permission>${identity}/usermgt/list</w:permission>`

  test('users, users by a claim, and roles', async () => {
    const claim = `<w:claimValue><w:claimURI>${title.name}</w:claimURI><w:value>Dr.</w:value></w:claimValue>`
    assert.deepEqual(names(await call('listAllUsersWithPermission', `<w:filter>*</w:filter>${held}`)), [
      'admin',
      'clara',
      'false',
    ])
    assert.deepEqual(names(await call('listUserByClaimWithPermission', claim + held)), ['clara'])
    assert.deepEqual(names(await call('listUserByClaim', claim)), ['clara', 'gus', 'false'])
    assert.deepEqual(names(await call('getAllPermittedRoleNames', held)), ['admin', 'clerk', 'false'])
    assert.deepEqual(names(await call('getAllSharedRoleNames')), ['false'])
  })

  test('a permission that is no path is refused', async () => {
    for (const operation of ['listAllUsersWithPermission', 'getAllPermittedRoleNames']) {
      const reply = await call(operation, '<w:permission>everything</w:permission>')
      assert.equal(reply.fault?.problem, 'ERR_PERMISSION_UNFIT', operation)
    }
  })
})

test('what is said of the realm: who the administrators are, to those who handle users alone', async () => {
  await host.directory.tenants.change(tenant, { admin: 'admin' })
  const known = await call('getUserRealmInfo')
  assert.match(known.body, /<ax1:adminRole>admin<\/ax1:adminRole><ax1:adminUser>admin<\/ax1:adminUser>/)
  assert.match(known.body, /<ax1:domainNames>PRIMARY<\/ax1:domainNames>/)
  const guest = await call('getUserRealmInfo', '', 'gus')
  assert.equal(guest.status, 200)
  assert.doesNotMatch(guest.body, /<ax1:admin/)
})

suite('roles', () => {
  test('an internal one is called so, and gives no more than its maker holds', async () => {
    const role = (name: string, path: string) =>
      `<w:roleName>${name}</w:roleName><w:permissions>${path}</w:permissions>`
    assert.equal((await call('addInternalRole', role('auditor', '/permission/admin/login'))).status, 202)
    assert.notEqual(await host.directory.roles.find(tenant, 'Internal/auditor'), undefined)
    await host.directory.roles.add({ tenant, name: 'maker', permissions: [allow(`${identity}/rolemgt`)] })
    await host.directory.users.add({ tenant, name: 'max', roles: ['maker'] })
    const more = await call('addInternalRole', role('boss', '/permission'), 'max')
    assert.equal(more.fault?.code, '50978')
    assert.equal(await host.directory.roles.find(tenant, 'Internal/boss'), undefined)
  })

  test('a shared one is refused, not made as one that is not', async () => {
    const reply = await call('addRole', '<w:roleName>ours</w:roleName><w:isSharedRole>true</w:isSharedRole>')
    assert.deepEqual([reply.status, reply.fault?.problem], [500, 'not_implemented'])
    assert.equal(await host.directory.roles.find(tenant, 'ours'), undefined)
  })
})

suite('users from a file', () => {
  const send = (text: string | Buffer, { name = 'users.csv', more = '', as = 'admin' } = {}) => {
    const handler = Buffer.from(text).toString('base64').replace(/.{76}/g, '$&\n')
    return call('bulkImportUsers', `<w:fileName>${name}</w:fileName><w:handler>${handler}</w:handler>${more}`, as)
  }

  test('name, password, claims and roles', async () => {
    const lines = [
      'UserName,Password,Claims',
      `PRIMARY/ida,${password},http://wso2.org/claims/title=Dr.,role=guest:clerk`,
      'jan',
      `"ka, ren","${password}",http://wso2.org/claims/url=https://example.org/?a=b`,
    ]
    const reply = await send(`\ufeff${lines.join('\r\n')}\r\n`, {
      more: '<w:userStoreDomain>PRIMARY</w:userStoreDomain>',
    })
    assert.equal(reply.status, 202, reply.body)
    const ida = await host.directory.users.find(tenant, 'ida')
    assert.deepEqual([ida?.roles.toSorted(), ida?.attributes[0]?.value], [['clerk', 'guest'], 'Dr.'])
    const jan = await host.directory.users.find(tenant, 'jan')
    assert.equal(jan?.passwordChanged, undefined, 'no password came, so none opens the account')
    assert.equal((await host.directory.users.find(tenant, 'ka, ren'))?.attributes[0]?.value, 'https://example.org/?a=b')
    await send('h\nleo\n', { more: `<w:defaultPassword>${password}</w:defaultPassword>` })
    assert.notEqual((await host.directory.users.find(tenant, 'leo'))?.passwordChanged, undefined)
  })

  test('what cannot be added is told by its line and without its password; the rest is added', async () => {
    const reply = await send(`h\nmia\nadmin,${password}\nnoah,${password},role=nobody\nolga,${password},title\n`)
    assert.equal(reply.fault?.problem, 'ERR_USERS_NOT_IMPORTED')
    const text = reply.fault?.text ?? ''
    assert.match(text, /^1 of 4 users were added\. Line 3: .*Line 4: .*Line 5: /)
    assert.ok(!reply.body.includes(password))
    assert.match(reply.body, /UserAdminException/)
    assert.notEqual(await host.directory.users.find(tenant, 'mia'), undefined)
    assert.equal(await host.directory.users.find(tenant, 'noah'), undefined)
  })

  test('nobody gives away more than they hold by way of a file', async () => {
    const reply = await send('h\neve,,role=admin\n', { as: 'clara' })
    assert.match(reply.fault?.text ?? '', /^0 of 1 users were added/)
    assert.equal(await host.directory.users.find(tenant, 'eve'), undefined)
  })

  test('what is no such file is refused', async () => {
    const line = 'h\npaul\n'
    const refused = 'ERR_USERS_NOT_IMPORTED'
    for (const [reply, problem] of [
      [await send(line, { name: 'users.xlsx' }), 'not_implemented'],
      [await send(line, { more: '<w:userStoreDomain>LDAP</w:userStoreDomain>' }), refused],
      [await send('h\n'), refused],
      [await send('h\n"paul'), refused],
      [await send(Buffer.from([104, 10, 255, 254, 10])), refused],
      [await send(`h\n${'paul\n'.repeat(1001)}`), refused],
      [await call('bulkImportUsers', '<w:fileName>users.csv</w:fileName>'), refused],
      [await call('bulkImportUsers', '<w:fileName>users.csv</w:fileName><w:handler>a$b=</w:handler>'), 'bad_request'],
    ] as const)
      assert.equal(reply.fault?.problem, problem, reply.body)
    assert.equal(await host.directory.users.find(tenant, 'paul'), undefined)
  })
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkHandOut, checkPermit } from '../../../src/identity/access/hand-out.ts'
import type { Permission } from '../../../src/identity/users/directory.ts'

const usermgt = '/permission/admin/manage/identity/usermgt'
const action = 'ui.execute'
const allow = (resource: string): Permission => ({ resource, action, effect: 'allow' })
const deny = (resource: string): Permission => ({ resource, action, effect: 'deny' })

const permissions: Readonly<Record<string, readonly Permission[]>> = {
  helpdesk: [allow(`${usermgt}/update`), allow(`${usermgt}/list`)],
  reader: [allow(`${usermgt}/list`)],
  manager: [allow(usermgt)],
  hobbled: [allow(usermgt), deny(`${usermgt}/delete`)],
  buyer: [],
}

const directory = {
  roles: { permissions: (_tenant: string, name: string) => Promise.resolve(permissions[name] ?? []) },
  isAuthorized: (_tenant: string, user: string, resource: string) =>
    Promise.resolve(
      (permissions[user] ?? []).some(each => each.effect === 'allow' && `${resource}/`.startsWith(`${each.resource}/`)),
    ),
}

/** A user called like the one role that it has. */
const holder = (role: string, tenant = 'default') => ({ user: role, tenant, roles: [role] })

const cases: readonly [actor: string, roles: readonly string[], may: boolean][] = [
  ['helpdesk', [], true],
  ['helpdesk', ['buyer'], true],
  ['helpdesk', ['reader'], true],
  ['helpdesk', ['helpdesk', 'reader'], true],
  ['reader', ['helpdesk'], false],
  ['helpdesk', ['reader', 'manager'], false],
  ['helpdesk', ['admin'], false],
  ['manager', ['helpdesk'], true],
  ['manager', ['admin'], false],
  // what denies is taken away by an administrator only
  ['manager', ['hobbled'], false],
  ['hobbled', ['hobbled'], false],
  // holds what is above, and is denied what is below
  ['hobbled', ['manager'], false],
  ['hobbled', ['reader'], true],
  ['admin', ['admin', 'manager', 'hobbled'], true],
]

for (const [actor, roles, may] of cases) {
  test(`${actor} ${may ? 'may' : 'may not'} hand out ${roles.join(', ') || 'nothing'}`, async () => {
    const refusal = await checkHandOut(directory, holder(actor), 'default', roles)
    assert.equal(refusal?.code, may ? undefined : 'forbidden')
  })
}

test('in another tenant only the administrator of all hands out what gives anything', async () => {
  assert.equal(await checkHandOut(directory, holder('admin'), 'wso2.com', ['admin']), undefined)
  assert.equal(await checkHandOut(directory, holder('manager'), 'wso2.com', ['buyer']), undefined)
  for (const [actor, role] of [
    [holder('manager'), 'reader'],
    [holder('admin', 'wso2.com'), 'admin'],
  ] as const)
    assert.equal(
      (await checkHandOut(directory, actor, actor.tenant === 'default' ? 'wso2.com' : 'default', [role]))?.code,
      'forbidden',
    )
})

test('nobody gives a role a permission that they do not hold, or denies one', async () => {
  const permit = (actor: string, role: string, permission: Permission) =>
    checkPermit(directory, holder(actor), 'default', role, [permission])
  assert.equal(await permit('helpdesk', 'buyer', allow(`${usermgt}/list`)), undefined)
  assert.equal(await permit('admin', 'buyer', deny('/permission')), undefined)
  for (const [actor, role, permission] of [
    ['reader', 'reader', allow(usermgt)],
    ['helpdesk', 'buyer', allow('/permission')],
    ['helpdesk', 'buyer', deny(`${usermgt}/list`)],
    ['helpdesk', 'admin', allow(`${usermgt}/list`)],
    ['helpdesk', 'manager', allow(`${usermgt}/list`)],
  ] as const)
    assert.equal((await permit(actor, role, permission))?.code, 'forbidden', `${actor} ${role} ${permission.resource}`)
})

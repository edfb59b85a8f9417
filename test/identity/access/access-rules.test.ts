import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkAccessRule, compileAccessRules } from '../../../src/identity/access/access-rules.ts'
import { maxPathLength } from '../../../src/identity/access/path-pattern.ts'
import { accessRulesOptions } from '../../../src/identity/access/rule-options.ts'

const view = '/permission/admin/manage/identity/usermgt/view'
const remove = '/permission/admin/manage/identity/usermgt/delete'

const options = accessRulesOptions.parse([
  { path: '(.*)/scim2/Users/(.*)', methods: ['get'], permissions: [view] },
  { path: '(.*)/scim2/Users/(.*)', methods: ['DELETE'], permissions: [view, remove] },
  { path: '(.*)/scim2/Me' },
  { path: '(.*)/scim2/Users/(.*)', permissions: ['/permission/never/reached/for/get'] },
  { path: '/scim2/ServiceProviderConfig', caller: 'anyone' },
  { path: '(.*)/shared', crossTenant: 'default-tenant-admin', permissions: [view] },
])
const rules = compileAccessRules(options)

const holding = (...permissions: string[]) => ({
  isAuthorized: (_tenant: string, _user: string, resource: string, action: string) =>
    Promise.resolve(action === 'ui.execute' && permissions.includes(resource)),
})
const alice = { user: 'alice', tenant: 'default', roles: [] }

test('the first rule for path and method decides, and what none matches is refused', async () => {
  assert.deepEqual(rules.find('GET', '/scim2/Users/1')?.permissions, [view])
  assert.deepEqual(rules.find('PUT', '/t/wso2.com/scim2/Users/1')?.permissions, ['/permission/never/reached/for/get'])
  assert.equal(rules.find('GET', '/scim2/ServiceProviderConfig')?.caller, 'anyone')
  for (const path of ['/scim2/Users', '/scim2/users/1', '/t/x/scim2/ServiceProviderConfig', '/scim2/Me/', '/', ''])
    assert.equal(rules.find('GET', path), undefined, path)
  const refusal = await checkAccessRule(undefined, { ...alice, roles: ['admin'] }, 'default', holding(view))
  assert.equal(refusal?.code, 'forbidden')
})

test('methods count in upper and lower case, and HEAD is GET', () => {
  for (const method of ['GET', 'get', 'gEt', 'HEAD', 'head'])
    assert.deepEqual(rules.find(method, '/scim2/Users/1')?.permissions, [view], method)
})

test('every permission of the rule has to be held', async () => {
  const rule = rules.find('delete', '/scim2/Users/1')
  assert.equal(await checkAccessRule(rule, alice, 'default', holding(view, remove)), undefined)
  const refusal = await checkAccessRule(rule, alice, 'default', holding(view))
  assert.equal(refusal?.code, 'forbidden')
  assert.match(refusal?.detail ?? '', /usermgt\/delete/)
})

test('nobody comes to another tenant, save the administrator of all where the rule says so', async () => {
  const admin = { user: 'admin', tenant: 'default', roles: ['admin'] }
  const own = rules.find('GET', '/scim2/Users/1')
  const shared = rules.find('GET', '/shared')
  const all = holding(view)
  assert.equal((await checkAccessRule(own, admin, 'wso2.com', all))?.code, 'forbidden')
  assert.equal(await checkAccessRule(shared, admin, 'wso2.com', all), undefined)
  assert.equal((await checkAccessRule(shared, { ...admin, roles: ['buyer'] }, 'wso2.com', all))?.code, 'forbidden')
  assert.equal((await checkAccessRule(shared, { ...admin, tenant: 'a.com' }, 'wso2.com', all))?.code, 'forbidden')
  assert.equal((await checkAccessRule(shared, { ...admin, tenant: 'a.com' }, 'default', all))?.code, 'forbidden')
})

test('a path cannot make a rule run away, and one that is too long matches nothing', () => {
  const hostile = compileAccessRules(accessRulesOptions.parse([{ path: '(.*)(.*)(.*)(.*)(.*)x' }]))
  const began = performance.now()
  assert.equal(hostile.find('GET', `/${'a'.repeat(maxPathLength - 1)}`), undefined)
  assert.ok(performance.now() - began < 500)
  assert.equal(rules.find('GET', `/scim2/Users/${'a'.repeat(maxPathLength)}`), undefined)
})

test('a table with a rule that cannot be, or that contradicts itself, is refused whole', () => {
  for (const rule of [
    { path: '^/scim2/Users$' },
    { path: '/scim2/(?=Users)' },
    { path: '(a)\\1' },
    { path: '/scim2/Users', caller: 'anyone', permissions: [view] },
    { path: '/scim2/Users', permissions: ['admin'] },
    { path: '/scim2/Users', methods: [] },
    { path: '/scim2/Users', secured: false },
  ])
    assert.equal(accessRulesOptions.safeParse([rule]).success, false, JSON.stringify(rule))
})

import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { defaultScimAccess } from '../../../src/endpoints/scim/access-defaults.ts'
import { compileAccessRules } from '../../../src/identity/access/access-rules.ts'

const rules = compileAccessRules(defaultScimAccess)
const base = '/permission/admin/manage/identity'

test('each address of SCIM has its rule, for the default tenant and for others', () => {
  const expected: [string, string, string][] = [
    ['POST', 'Users', 'usermgt/create'],
    ['GET', 'Users', 'usermgt/list'],
    ['POST', 'Users/.search', 'usermgt/list'],
    ['GET', 'Users/1', 'usermgt/view'],
    ['PUT', 'Users/1', 'usermgt/update'],
    ['PATCH', 'Users/1', 'usermgt/update'],
    ['DELETE', 'Users/1', 'usermgt/delete'],
    ['POST', 'Groups', 'rolemgt/create'],
    ['GET', 'Groups', 'rolemgt/view'],
    ['POST', 'Groups/.search', 'rolemgt/view'],
    ['GET', 'Groups/1', 'rolemgt/view'],
    ['PUT', 'Groups/1', 'rolemgt/update'],
    ['PATCH', 'Groups/1', 'rolemgt/update'],
    ['DELETE', 'Groups/1', 'rolemgt/delete'],
    ['POST', 'Me', 'usermgt/create'],
    ['DELETE', 'Me', 'usermgt/delete'],
    ['POST', 'Bulk', 'usermgt'],
  ]
  for (const prefix of ['', '/t/wso2.com']) {
    for (const [method, path, permission] of expected) {
      const rule = rules.find(method, `${prefix}/scim2/${path}`)
      assert.deepEqual(
        [rule?.caller, rule?.permissions],
        ['identified', [`${base}/${permission}`]],
        `${method} ${path}`,
      )
    }
    for (const method of ['GET', 'PUT', 'PATCH'])
      assert.deepEqual(rules.find(method, `${prefix}/scim2/Me`)?.permissions, ['/permission/admin/login'])
    for (const path of [
      'ServiceProviderConfig',
      'ResourceTypes',
      'ResourceTypes/User',
      'Schemas',
      'Schemas/urn:x:User',
    ])
      assert.equal(rules.find('GET', `${prefix}/scim2/${path}`)?.caller, 'anyone', path)
  }
})

test('nothing about users or groups is open to anyone, and what is not listed is closed', () => {
  for (const path of ['Users', 'Users/1', 'Groups', 'Groups/1', 'Me', 'Bulk', 'Users/.search'])
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE'])
      assert.notEqual(rules.find(method, `/scim2/${path}`)?.caller, 'anyone', `${method} ${path}`)
  for (const [method, path] of [
    ['POST', '/scim2/Users/1'],
    ['DELETE', '/scim2/Users'],
    ['GET', '/scim2/users'],
    ['GET', '/scim2'],
    ['GET', '/scim/Users'],
    ['POST', '/scim2/ServiceProviderConfig'],
  ] as const)
    assert.equal(rules.find(method, path), undefined, `${method} ${path}`)
})

const file = join(import.meta.dirname, '../../../../shared/suites/wso2/is-5.6.0-identity/default-identity.xml')

test('the rules of the real identity.xml ask for the same', {
  skip: existsSync(file) ? false : '../shared/suites is not there',
}, () => {
  const text = readFileSync(file, 'utf8')
  const resources = [
    ...text.matchAll(/<Resource context="([^"]*scim2[^"]*)"[^>]*>\s*<Permissions>([^<]*)<\/Permissions>/g),
  ]
  assert.equal(resources.length, 20)
  for (const [whole, context, permission] of resources) {
    const method = /http-method="(\w+)"/.exec(whole)![1]!
    const path = context!.replaceAll('(.*)/scim2', '/t/wso2.com/scim2').replace('(.*)', '5f2c')
    const rule = rules.find(method === 'all' ? 'GET' : method, path)
    assert.deepEqual(rule?.permissions, permission === '' ? [] : [permission], whole)
    assert.equal(rule?.caller, whole.includes('secured="true"') ? 'identified' : 'anyone', whole)
  }
})

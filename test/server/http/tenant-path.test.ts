import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readTenantPath } from '../../../src/server/http/tenant-path.ts'

for (const [path, tenant, prefix, rest] of [
  ['/scim2/Users', 'default', '', '/scim2/Users'],
  ['/t/wso2.com/scim2/Users', 'wso2.com', '/t/wso2.com', '/scim2/Users'],
  ['/t/WSO2.com/scim2', 'wso2.com', '/t/WSO2.com', '/scim2'],
  ['/t/carbon.super/scim2/Me', 'default', '/t/carbon.super', '/scim2/Me'],
  ['/t/a/t/b/scim2', 'a', '/t/a', '/t/b/scim2'],
  ['/t/wso2.com', 'default', '', '/t/wso2.com'],
  ['/t/', 'default', '', '/t/'],
  ['/', 'default', '', '/'],
] as const) {
  test(`${path} is ${rest} of ${tenant}`, () => {
    assert.deepEqual(readTenantPath(path), { tenant, prefix, path: rest })
  })
}

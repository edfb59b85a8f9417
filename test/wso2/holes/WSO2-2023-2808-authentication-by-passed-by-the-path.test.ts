// The original left out authentication for paths that it took for others than they were; whoever knew the name of a user then acted as that
// user.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { statusOf, statusOfHttp2 } from '../../support/raw-request.ts'
import { openScim } from '../../support/scim.ts'

const server = await openScim()
const { home } = server
const { id } = (await home.directory.users.find('default', 'admin'))!

const targets = [
  '/scim2/Users',
  `/scim2/Users/${id}`,
  '/scim2/Me',
  '/scim2/ServiceProviderConfig/../Users',
  '/scim2/ServiceProviderConfig/..%2fUsers',
  '/scim2/ServiceProviderConfig/%2e%2e/Users',
  '/scim2/ServiceProviderConfig;/../Users',
  '/scim2/ServiceProviderConfig/..;/Users',
  '/scim2/Schemas/../Users',
  '/scim2/Schemas/../../scim2/Me',
  '/scim2/Schemas%2f..%2fUsers',
  '/scim2/ResourceTypes/../Users',
  '/scim2/ResourceType/../Me',
  '/scim2/Users?x=/scim2/ServiceProviderConfig',
  '/scim2/Users?/scim2/Schemas',
  '/scim2/Users#/scim2/ServiceProviderConfig',
  '/t/scim2/ServiceProviderConfig/../../scim2/Users',
  '/t/carbon.super/scim2/Users',
  '/t/ServiceProviderConfig/scim2/Users',
  '/t/%2e%2e/scim2/Users',
  '/.well-known/../scim2/Users',
  '/problems/../scim2/Users',
  '/problems/..%2fscim2/Users',
]

for (const [protocol, ask] of [
  ['HTTP/1.1', statusOf],
  ['HTTP/2', statusOfHttp2],
] as const) {
  for (const target of targets) {
    test(`WSO2-2023-2803: nobody gets ${target} without being known, over ${protocol}`, async () => {
      for (const headers of [
        {},
        { 'WSO2-Identity-User': 'admin' },
        { UserName: Buffer.from('admin').toString('base64') },
      ] as readonly Readonly<Record<string, string>>[]) {
        const status = await ask(home, undefined, { method: 'GET', target, headers })
        assert.ok(status === 0 || status === 400 || status === 401 || status === 404, `${status}`)
      }
    })
  }

  test(`while the documents about the server are there for everybody, over ${protocol}`, async () => {
    assert.equal(await ask(home, undefined, { method: 'GET', target: '/scim2/ServiceProviderConfig' }), 200)
  })
}

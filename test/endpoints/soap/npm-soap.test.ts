// The client that Node's users take, on the WSDLs that WSO2 published, over mutual TLS with the user in the header UserName.
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { type Client, ClientSSLSecurity, createClientAsync } from 'soap'
import { openHost } from './host.ts'

const folder = join(import.meta.dirname, '../../../../shared/suites/wso2/wsdl')
const skip = existsSync(folder) ? false : 'no suites beside the project'

suite('the npm package soap on the WSDLs of WSO2', { skip }, async () => {
  if (skip) return
  const host = await openHost()
  const { keyPem, chainPem } = host.anyone

  async function clientOf(service: string, version: 'Soap11' | 'Soap12' = 'Soap11'): Promise<Client> {
    const client = await createClientAsync(join(folder, `${service}.wsdl`), {
      forceSoap12Headers: version === 'Soap12',
    })
    const options = { ca: host.home.serverAuthority.pem, servername: 'localhost' }
    client.setSecurity(new ClientSSLSecurity(Buffer.from(keyPem), Buffer.from(chainPem), options))
    client.addHttpHeader('UserName', Buffer.from('admin').toString('base64'))
    client.setEndpoint(`https://127.0.0.1:${host.home.port}/services/${service}.${service}Https${version}Endpoint/`)
    return client
  }

  const call = async (client: Client, operation: string, message: object = {}) =>
    (await client[`${operation}Async`](message))[0]

  test('users, their claims and roles, in SOAP 1.1 and 1.2', async () => {
    for (const version of ['Soap11', 'Soap12'] as const) {
      const client = await clientOf('RemoteUserStoreManagerService', version)
      const userName = `carol-${version}`
      await call(client, 'addUser', {
        userName,
        credential: 'carols long password',
        claims: [{ claimURI: 'http://wso2.org/claims/title', value: 'Dr.' }],
        requirePasswordChange: false,
      })
      assert.deepEqual(await call(client, 'isExistingUser', { userName }), { return: true })
      const listed = await call(client, 'listUsers', { filter: 'carol-*', maxItemLimit: 10 })
      assert.ok([listed.return].flat().includes(userName))
      const claim = { userName, claim: 'http://wso2.org/claims/title', profileName: 'default' }
      assert.deepEqual(await call(client, 'getUserClaimValue', claim), { return: 'Dr.' })
      assert.deepEqual(await call(client, 'authenticate', { userName, credential: 'wrong' }), { return: false })
      await assert.rejects(call(client, 'deleteUser', { userName: 'nobody' }), /There is no user/)
      await call(client, 'deleteUser', { userName })
      assert.deepEqual(await call(client, 'isExistingUser', { userName }), { return: false })
    }
  })

  test('permissions, tenants, the caller and the server', async () => {
    const authorization = await clientOf('RemoteAuthorizationManagerService')
    const asked = { userName: 'admin', resourceId: '/permission/admin', action: 'ui.execute' }
    assert.deepEqual(await call(authorization, 'isUserAuthorized', asked), { return: true })
    const tenants = await clientOf('TenantMgtAdminService')
    await call(tenants, 'addTenant', {
      tenantInfoBean: {
        admin: 'anna',
        adminPassword: 'annas long password',
        tenantDomain: 'example.org',
        active: true,
      },
    })
    const found = await call(tenants, 'getTenant', { tenantDomain: 'example.org' })
    assert.deepEqual(
      [found.return.tenantDomain, found.return.active, found.return.admin],
      ['example.org', true, 'anna'],
    )
    await call(tenants, 'deactivateTenant', { tenantDomain: 'example.org' })
    assert.equal((await host.directory.tenants.find('example.org'))?.state, 'inactive')
    const server = await clientOf('ServerAdmin')
    assert.deepEqual(await call(server, 'isAlive'), { return: true })
    await assert.rejects(call(server, 'shutdown'), /not stopped/)
  })
})

// ResourceAccessControl of a real identity.xml decides who may do what with SCIM, over TLS.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { loadCarbonHome } from '../../src/config/wso2/load-carbon-home.ts'
import { silentLog } from '../../src/log.ts'
import { setTrustedCertificate } from '../../src/pki/keystore/change.ts'
import { readKeyStoreFile } from '../../src/pki/keystore/file.ts'
import { encodeKeyStore } from '../../src/pki/keystore/save.ts'
import { type RunningServer, start } from '../../src/start/start.ts'
import { inProcess } from '../cli/transcript.ts'
import { selfSigned } from '../support/certificates.ts'
import { httpsRequest } from '../support/request.ts'
import { homeParts, realHome, withoutSuites } from '../support/wso2-suites.ts'

const client = selfSigned({ subject: 'CN=pinned' })
const password = 'wso2carbon'

suite('the rules of identity.xml of 5.6.0', { skip: withoutSuites }, () => {
  let server: RunningServer

  before(async () => {
    const parts = homeParts['Identity Server 5.6.0, mutual SSL on']!
    const { 'repository/conf/security/certificate-validation.xml': _, ...offline } = parts
    const home = realHome(offline)
    const trust = join(home.security, 'client-truststore.jks')
    const store = setTrustedCertificate(await readKeyStoreFile(trust, { password }), 'client', client.certificate)
    home.write('repository/resources/security/client-truststore.jks', encodeKeyStore(store, { password }))
    const cli = async (...args: string[]) => {
      const { code, stderr } = await inProcess([...args, '--carbon-home', home.folder], '', {}, Date.now())
      assert.equal(code, 0, stderr)
    }
    await cli('user', 'add', 'admin', '--role', 'admin', '--certificate-only')
    await cli('user', 'add', 'reader', '--role', 'reader', '--certificate-only')
    await cli('user', 'add', 'nobody', '--certificate-only')
    await cli('role', 'permit', 'reader', '/permission/admin/manage/identity/usermgt/list')
    server = await start(await loadCarbonHome(home.folder, { env: {} }), { log: silentLog })
  })
  after(() => server?.stop('the test is over'))

  const table: [user: string | undefined, method: string, path: string, status: number][] = [
    ['admin', 'GET', '/scim2/Users', 200],
    ['reader', 'GET', '/scim2/Users', 200],
    ['nobody', 'GET', '/scim2/Users', 403],
    [undefined, 'GET', '/scim2/Users', 401],
    ['reader', 'GET', '/scim2/Groups', 403],
    ['reader', 'DELETE', '/scim2/Users/1', 403],
    ['admin', 'DELETE', '/scim2/Users/1', 404],
    ['nobody', 'GET', '/scim2/ServiceProviderConfig', 200],
    [undefined, 'GET', '/scim2/ServiceProviderConfig', 200],
    // what the original had no rule for, and let everybody do
    ['nobody', 'POST', '/scim2/Users/.search', 403],
    [undefined, 'POST', '/scim2/Users/.search', 401],
    // CVE-2025-10611: another spelling of a path that a rule is about
    ['nobody', 'GET', '/scim2/users', 404],
    ['nobody', 'GET', '/scim2/%55sers', 403],
    ['nobody', 'GET', '/scim2/%2555sers', 400],
    ['nobody', 'GET', '/scim2/Users;a=b', 400],
    ['nobody', 'GET', '/scim2/x/../Users', 400],
  ]
  for (const [user, method, path, status] of table) {
    test(`${method} ${path} by ${user ?? 'a client without a certificate'}: ${status}`, async () => {
      const answered = await httpsRequest(`https://127.0.0.1:${server.listeners[0]!.port}`, {
        path,
        method,
        rejectUnauthorized: false,
        ...(user && { cert: client.pem, key: client.keyPem }),
        headers: { ...(user && { UserName: Buffer.from(user).toString('base64') }) },
      })
      assert.equal(answered.status, status, answered.body)
    })
  }
})

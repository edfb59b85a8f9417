// The clients that people have, against a home of 5.6.0 set up as its page says: stores by the JDK's keytool, a Java program with hand-built SOAP, curl,
// and the npm package soap on WSO2's own WSDLs. All over mutual TLS.
import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { type Client, ClientSSLSecurity, createClientAsync } from 'soap'
import type { Directory } from '../../src/identity/users/directory.ts'
import { emptyKeyStore, setPrivateKey } from '../../src/pki/keystore/change.ts'
import { readKeyStoreFile } from '../../src/pki/keystore/file.ts'
import { encodeKeyStore } from '../../src/pki/keystore/save.ts'
import { writePem } from '../../src/pki/x509/pem.ts'
import { carbonHome, mutualSsl, writeHomeFile } from '../support/carbon-home.ts'
import { base64, type CarbonServer, carbonServer } from '../support/carbon-server.ts'
import { selfSigned } from '../support/certificates.ts'
import { run } from '../support/run.ts'
import { scratchFolder } from '../support/scratch.ts'
import { realHome, suites, withoutSuites } from '../support/wso2-suites.ts'

const password = 'wso2carbon'
const security = 'repository/resources/security'
const carbonXml = 'repository/conf/carbon.xml'
const folder = scratchFolder()
const at = (name: string) => join(folder, name)
const home = layHome()
const userStore = 'RemoteUserStoreManagerService'
let server: CarbonServer
let directory: Directory

before(async () => {
  await makeStores()
  server = await carbonServer({ folder: home })
  directory = await server.directory()
})
after(() => server?.[Symbol.asyncDispose]())

suite('a Java program with its JKS stores', () => {
  before(async () => {
    const source = join(import.meta.dirname, '../../examples/java/SoapClient.java')
    const { code, stderr } = await run('javac', ['-d', at('classes'), source])
    assert.equal(code, 0, stderr)
  })

  /** What each call is answered, in one run of the program. */
  async function check(
    table: readonly [call: string, status: number, told: RegExp][],
    keyStore?: string,
  ): Promise<void> {
    const stores = { ...(keyStore && { keyStore: at(keyStore) }), trustStore: at('client-truststore.jks') }
    const properties = Object.entries(stores).flatMap(([name, file]) => [
      `-Djavax.net.ssl.${name}=${file}`,
      `-Djavax.net.ssl.${name}Password=${password}`,
    ])
    const args = [...properties, '-cp', at('classes'), 'SoapClient', `${server.url}/services/${userStore}`]
    const input = table.map(([call]) => `${call.replaceAll(' ', '\t')}\n`).join('')
    const { code, stdout, stderr } = await run('java', args, { input })
    assert.equal(code, 0, stderr)
    const lines = stdout.split('\n')
    for (const [i, [call, status, told]] of table.entries()) {
      assert.equal(Number(lines[2 * i]), status, `${call}: ${lines[2 * i + 1]}`)
      assert.match(lines[2 * i + 1] ?? '', told, call)
    }
  }
  const fault = (number: number, code: string) => new RegExp(`:${number}<.*<code>${code}<`)

  test('calls operations in SOAP 1.1 and 1.2, with the user in the HTTP header or in that of the message', () =>
    check(
      [
        ['1.1 http:alice listUsers filter=* maxItemLimit=10', 200, /<ns:return>alice<.*<ns:return>ops</],
        ['1.2 http:alice listUsers filter=a* maxItemLimit=10', 200, /2003\/05\/soap-envelope.*<ns:return>alice</],
        ['1.1 soap:alice isExistingUser userName=ops', 200, />true</],
        ['1.2 soap:alice isExistingUser userName=nobody', 200, />false</],
        ['1.1 http:alice@carbon.super isReadOnly', 200, />false</],
        ['1.1 http:alice addUser userName=carol credential=<long>&secret roleList=helpers', 202, /^$/],
        ['1.2 http:alice authenticate userName=carol credential=<long>&secret', 200, />true</],
        ['1.1 http:alice authenticate userName=carol credential=wrong', 200, />false</],
        ['1.1 http:alice getRoleListOfUser userName=carol', 200, />helpers</],
        ['1.2 soap:alice updateCredentialByAdmin userName=carol newCredential=another-secret', 202, /^$/],
        ['1.1 http:carol isExistingUser userName=carol', 200, />true</],
        [
          '1.1 http:alice deleteUser userName=nobody',
          500,
          /soapenv:Server<.*<ns:RemoteUserStoreManagerServiceUserStoreException/,
        ],
        ['1.2 http:alice deleteUser userName=carol', 202, /^$/],
        ['1.1 http:alice isExistingUser userName=carol', 200, />false</],
        // and what it may not
        ['1.1 http:plain listUsers filter=*', 500, fault(50978, 'forbidden')],
        ['1.2 http:plain deleteUser userName=ops', 400, fault(50978, 'forbidden')],
        ['1.1 http:nobody listUsers filter=*', 500, fault(50977, 'certificate_not_bound')],
        ['1.2 soap:locked listUsers filter=*', 400, fault(50977, 'certificate_not_bound')],
        [`1.1 soap:${base64('alice')} listUsers filter=*`, 500, fault(50977, 'certificate_not_bound')],
        ['1.1 http:bob@partner.example listUsers filter=*', 500, fault(50977, 'certificate_not_bound')],
        ['1.1 - listUsers filter=*', 401, fault(50977, 'credentials_required')],
      ],
      'wso2carbon.jks',
    ))

  test('with a certificate that nobody imported, and without one, it is nobody', async () => {
    const call = '1.1 http:alice deleteUser userName=ops'
    await Promise.all([
      check([[call, 500, fault(50977, 'issuer_unknown')]], 'stranger.jks'),
      check([[call, 401, fault(50977, 'certificate_required')]]),
    ])
    assert.ok(await directory.users.find('default', 'ops'))
  })
})

suite('curl', () => {
  const certified = ['--cert', at('client.pem'), '--key', at('client.key')]
  const as = (user: string) => ['-H', `UserName: ${base64(user)}`]
  const soap = (operation: string, children = '') => [
    '-H',
    'Content-Type: text/xml',
    '-H',
    `SOAPAction: "urn:${operation}"`,
    '--data',
    `<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><p:${operation} xmlns:p="http://service.ws.um.carbon.wso2.org">${children}</p:${operation}></e:Body></e:Envelope>`,
  ]

  async function curl(path: string, ...args: string[]): Promise<[status: string, body: string]> {
    const usual = ['-sS', '--max-time', '20', '--cacert', at('server.pem'), '-w', '\n%{http_code}']
    const { code, stdout, stderr } = await run('curl', [...usual, ...args, `${server.url}/services/${path}`])
    assert.equal(code, 0, stderr)
    const end = stdout.lastIndexOf('\n')
    return [stdout.slice(end + 1), stdout.slice(0, end)]
  }

  test('SOAP with the user in the header, and form posts', async () => {
    const [status, body] = await curl(
      userStore,
      ...certified,
      ...as('alice'),
      ...soap('isExistingUser', '<p:userName>ops</p:userName>'),
    )
    assert.deepEqual([status, /<ns:return>true</.test(body)], ['200', true], body)
    const form = await curl(`${userStore}/isExistingUser`, ...certified, ...as('alice'), '--data', 'userName=ops')
    assert.deepEqual(form, [
      '200',
      '<ns:isExistingUserResponse xmlns:ns="http://service.ws.um.carbon.wso2.org"><ns:return>true</ns:return></ns:isExistingUserResponse>',
    ])
    const tenants = await curl('TenantMgtAdminService/retrieveTenants', ...certified, ...as('alice'), '--data', '')
    assert.match(
      tenants[1],
      /^<ns:retrieveTenantsResponse .*partner\.example/,
      'as the sign-in page of the original asks',
    )
  })

  test('an operation that gives nothing back is answered 202 with nothing', async () => {
    const added = await curl(
      `${userStore}/addRole`,
      ...certified,
      ...as('alice'),
      '--data',
      'roleName=painters&userList=plain',
    )
    assert.deepEqual(added, ['202', ''])
    assert.deepEqual((await directory.users.find('default', 'plain'))?.roles, ['painters'])
    assert.deepEqual(
      await curl(userStore, ...certified, ...as('alice'), ...soap('deleteRole', '<p:roleName>painters</p:roleName>')),
      ['202', ''],
    )
    assert.equal(await directory.roles.find('default', 'painters'), undefined)
  })

  test('nothing changes by GET, and nothing for whoever may not or is nobody', async () => {
    const ops = 'userName=ops'
    const refusals: [string, string[]][] = [
      ['405', [`${userStore}/deleteUser?${ops}`, ...certified, ...as('alice')]],
      ['405', [`${userStore}/deleteUser`, '-G', '--data', ops, ...certified, ...as('alice')]],
      ['403', [`${userStore}/deleteUser`, '--data', ops, ...certified, ...as('plain')]],
      ['401', [`${userStore}/deleteUser`, '--data', ops, ...certified]],
      ['401', [`${userStore}/deleteUser`, '--data', ops, ...as('alice')]],
      ['401', [`${userStore}/deleteUser`, '--data', ops, ...certified, ...as('alice'), '-u', 'alice:wrong']],
      ['500', [userStore, ...certified, ...as('plain'), ...soap('deleteUser', '<p:userName>ops</p:userName>')]],
    ]
    for (const [expected, [path = '', ...args]] of refusals) {
      const [status, body] = await curl(path, ...args)
      assert.equal(status, expected, `${path} ${args.join(' ')}: ${body}`)
    }
    assert.ok(await directory.users.find('default', 'ops'))
  })

  test('?wsdl answers where carbon.xml shows it, and only there', async () => {
    const asked = () => curl(`${userStore}?wsdl`, ...certified)
    assert.equal((await asked())[0], '404')
    const file = join(home, carbonXml)
    const hidden = readFileSync(file, 'utf8')
    const shown = hidden.replace('<HideAdminServiceWSDLs>true<', '<HideAdminServiceWSDLs>false<')
    assert.notEqual(shown, hidden)
    writeFileSync(file, shown)
    assert.equal(await server.running.reload('a test'), 'reloaded')
    const [status, wsdl] = await asked()
    assert.equal(status, '200')
    assert.match(
      wsdl,
      new RegExp(`<[a-z]+:address location="${server.url}/services/${userStore}\\.${userStore}HttpsSoap11Endpoint/"`),
    )
    writeFileSync(at('ours.wsdl'), wsdl)
    writeFileSync(file, hidden)
    assert.equal(await server.running.reload('a test'), 'reloaded')
    assert.equal((await asked())[0], '404')
  })
})

suite('the npm package soap', () => {
  const theirs = (service: string) => join(suites, 'wsdl', `${service}.wsdl`)

  async function clientOf(service: string, wsdl: string, version: 'Soap11' | 'Soap12' = 'Soap11'): Promise<Client> {
    const client = await createClientAsync(wsdl, { forceSoap12Headers: version === 'Soap12' })
    const options = { ca: readFileSync(at('server.pem')) }
    client.setSecurity(new ClientSSLSecurity(readFileSync(at('client.key')), readFileSync(at('client.pem')), options))
    client.setEndpoint(`${server.url}/services/${service}.${service}Https${version}Endpoint/`)
    return client
  }
  const call = async (client: Client, operation: string, message: object = {}) =>
    (await client[`${operation}Async`](message))[0]

  async function manageUsers(
    wsdl: string,
    version: 'Soap11' | 'Soap12',
    named: (client: Client) => void,
  ): Promise<void> {
    const client = await clientOf(userStore, wsdl, version)
    await assert.rejects(
      call(client, 'listUsers', { filter: '*', maxItemLimit: 5 }),
      /Access Denied/,
      'nobody is named',
    )
    named(client)
    const userName = `dora-${version}`
    await call(client, 'addUser', { userName, credential: 'doras long password', requirePasswordChange: false })
    assert.deepEqual(await call(client, 'isExistingUser', { userName }), { return: true })
    assert.deepEqual(await call(client, 'authenticate', { userName, credential: 'wrong' }), { return: false })
    await assert.rejects(call(client, 'deleteUser', { userName: 'nobody' }), /There is no user/)
    await call(client, 'deleteUser', { userName })
    assert.equal(await directory.users.find('default', userName), undefined)
  }
  const byHttp = (client: Client) => client.addHttpHeader('UserName', base64('alice'))
  const bySoap = (client: Client) =>
    void client.addSoapHeader('<m:UserName xmlns:m="http://mutualssl.carbon.wso2.org">alice</m:UserName>')

  test('on the WSDL that we show', async () => {
    await manageUsers(at('ours.wsdl'), 'Soap11', bySoap)
    await manageUsers(at('ours.wsdl'), 'Soap12', byHttp)
  })

  test("on WSO2's own", { skip: withoutSuites }, async () => {
    await manageUsers(theirs(userStore), 'Soap11', byHttp)
    await manageUsers(theirs(userStore), 'Soap12', bySoap)
    const authorization = await clientOf(
      'RemoteAuthorizationManagerService',
      theirs('RemoteAuthorizationManagerService'),
    )
    byHttp(authorization)
    const asked = { userName: 'plain', resourceId: '/permission/admin', action: 'ui.execute' }
    assert.deepEqual(await call(authorization, 'isUserAuthorized', asked), { return: false })
    const tenants = await clientOf('TenantMgtAdminService', theirs('TenantMgtAdminService'))
    bySoap(tenants)
    assert.equal((await call(tenants, 'getTenant', { tenantDomain: 'closed.example' })).return.active, false)
  })
})

/** The files of 5.6.0, where they lie beside the project, with the two steps of its page; else a small home of the same form. */
function layHome(): string {
  const parameters = { UsernameHeader: 'UserName', WhiteListEnabled: 'false', WhiteList: '' }
  if (withoutSuites !== false)
    return carbonHome({
      authenticator: mutualSsl(parameters),
      server: '<HideAdminServiceWSDLs>true</HideAdminServiceWSDLs>',
    })
  const real = realHome()
  real.edit('repository/conf/tomcat/catalina-server.xml', 'clientAuth="false"', 'clientAuth="want"')
  real.edit(
    'repository/conf/security/authenticators.xml',
    '</Authenticators>',
    `${mutualSsl(parameters)}</Authenticators>`,
  )
  return real.folder
}

/** The commands of the page, by the JDK's own keytool; the key of the server takes the place of the published one. */
async function makeStores(): Promise<void> {
  const key = selfSigned({
    subject: 'CN=localhost',
    san: [{ dns: 'localhost' }, { ip: '127.0.0.1' }],
    extKeyUsage: ['serverAuth'],
  })
  const own = setPrivateKey(emptyKeyStore('JKS'), 'wso2carbon', { key: key.privateKey, chain: [key.certificate] })
  writeHomeFile(home, `${security}/wso2carbon.jks`, encodeKeyStore(own, { password }))
  const stranger = selfSigned({ subject: 'CN=stranger' })
  const theirs = setPrivateKey(emptyKeyStore('JKS'), 'wso2carbon', {
    key: stranger.privateKey,
    chain: [stranger.certificate],
  })
  writeFileSync(at('stranger.jks'), encodeKeyStore(theirs, { password }))
  writeFileSync(at('server.pem'), key.pem)
  const generate =
    '-genkeypair -alias wso2carbon -keyalg RSA -keysize 2048 -validity 30 -dname CN=partner -storetype JKS'
  await keytool(folder, `${generate} -keystore wso2carbon.jks -storepass wso2carbon -keypass wso2carbon`)
  await keytool(
    folder,
    '-export -alias wso2carbon -file carbon_public2.crt -keystore wso2carbon.jks -storepass wso2carbon',
  )
  writeHomeFile(home, `${security}/carbon_public2.crt`, readFileSync(at('carbon_public2.crt')))
  await keytool(
    join(home, security),
    '-import -trustcacerts -alias carbon -file carbon_public2.crt -keystore client-truststore.jks -storepass wso2carbon',
  )
  await keytool(
    folder,
    '-import -trustcacerts -alias server -file server.pem -keystore client-truststore.jks -storepass wso2carbon',
  )
  assert.ok(existsSync(at('client-truststore.jks')))
  const [entry] = (await readKeyStoreFile(at('wso2carbon.jks'), { password })).entries
  if (entry?.kind !== 'private-key') throw new Error('keytool made no key')
  writeFileSync(at('client.pem'), writePem('CERTIFICATE', entry.chain[0]!.raw))
  writeFileSync(at('client.key'), entry.privateKey(password).export({ type: 'pkcs8', format: 'pem' }))
}

async function keytool(cwd: string, line: string): Promise<void> {
  const { code, stdout, stderr } = await run('keytool', line.split(' '), { cwd, input: 'yes\n' })
  assert.equal(code, 0, `keytool ${line}\n${stdout}${stderr}`)
}

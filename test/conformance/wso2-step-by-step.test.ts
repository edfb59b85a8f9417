// The page "Enabling Mutual SSL" of the original, step by step on its own files of 5.6.0, beside a server that is never restarted.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { type Issued, selfSigned } from '../support/certificates.ts'
import { until } from '../support/home.ts'
import { httpsRequest } from '../support/request.ts'
import { countersign, run } from '../support/run.ts'
import { type RealHome, realHome, type ServedHome, serveProcess, withoutSuites } from '../support/wso2-suites.ts'

const catalina = 'repository/conf/tomcat/catalina-server.xml'
const authenticators = 'repository/conf/security/authenticators.xml'
const base64 = (name: string) => Buffer.from(name).toString('base64')
const client = selfSigned({ subject: 'CN=client of alice', keyType: 'rsa-2048' })
const namesake = selfSigned({ subject: 'CN=client of alice' })
const another = selfSigned({ subject: 'CN=another client' })

suite('enabling mutual SSL', { skip: withoutSuites }, () => {
  let home: RealHome
  let served: ServedHome

  before(async () => {
    home = realHome()
    served = await serveProcess(['--carbon-home', home.folder])
    writeFileSync(join(home.folder, 'password'), 'correct horse\n')
    const added = await countersign([
      'user',
      'add',
      'alice',
      '--password-file',
      join(home.folder, 'password'),
      '--carbon-home',
      home.folder,
    ])
    assert.equal(added.code, 0, added.stderr)
  })
  after(() => served?.stop())

  test('as unpacked (clientAuth="false", no authenticator): a password does, a certificate is not asked for', async () => {
    assert.equal(await asked(), false)
    assert.equal(await who({ password: true }), 'alice')
    assert.equal(await who({ certificate: client, user: 'alice' }), 'credentials_required')
  })

  test('clientAuth="want": certificates are asked for, and identify nobody yet', async () => {
    home.edit(catalina, 'clientAuth="false"', 'clientAuth="want"')
    await until(asked, 'a certificate is asked for')
    assert.equal(await who(), 'credentials_required')
    assert.equal(await who({ password: true }), 'alice')
    assert.equal(await who({ certificate: client, user: 'alice' }), 'credentials_required')
  })

  test('the authenticator as the page prints it, without an end: refused with its line, and what was goes on', async () => {
    home.edit(authenticators, '</Authenticators>', `${flat}\n</Authenticators>`)
    await until(() => told(/authenticators\.xml, line \d+: .*not well-formed/), 'the mistake is told')
    assert.equal(await who({ password: true }), 'alice')
  })

  test('the authenticator as the page prints it, ended: its parameters count, and are warned about', async () => {
    home.edit(authenticators, flat, `${flat}</Authenticator>`)
    await until(() => who({ certificate: client, user: 'alice' }).then(code => code === 'issuer_unknown'), 'it is on')
    assert.ok(told(/parameters outside of Config/))
    assert.equal(await who(), 'certificate_required')
  })

  test('the authenticator with Config', async () => {
    const seen = served.log.length
    home.edit(authenticators, `${flat}</Authenticator>`, nested)
    await until(() => served.log.slice(seen).some(({ msg }) => msg === 'reloaded'), 'it is taken over')
    assert.equal(told(/parameters outside of Config/, seen), false)
    assert.equal(await who({ certificate: client, user: 'alice' }), 'issuer_unknown')
  })

  test('the published certificate of the product, as in the sample commands: refused, and both sides are told why', async () => {
    const seen = served.log.length
    await keytool('-export -alias wso2carbon -file carbon_public2.crt -keystore wso2carbon.jks -storepass wso2carbon')
    await keytool(
      '-import -trustcacerts -alias carbon -file carbon_public2.crt -keystore client-truststore.jks -storepass wso2carbon',
    )
    await until(
      () => told(/published keys, which anybody can use: .*\(.*\bcarbon\)/, seen),
      'the administrator is told',
    )
    const key = await publishedKey()
    const { code, detail } = await ask({ certificate: key, user: 'alice' })
    assert.equal(code, 'key_too_weak')
    assert.match(detail ?? '', /Its private key is published, so it proves nothing\.$/)
  })

  test("the client's own certificate, imported: it may name any user that there is", async () => {
    writeFileSync(join(home.security, 'client.crt'), client.der)
    await keytool(
      '-import -trustcacerts -alias client -file client.crt -keystore client-truststore.jks -storepass wso2carbon',
    )
    await until(() => who({ certificate: client, user: 'alice' }).then(name => name === 'alice'), 'it is trusted')
    const table: [Ask, string][] = [
      [{ certificate: client, user: 'alice' }, 'alice'],
      [{ certificate: client }, 'credentials_required'],
      [{ certificate: client, password: true }, 'alice'],
      [{ certificate: client, user: 'nobody' }, 'certificate_not_bound'],
      [{ certificate: client, header: 'alice' }, 'username_malformed'],
      [{ certificate: another, user: 'alice' }, 'issuer_unknown'],
      [{ certificate: namesake, user: 'alice' }, 'signature_invalid'],
      [{ user: 'alice' }, 'certificate_required'],
      [{ password: true }, 'alice'],
    ]
    for (const [request, expected] of table)
      assert.equal(await who(request), expected, JSON.stringify({ ...request, certificate: undefined }))
  })

  test('UsernameHeader renames the header', async () => {
    home.edit(
      authenticators,
      '<Parameter name="UsernameHeader">UserName<',
      '<Parameter name="UsernameHeader">Acting-User<',
    )
    const named = { certificate: client, user: 'alice', name: 'Acting-User' }
    await until(() => who(named).then(name => name === 'alice'), 'the new name counts')
    assert.equal(await who({ certificate: client, user: 'alice' }), 'credentials_required')
    home.edit(authenticators, '>Acting-User<', '>UserName<')
    await until(() => who({ certificate: client, user: 'alice' }).then(name => name === 'alice'), 'the old name counts')
  })

  test('WhiteListEnabled and WhiteList: an empty list lets nobody in, a SHA-1 thumbprint of this version its certificate', async () => {
    home.edit(authenticators, '<Parameter name="WhiteListEnabled">false<', '<Parameter name="WhiteListEnabled">true<')
    await until(() => who({ certificate: client, user: 'alice' }).then(name => name !== 'alice'), 'the list is on')
    const { stdout } = await run('openssl', [
      'x509',
      '-inform',
      'DER',
      '-in',
      join(home.security, 'client.crt'),
      '-noout',
      '-fingerprint',
      '-sha1',
    ])
    home.edit(
      authenticators,
      '<Parameter name="WhiteList"/>',
      `<Parameter name="WhiteList">${stdout.trim().split('=')[1]}</Parameter>`,
    )
    await until(() => who({ certificate: client, user: 'alice' }).then(name => name === 'alice'), 'it is listed')
  })

  test('taken out of the trust store, it is nobody', async () => {
    await keytool('-delete -alias client -keystore client-truststore.jks -storepass wso2carbon')
    await until(() => who({ certificate: client, user: 'alice' }).then(name => name !== 'alice'), 'it is gone')
    assert.equal(await who({ password: true }), 'alice')
  })

  /** The command as the page has it, in the folder where its files are. */
  async function keytool(line: string): Promise<void> {
    const { code, stderr } = await countersign(['keytool', ...line.split(' ')], { cwd: home.security, input: 'yes\n' })
    assert.equal(code, 0, stderr)
  }

  interface Ask {
    readonly certificate?: Pick<Issued, 'chainPem' | 'keyPem'>
    /** sent in base64 */
    readonly user?: string
    /** sent as it is */
    readonly header?: string
    readonly name?: string
    readonly password?: boolean
  }

  async function ask({ certificate, user, header = user && base64(user), name = 'UserName', password }: Ask = {}) {
    const { body } = await httpsRequest(`https://127.0.0.1:${served.port}/whoami`, {
      // the certificate of the product will expire one day, and the test is not about it
      rejectUnauthorized: false,
      ...(certificate && { cert: certificate.chainPem, key: certificate.keyPem }),
      headers: {
        ...(header && { [name]: header }),
        ...(password && { authorization: `Basic ${base64('alice:correct horse')}` }),
      },
    })
    return JSON.parse(body) as { user?: string; code?: string; detail?: string }
  }

  async function who(request: Ask = {}): Promise<string> {
    const { user, code } = await ask(request)
    return user ?? code ?? ''
  }

  /** Whether the server asks for a certificate, as an independent client sees it. */
  async function asked(): Promise<boolean> {
    const { stdout } = await run('openssl', ['s_client', '-connect', `127.0.0.1:${served.port}`], { input: '' })
    assert.match(stdout, /Verification/)
    return /Requested Signature Algorithms/.test(stdout)
  }

  function told(text: RegExp, from = 0): boolean {
    return served.log.slice(from).some(record => text.test(JSON.stringify(record)))
  }

  async function publishedKey() {
    const args = ['keystore', 'export', 'wso2carbon.jks', '--alias', 'wso2carbon', '--password', 'env:PASSWORD']
    const options = { cwd: home.security, env: { ...process.env, PASSWORD: 'wso2carbon' } }
    const { stdout: keyPem } = await countersign([...args, '--private-key', '--plain-key'], options)
    const { stdout: chainPem } = await countersign([...args, '--chain'], options)
    return { keyPem, chainPem }
  }
})

const flat = `<Authenticator name="MutualSSLAuthenticator" disabled="false">
<Parameter name="UsernameHeader">UserName</Parameter>
<Parameter name="WhiteListEnabled">false</Parameter>
<Parameter name="WhiteList"/>`

const nested = `<Authenticator name="MutualSSLAuthenticator" disabled="false">
<Priority>5</Priority>
<Config>
<Parameter name="UsernameHeader">UserName</Parameter>
<Parameter name="WhiteListEnabled">false</Parameter>
<Parameter name="WhiteList"/>
</Config>
</Authenticator>`

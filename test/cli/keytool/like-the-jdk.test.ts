// Side by side with the JDK's keytool: the same commands on copies of the same stores, the same standard output, the same exit code.
import assert from 'node:assert/strict'
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { subjectAltName } from '../../../src/pki/x509/build-extensions.ts'
import { readPem } from '../../../src/pki/x509/pem.ts'
import { parseRequest } from '../../../src/pki/x509/request.ts'
import { baseTime, day, selfSigned, testAuthority } from '../../support/certificates.ts'
import { type Run, run } from '../../support/run.ts'
import { scratchFolder } from '../../support/scratch.ts'
import { inProcess } from '../transcript.ts'

const folder = scratchFolder()
const original = join(folder, 'original')
const theirs = join(folder, 'theirs')
const ours = join(folder, 'ours')
const env = { PATH: process.env.PATH, HOME: folder, TZ: 'UTC', LC_ALL: 'C' }

before(async () => {
  mkdirSync(original)
  const ca = testAuthority({ name: 'Example CA', notAfter: baseTime + 3650 * day })
  const middle = ca.intermediate({ name: 'CN=Middle CA,O=Example\\, Inc.', pathLength: 0 })
  const alice = middle.issue({
    subject: 'CN=alice,O=Example',
    extensions: [
      subjectAltName([
        { dns: 'alice.example.test' },
        { email: 'alice@example.test' },
        { ip: '10.0.0.1' },
        { ip: '::1' },
        { uri: 'urn:example:alice' },
        { directoryName: 'CN=alice,C=DE' },
      ]),
    ],
  })
  const weak = selfSigned({ subject: 'CN=weak', keyType: 'rsa-1024', digest: 'insecureSha1' })
  const files = {
    'ca.crt': ca.pem,
    'middle.crt': middle.pem,
    'alice.crt': alice.pem,
    'chain.crt': alice.chainPem,
    'alice.der': alice.der,
    'weak.crt': weak.pem,
    'nothing.crt': 'nothing\n',
  }
  for (const [name, content] of Object.entries(files)) writeFileSync(join(original, name), content)
  const storepass = ['-storepass', 'changeit']
  await jdk(original, [
    '-genkeypair',
    '-alias',
    'wso2carbon',
    '-keyalg',
    'RSA',
    '-dname',
    'CN=localhost, O=WSO2, L=Mountain View, ST=CA, C=US',
    '-storetype',
    'JKS',
    '-keystore',
    'wso2carbon.jks',
    ...storepass,
    '-keypass',
    'changeit',
    '-ext',
    'san=dns:localhost,ip:127.0.0.1',
    '-ext',
    'eku=clientAuth,serverAuth',
    '-ext',
    'ku:c=dS,keyEncipherment',
    '-ext',
    'bc=ca:false',
  ])
  await jdk(original, [
    '-importcert',
    '-noprompt',
    '-alias',
    'Example CA',
    '-file',
    'ca.crt',
    '-keystore',
    'trust.p12',
    ...storepass,
  ])
  await jdk(original, [
    '-importcert',
    '-noprompt',
    '-alias',
    'weak',
    '-file',
    'weak.crt',
    '-keystore',
    'trust.p12',
    ...storepass,
  ])
  await jdk(original, [
    '-certreq',
    '-alias',
    'wso2carbon',
    '-file',
    'wso2carbon.csr',
    '-keystore',
    'wso2carbon.jks',
    ...storepass,
  ])
  const request = parseRequest(readPem(readFileSync(join(original, 'wso2carbon.csr')))[0]!.der)
  const key = { publicKey: request.publicKey(), privateKey: ca.privateKey }
  writeFileSync(join(original, 'reply.crt'), ca.issue({ subject: 'CN=localhost,O=WSO2', key }).pem)
  const bundle = ['crl2pkcs7', '-nocrl', '-certfile', 'ca.crt', '-certfile', 'reply.crt', '-out', 'reply.p7b']
  assert.equal((await run('openssl', bundle, { cwd: original })).code, 0)
})

const store = ['-keystore', 'wso2carbon.jks', '-storepass', 'changeit']
const trust = ['-keystore', 'trust.p12', '-storepass', 'changeit']

const sessions: Readonly<Record<string, readonly (readonly string[] | { args: readonly string[]; input: string })[]>> =
  {
    'what a store holds': [
      ['-list', ...store],
      ['-list', '-v', ...store],
      ['-list', '-rfc', '-alias', 'wso2carbon', ...store],
      ['-list', '-v', ...trust],
      ['-list', '-alias', 'nobody', ...trust],
      ['-list', '-keystore', 'trust.p12', '-storepass', 'wrongone'],
      ['-list', '-keystore', 'wso2carbon.jks', '-storepass', 'wrongone'],
      ['-list', '-keystore', 'missing.jks', '-storepass', 'changeit'],
      { args: ['-list', '-keystore', 'wso2carbon.jks'], input: '\n' },
    ],
    'what certificates say': [
      ['-printcert', '-file', 'alice.crt'],
      ['-printcert', '-file', 'chain.crt'],
      ['-printcert', '-rfc', '-file', 'alice.der'],
      ['-printcert', '-file', 'weak.crt'],
    ],
    'a certificate out of one store and into another': [
      ['-export', '-alias', 'wso2carbon', '-file', 'carbon_public2.crt', ...store],
      {
        args: ['-import', '-trustcacerts', '-alias', 'carbon', '-file', 'carbon_public2.crt', ...trust],
        input: 'no\n',
      },
      {
        args: ['-import', '-trustcacerts', '-alias', 'carbon', '-file', 'carbon_public2.crt', ...trust],
        input: 'yes\n',
      },
      ['-import', '-alias', 'carbon', '-file', 'carbon_public2.crt', ...trust],
      { args: ['-import', '-alias', 'carbon2', '-file', 'carbon_public2.crt', ...trust], input: '\n' },
      ['-import', '-alias', 'nothing', '-file', 'nothing.crt', ...trust],
      // an authority of the store vouches for the second, but not for the third, before the second is there
      { args: ['-import', '-alias', 'alice', '-file', 'alice.crt', ...trust], input: 'no\n' },
      ['-import', '-alias', 'middle', '-file', 'middle.crt', ...trust],
      ['-import', '-alias', 'alice', '-file', 'alice.crt', ...trust],
      ['-changealias', '-alias', 'alice', '-destalias', 'bob', ...trust],
      ['-delete', '-alias', 'alice', ...trust],
      ['-list', ...trust],
    ],
    "an authority's reply": [
      ['-importcert', '-alias', 'wso2carbon', '-file', 'reply.crt', ...store],
      ['-importcert', '-alias', 'wso2carbon', '-file', 'alice.crt', ...store],
      { args: ['-importcert', '-alias', 'wso2carbon', '-file', 'reply.p7b', ...store], input: 'no\n' },
      { args: ['-importcert', '-alias', 'authority', '-file', 'ca.crt', ...store], input: 'yes\n' },
      ['-importcert', '-alias', 'wso2carbon', '-file', 'reply.crt', ...store],
      ['-importcert', '-alias', 'wso2carbon', '-file', 'reply.crt', ...store],
      ['-list', '-v', ...store],
    ],
    'keys and passwords': [
      ['-keypasswd', '-alias', 'wso2carbon', '-new', 'ofitsown', '-keypass', 'changeit', ...store],
      ['-keypasswd', '-alias', 'weak', '-new', 'ofitsown', ...trust],
      ['-keypasswd', '-alias', 'nobody', '-new', 'ofitsown', ...store],
      ['-storepasswd', '-new', 'short', ...store],
      ['-storepasswd', '-new', 'changedit', ...store],
      ['-list', ...at('wso2carbon.jks', 'changedit')],
      ['-importkeystore', ...from('wso2carbon.jks', 'changedit'), ...to('d.p12'), ...only('wso2carbon', 'ofitsown')],
      ['-importkeystore', ...from('wso2carbon.jks', 'changedit'), ...to('d.p12'), ...only('nobody', 'ofitsown')],
      ['-importkeystore', ...from('trust.p12'), ...to('d.p12')],
      ['-importkeystore', ...from('trust.p12'), ...to('d.p12'), '-noprompt'],
      ['-importkeystore', ...from('d.p12'), ...to('back.jks'), '-deststoretype', 'JKS'],
      ['-list', ...at('d.p12')],
      ['-list', ...at('back.jks')],
      ['-exportcert', '-alias', 'nobody', ...at('d.p12')],
      ['-certreq', '-alias', 'weak', ...at('d.p12')],
      ['-genkeypair', '-alias', 'wso2carbon', '-keyalg', 'EC', '-dname', 'CN=a', ...at('d.p12')],
      ['-genkeypair', '-alias', 'new', '-dname', 'CN=a', ...at('d.p12')],
      ['-genkeypair', '-alias', 'new', '-keyalg', 'EC', '-dname', 'CN=a', ...at('new.p12', 'short')],
    ],
  }

function at(name: string, password = 'changeit'): string[] {
  return ['-keystore', name, '-storepass', password]
}

function from(name: string, password = 'changeit'): string[] {
  return ['-srckeystore', name, '-srcstorepass', password]
}

function to(name: string): string[] {
  return ['-destkeystore', name, '-deststorepass', 'changeit']
}

function only(alias: string, password: string): string[] {
  return ['-srcalias', alias, '-srckeypass', password]
}

for (const [name, commands] of Object.entries(sessions)) {
  test(`as the JDK does: ${name}`, async () => {
    cpSync(original, theirs, { recursive: true })
    cpSync(original, ours, { recursive: true })
    for (const command of commands) {
      const { args, input } = 'args' in command ? command : { args: command, input: '' }
      const expected = await jdk(theirs, args, input)
      process.chdir(ours)
      const actual = await inProcess(['keytool', ...args], input, env, Date.now())
      process.chdir(folder)
      const words = `keytool ${args.join(' ')}`
      // inside PEM the JDK ends lines with CR LF, for no good reason
      assert.equal(actual.stdout, expected.stdout.replaceAll('\r', ''), words)
      assert.equal(said(actual.stderr), said(expected.stderr), words)
      assert.equal(actual.code, expected.code, words)
    }
  })
}

function jdk(cwd: string, args: readonly string[], input = ''): Promise<Run> {
  // quicker to start, and the same in every place
  const java = ['-J-XX:TieredStopAtLevel=1', '-J-Xshare:auto', '-J-Duser.language=en', '-J-Duser.country=US']
  return run('keytool', [...java, ...args], { cwd, env, input })
}

/** Without line ends after questions, which ours have and Java's have not, without blank lines and without our remedies, which are indented. */
function said(stderr: string): string {
  return stderr
    .replace(/: {2}\n+/g, ':  ')
    .split('\n')
    .filter(line => line.trim() !== '' && !line.startsWith('  '))
    .join('\n')
}

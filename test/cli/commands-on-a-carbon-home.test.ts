// Users, bindings, locks and the audit record of a Carbon home, changed and read beside the server that serves from it.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { loadCarbonHome } from '../../src/config/wso2/load-carbon-home.ts'
import { silentLog } from '../../src/log.ts'
import { type RunningServer, start } from '../../src/start/start.ts'
import { carbonHome, mutualSsl, writeHomeFile } from '../support/carbon-home.ts'
import { selfSigned, testAuthority } from '../support/certificates.ts'
import { until } from '../support/home.ts'
import { httpsRequest } from '../support/request.ts'
import { inProcess } from './transcript.ts'

const authority = testAuthority({ name: 'CN=Machines,O=Example' })
const machine = authority.issue({ subject: 'CN=machine' })
const pinned = selfSigned({ subject: 'CN=pinned' })
const home = carbonHome({
  trusted: { pinned: pinned.certificate, machines: authority.certificate },
  authenticator: mutualSsl({}),
  files: {
    'repository/conf/countersign.yaml':
      'management: { enabled: false }\nlisteners: [{ name: main, trustStore: [{ file: trust.pem }] }]\n',
  },
})
writeHomeFile(home, 'trust.pem', Buffer.from(pinned.pem + authority.pem))
let server: RunningServer

before(async () => {
  server = await start(await loadCarbonHome(home, { env: {} }), { log: silentLog })
})
after(() => server?.stop('the test is over'))

async function cli(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await inProcess([...args, '--carbon-home', home], '', {}, Date.now())
  assert.equal(code, 0, stderr)
  return stdout
}

async function who(identity: typeof machine, user?: string): Promise<string> {
  const { body } = await httpsRequest(`https://127.0.0.1:${server.listeners[0]!.port}/whoami`, {
    rejectUnauthorized: false,
    cert: identity.chainPem,
    key: identity.keyPem,
    headers: user === undefined ? {} : { UserName: Buffer.from(user).toString('base64') },
  })
  const answer = JSON.parse(body)
  return answer.user ?? answer.code
}

test('a user that is added, locked and unlocked', async () => {
  assert.equal(await who(pinned, 'alice'), 'certificate_not_bound')
  await cli('user', 'add', 'alice', '--certificate-only')
  await until(async () => (await who(pinned, 'alice')) === 'alice', 'she is known')
  await cli('user', 'lock', 'alice')
  await until(async () => (await who(pinned, 'alice')) !== 'alice', 'she is locked')
  await cli('user', 'unlock', 'alice')
  await until(async () => (await who(pinned, 'alice')) === 'alice', 'she is unlocked')
  assert.equal(JSON.parse(await cli('user', 'list', '--json')).length ?? 1, 1)
})

test('a binding that is added and removed', async () => {
  assert.equal(await who(machine), 'certificate_not_bound')
  await cli('binding', 'add', '--subject', 'CN=machine', '--user', 'alice')
  await until(async () => (await who(machine)) === 'alice', 'it is bound')
  const [, id = ''] = /"id": "([^"]+)"/.exec(await cli('binding', 'list', '--json')) ?? []
  await cli('binding', 'remove', id)
  await until(async () => (await who(machine)) === 'certificate_not_bound', 'it is bound no more')
})

test('a certificate that is locked, explained and unlocked', async () => {
  writeFileSync(join(home, 'pinned.pem'), pinned.pem)
  const explained = () => cli('cert', 'explain', join(home, 'pinned.pem'), '--user', 'alice')
  assert.match(await explained(), /alice/)
  await cli('cert', 'lock', join(home, 'pinned.pem'), '--reason', 'the laptop was stolen')
  await until(async () => (await who(pinned, 'alice')) === 'certificate_locked', 'it is locked')
  assert.match(await cli('cert', 'locks'), /the laptop was stolen/)
  await cli('cert', 'unlock', join(home, 'pinned.pem'))
  await until(async () => (await who(pinned, 'alice')) === 'alice', 'it is unlocked')
})

test('tenants and roles', async () => {
  await cli('tenant', 'add', 'acme.example')
  assert.match(await cli('tenant', 'list'), /acme\.example/)
  await cli('role', 'add', 'buyer')
  assert.match(await cli('role', 'list'), /buyer/)
})

test('the audit record has both what the commands did and what the server decided, in one chain', async () => {
  const text = await cli('audit', 'list', '--json')
  for (const word of ['user-changed', 'binding-changed', 'certificate-lock-changed', 'server-started'])
    assert.match(text, new RegExp(word))
  await cli('audit', 'verify')
})

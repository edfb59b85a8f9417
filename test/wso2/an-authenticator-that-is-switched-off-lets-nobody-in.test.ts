// `disabled="true"` in authenticators.xml beside a server that runs: it counts as soon as the file is written, for connections that are open as well.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, test } from 'node:test'
import { connect } from 'node:tls'
import { loadCarbonHome } from '../../src/config/wso2/load-carbon-home.ts'
import { silentLog } from '../../src/log.ts'
import { start } from '../../src/start/start.ts'
import { inProcess } from '../cli/transcript.ts'
import { mutualSsl, writeAuthenticators } from '../support/carbon-home.ts'
import { base64, carbonServer, usersPassword } from '../support/carbon-server.ts'
import { selfSigned } from '../support/certificates.ts'
import { until } from '../support/home.ts'

const certificate = selfSigned({ subject: 'CN=client' })
const server = await carbonServer({
  trusted: { client: certificate.certificate },
  own: { management: { enabled: true, address: '127.0.0.1', port: 0 } },
})
after(() => server[Symbol.asyncDispose]())
const management = `http://127.0.0.1:${server.running.management!.port}`
const noBasic = '<Authenticator name="BasicAccessAuthenticator" disabled="true"/>'

const byCertificate = () => server.ask({ path: '/whoami', certificate, headers: { UserName: base64('alice') } })
const byPassword = () =>
  server.ask({ path: '/whoami', headers: { Authorization: `Basic ${base64(`alice:${usersPassword}`)}` } })
const alarms = async () => /^countersign_alarms (\d+)$/m.exec(await (await fetch(`${management}/metrics`)).text())?.[1]
const ready = async () => (await fetch(`${management}/readyz`)).text()

/** A connection over which alice was let in; fulfilled when it has ended. */
async function openConnection(): Promise<{ readonly ended: Promise<unknown> }> {
  const { port } = server.running.listeners[0]!
  const { keyPem: key, chainPem: cert } = certificate
  const socket = connect({ host: '127.0.0.1', port, key, cert, rejectUnauthorized: false })
  socket.on('error', () => {})
  const ended = once(socket, 'close', { signal: AbortSignal.timeout(20_000) })
  // whoever waits for it is told; nobody else is
  ended.catch(() => {})
  socket.write(`GET /whoami HTTP/1.1\r\nHost: localhost\r\nUserName: ${base64('alice')}\r\n\r\n`)
  const [answer] = await once(socket, 'data')
  assert.match(String(answer), /^HTTP\/1\.1 200 /)
  return { ended }
}

test('mutual SSL off and passwords on: certificates identify nobody, over no door, and a password does', async () => {
  assert.equal((await byCertificate()).user, 'alice')
  const { ended } = await openConnection()
  writeAuthenticators(server.folder, mutualSsl({}, 'true'))
  await ended
  await until(async () => (await byCertificate()).code === 'credentials_required', 'it is off')
  const called = { operation: 'isReadOnly', certificate }
  assert.equal((await server.soap({ ...called, as: 'alice' })).user, undefined)
  assert.equal(
    (await server.ask({ path: '/scim2/Me', certificate, headers: { 'WSO2-Identity-User': 'alice' } })).user,
    undefined,
  )
  assert.equal((await byPassword()).user, 'alice')
  assert.equal(await alarms(), '0')
})

test('both off: nobody is let in, and the alarm says so', async () => {
  writeAuthenticators(server.folder, mutualSsl({}, 'true') + noBasic)
  await until(async () => (await byPassword()).user === undefined, 'passwords are off')
  for (const told of [await byPassword(), await byCertificate(), await server.ask({ path: '/whoami' })])
    assert.deepEqual([told.status, told.code], [401, 'credentials_required'])
  assert.equal((await server.soap({ operation: 'isReadOnly', certificate, as: 'alice' })).user, undefined)
  assert.equal(await alarms(), '1')
  assert.match(await ready(), /every authenticator is switched off: nobody is let in/)
})

test('both off: check-config says that such a home does not start, and it does not', async () => {
  const args = ['check-config', '--carbon-home', server.folder, '--json']
  const { code, stdout } = await inProcess(args, '', {}, Date.now())
  assert.equal(code, 1)
  const [problem, ...others] = JSON.parse(stdout).problems
  assert.deepEqual([problem.path, others], ['authenticators', []])
  assert.match(problem.message, /every authenticator is switched off: nobody can be let in/)
  const env = {}
  await assert.rejects(
    start(await loadCarbonHome(server.folder, { env }), { log: silentLog }),
    /every authenticator is switched off/,
  )
})

test('mutual SSL on again, without a restart: its certificates are let in, and the alarm is over', async () => {
  writeAuthenticators(server.folder, mutualSsl({}) + noBasic)
  await until(async () => (await byCertificate()).user === 'alice', 'it is on')
  assert.equal((await byPassword()).user, undefined)
  assert.equal(await alarms(), '0')
  const { ended } = await openConnection()
  writeAuthenticators(server.folder, mutualSsl({}, 'true') + noBasic)
  await ended
})

// A fresh clone, an old Node, and nothing but the README: its commands are taken from its own text.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { freePort } from '../support/free-port.ts'
import { run } from '../support/run.ts'
import { scratchFolder } from '../support/scratch.ts'

const root = join(import.meta.dirname, '../..')
const readme = readFileSync(join(root, 'README.md'), 'utf8')
const commands = [...readme.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap(block => block[1]!.trim().split('\n'))
const oldNode = ['/usr/local/bin', '/usr/bin'].map(folder => join(folder, 'node')).find(file => existsSync(file))

describe('the commands of the README, in a fresh clone', () => {
  const folder = scratchFolder()
  const clone = join(folder, 'countersign')
  let server: ChildProcess
  let output = ''
  const collect = (chunk: Buffer) => {
    output += chunk
  }
  let port: number

  before(async () => {
    const cloned = await run('git', ['clone', '-q', '--no-hardlinks', root, clone])
    assert.equal(cloned.code, 0, cloned.stderr)
    port = await freePort()
    assert.equal(commands[0], 'npm start')
    const path = [...(oldNode === undefined ? [] : [join(oldNode, '..')]), ...systemPath()].join(':')
    server = spawn('npm', ['start', '--silent', '--', '--port', String(port)], {
      cwd: clone,
      env: { ...outsideNpm(), PATH: path },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    })
    for (const stream of [server.stdout!, server.stderr!]) stream.on('data', collect)
    await waitFor(
      () => output.includes('Stop with Ctrl+C'),
      () => output,
    )
  })

  after(async () => {
    if (server?.pid === undefined || server.exitCode !== null) return
    const exited = once(server, 'exit')
    process.kill(-server.pid, 'SIGTERM')
    await exited
  })

  test('npm start makes the home that the README tells of, private where it must be', () => {
    const at = (...names: string[]) => join(clone, '.countersign', ...names)
    for (const name of [
      'countersign.yaml',
      'security/ca.crt',
      'security/server.p12',
      'security/client-truststore.p12',
    ]) {
      assert.ok(existsSync(at(name)), name)
    }
    for (const name of ['crt', 'key', 'p12']) assert.ok(existsSync(at('security/clients', `alice.${name}`)), name)
    assert.equal(statSync(at('admin-password')).mode & 0o777, 0o600)
    assert.ok(output.includes(readFileSync(at('admin-password'), 'utf8').trim()), 'the password is printed once')
  })

  const curls = commands.filter(command => command.startsWith('curl '))

  test('with the certificate: 200, as alice', async () => {
    const { status, body } = await paste(curls[0]!)
    assert.deepEqual([status, body.user, body.authenticatedBy], [200, 'alice', 'mutual-tls'])
  })

  test('without it: 401, and what is missing', async () => {
    const { status, body } = await paste(curls[1]!)
    assert.deepEqual([status, body.code], [401, 'certificate_required'])
  })

  test('with the password: 200, as admin', async () => {
    const { status, body } = await paste(curls[2]!)
    assert.deepEqual([status, body.user, body.authenticatedBy], [200, 'admin', 'basic'])
  })

  test('what npm start printed to paste works as well', async () => {
    const printed = output.match(/curl --cacert .*$/gm) ?? []
    assert.equal(printed.length, 3)
    const statuses = await Promise.all(printed.map(async command => (await paste(command)).status))
    assert.deepEqual(statuses, [200, 401, 200])
  })

  async function paste(command: string): Promise<{ status: number; body: Record<string, unknown> }> {
    const here = command.replaceAll(':9443/', `:${port}/`)
    const { stdout, stderr } = await run('sh', ['-c', `${here} -sS -w '\\n%{http_code}'`], { cwd: clone })
    const [body = '', status] = stdout.split('\n')
    assert.ok(body.startsWith('{'), stdout + stderr)
    return { status: Number(status), body: JSON.parse(body) }
  }
})

test('the two keytool commands of the README, on JKS files', async () => {
  const folder = scratchFolder()
  const launcher = join(root, 'bin/countersign.js')
  const store = ['-keystore', 'wso2carbon.jks', '-storepass', 'wso2carbon', '-storetype', 'JKS']
  const made = await run(
    'keytool',
    ['-genkeypair', '-alias', 'wso2carbon', '-keyalg', 'EC', '-dname', 'CN=localhost', ...store],
    { cwd: folder },
  )
  assert.equal(made.code, 0, made.stdout)
  const typed = commands.filter(command => command.startsWith('countersign keytool'))
  assert.equal(typed.length, 2)
  for (const command of typed) {
    const [, ...args] = command.split(' ')
    const done = await run(process.execPath, [launcher, ...args], { cwd: folder, input: 'yes\n' })
    assert.equal(done.code, 0, done.stdout + done.stderr)
  }
  const listed = await run('keytool', ['-list', '-keystore', 'client-truststore.jks', '-storepass', 'wso2carbon'], {
    cwd: folder,
  })
  assert.match(listed.stdout, /carbon,.*trustedCertEntry/)
})

/** Without what the `npm test` around us has set. */
function outsideNpm(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(npm_|NODE_)/.test(name)))
}

function systemPath(): string[] {
  return (process.env.PATH ?? '').split(':').filter(folder => !folder.includes('node_modules'))
}

async function waitFor(done: () => boolean, said: () => string): Promise<void> {
  const deadline = Date.now() + 180_000
  while (!done()) {
    assert.ok(Date.now() < deadline, said())
    await new Promise(resolve => setTimeout(resolve, 50))
  }
}

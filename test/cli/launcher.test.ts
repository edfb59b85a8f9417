import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { testAuthority } from '../support/certificates.ts'
import { run } from '../support/run.ts'
import { scratchFolder } from '../support/scratch.ts'
import { serverProcess } from '../support/server-process.ts'

const root = join(import.meta.dirname, '../..')
const launcher = join(root, 'bin/countersign.js')
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))

test('an old Node hands over to the pinned one, adds nothing of its own, and passes the exit code on', async t => {
  const node = oldNode(t)
  if (node === undefined) return
  assert.deepEqual(await run(node, [launcher, '--version']), { code: 0, stdout: `${version}\n`, stderr: '' })
  assert.equal((await run(node, [launcher, 'keystore'])).code, 2)
})

test('the Node that an old one hands over to has the settings of a server', async t => {
  const node = oldNode(t)
  if (node === undefined) return
  const { stdout, stderr } = await run(node, [launcher, 'serve', '--help'], {
    env: { NODE_OPTIONS: `--import ${teller}` },
  })
  const [own, ...pinned] = stdout.match(/^settings.*/gm) ?? []
  assert.equal(own, 'settings ', stderr)
  assert.match(pinned.at(-1)!, /--openssl-config=\S+openssl\.cnf,--min-semi-space-size=4/)
})

/** A module that prints the settings that its Node was started with. */
const teller = "data:text/javascript,console.log('settings',String(process.execArgv))"

test('without a Node that is new enough it says what to do, and exits with 3', async t => {
  const node = oldNode(t)
  if (node === undefined) return
  const folder = scratchFolder()
  mkdirSync(join(folder, 'bin'))
  copyFileSync(launcher, join(folder, 'bin/countersign.js'))
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
  const { code, stdout, stderr } = await run(node, [join(folder, 'bin/countersign.js'), '--version'])
  assert.equal(code, 3)
  assert.equal(stdout, '')
  assert.match(stderr, /^countersign: needs Node 26\.9 or newer; this is .*\n {2}Run `npm ci`/)
})

for (const signal of ['SIGTERM', 'SIGINT', 'SIGKILL'] as const) {
  test(`${signal} to the launcher ends the program behind it`, async t => {
    const node = oldNode(t)
    if (node === undefined) return
    // waits for a password on standard input
    const folder = scratchFolder()
    writeFileSync(join(folder, 'a.jks'), Buffer.from(`feedfeed0000000200000000${'00'.repeat(20)}`, 'hex'))
    const child = spawn(node, [launcher, 'keystore', 'password', join(folder, 'a.jks')], {
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    await once(child.stderr, 'data')
    const [inner] = childrenOf(child)
    assert.ok(inner, 'the launcher has a child')
    child.kill(signal)
    assert.deepEqual(await once(child, 'exit'), [null, signal])
    for (let tries = 0; existsSync(`/proc/${inner}`) && tries < 100; tries++) await sleep(50)
    assert.equal(existsSync(`/proc/${inner}`), false)
  })
}

test('a reader that goes away is no error', async () => {
  const line = `'${process.execPath}' '${launcher}' --help | true; '${process.execPath}' '${launcher}' keystore --help | head -1`
  const { stdout, stderr } = await run('sh', ['-c', line])
  assert.equal(stderr, '')
  assert.match(stdout, /^Usage: countersign keystore/)
})

test('output that cannot be written is a failure, not an answer', async () => {
  const { code, stderr } = await run('sh', ['-c', `'${process.execPath}' '${launcher}' --help > /dev/full`])
  assert.equal(code, 3)
  assert.match(stderr, /output: no space left on the device/)
})

test('a server has one session ticket made for each handshake and room for new objects, where nobody else has set them up', async () => {
  const commandLine = async (env: Record<string, string>) => {
    const server = await serverProcess({ folder: scratchFolder(), env })
    try {
      assert.equal(await server.ask({ certificate: server.alice }), 200)
      return readFileSync(`/proc/${server.pid}/cmdline`, 'utf8').split('\0')
    } finally {
      assert.deepEqual(await server.stop(), { code: 0, signal: null })
    }
  }
  const setting = `--openssl-config=${join(root, 'bin/openssl.cnf')}`
  const room = '--min-semi-space-size=4'
  const asItComes = await commandLine({})
  assert.ok(asItComes.includes(setting) && asItComes.includes(room))
  assert.ok(!(await commandLine({ NODE_OPTIONS: '--max-semi-space-size=2' })).includes(room))
  const own = join(scratchFolder(), 'openssl.cnf')
  writeFileSync(own, '')
  assert.ok(!(await commandLine({ OPENSSL_CONF: own })).includes(setting))
  for (const [file, tickets] of [
    [setting, '1\n'],
    [`--openssl-config=${own}`, '2\n'],
  ] as const) {
    const { stdout, stderr } = await run(process.execPath, [file, '--input-type=module', '--eval', ticketsOfNode])
    assert.equal(stdout, tickets, stderr)
  }
})

test('on a single CPU the collector has no threads of its own, unless somebody says so', async () => {
  const [cpu] = /^Cpus_allowed_list:\s*(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))!.slice(1)
  const collectors = async (options: readonly string[]) => {
    const line = ['-c', cpu!, process.execPath, ...options, '--import', teller, launcher, 'serve', '--help']
    const { code, stdout, stderr } = await run('taskset', line)
    assert.equal(code, 0, stderr)
    // The process says it twice: as it was called, and as it called itself.
    return stdout.match(/^settings .*/gm)!.map(settings => settings.match(/--(no-)?single-threaded-gc/g) ?? [])
  }
  assert.deepEqual(await collectors([]), [[], ['--single-threaded-gc']])
  const other = '--no-single-threaded-gc'
  assert.deepEqual(await collectors([other]), [[other], [other]])
})

/** Tells how many tickets a server of Node's own hands out after a full handshake: two, as it comes. */
const ticketsOfNode = `
  import { connect, createServer } from 'node:tls'
  const { key, cert } = ${JSON.stringify(selfSigned())}
  const server = createServer({ key, cert }, socket => socket.end('x')).listen(0, '127.0.0.1', () => {
    let tickets = 0
    const client = connect({ port: server.address().port, host: '127.0.0.1', rejectUnauthorized: false })
    client.on('session', () => tickets++).resume().on('close', () => { console.log(tickets); server.close() })
  })`

function selfSigned(): { key: string; cert: string } {
  const { keyPem, pem } = testAuthority({ name: 'Server CA' }).issueServer()
  return { key: keyPem, cert: pem }
}

function oldNode(t: TestContext): string | undefined {
  const places = (process.env.PATH ?? '').split(delimiter).concat('/usr/bin', '/usr/local/bin')
  const found = places
    .map(place => join(place, 'node'))
    .filter(path => existsSync(path))
    .find(path => {
      const [, major = '99'] = /^v(\d+)\./.exec(execFileSync(path, ['--version'], { encoding: 'utf8' })) ?? []
      return Number(major) >= 20 && Number(major) < 26
    })
  if (found === undefined) t.skip('no Node from 20 to 25 in PATH')
  return found
}

function childrenOf({ pid }: ChildProcess): string[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean)
}

// What `npm pack` makes is installed in an empty folder, and used there as its users would: command line and library.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { before, suite, test } from 'node:test'
import { systemClock } from '../../src/clock.ts'
import { openDemoHome } from '../../src/config/demo-home.ts'
import { exampleCertificates, writeFiles } from '../support/example.ts'
import { startPostgres, usersSectionOf } from '../support/postgres.ts'
import { run } from '../support/run.ts'
import { scratchFolder } from '../support/scratch.ts'

const root = join(import.meta.dirname, '../..')
const folder = scratchFolder()
const installed = join(folder, 'node_modules', 'countersign')

before(async () => {
  // A copy, so that two builds never meet in one dist/.
  const copy = join(folder, 'copy')
  mkdirSync(copy)
  for (const name of readdirSync(root)) {
    if (!['node_modules', '.git', 'dist', '.countersign'].includes(name))
      cpSync(join(root, name), join(copy, name), { recursive: true })
  }
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
  const built = await run('npm', ['run', 'build'], { cwd: copy, timeout: 180_000 })
  assert.equal(built.code, 0, built.stdout + built.stderr)
  const packed = await run('npm', ['pack', '--json', '--ignore-scripts'], { cwd: copy })
  assert.equal(packed.code, 0, packed.stderr)
  const tarball = readdirSync(copy).find(name => name.endsWith('.tgz'))
  assert.ok(tarball)
  mkdirSync(installed, { recursive: true })
  const unpacked = await run('tar', ['-xzf', join(copy, tarball), '-C', installed, '--strip-components=1'])
  assert.equal(unpacked.code, 0, unpacked.stderr)
  // The dependencies are those that the lock file names: linked, not fetched again.
  const manifest = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'))
  link(transitive(Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies })))
})

function link(names: Iterable<string>): void {
  for (const name of names) {
    const target = join(folder, 'node_modules', name)
    mkdirSync(join(target, '..'), { recursive: true })
    if (!existsSync(target)) symlinkSync(join(root, 'node_modules', name), target)
  }
}

/** With the dependencies of the dependencies: a development package that source imports by mistake is not among them. */
function transitive(names: readonly string[]): Set<string> {
  const all = new Set<string>()
  const visit = (name: string) => {
    if (all.has(name)) return
    all.add(name)
    const manifest = JSON.parse(readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8'))
    for (const next of Object.keys(manifest.dependencies ?? {})) visit(next)
  }
  for (const name of names) visit(name)
  return all
}

test('it holds what it needs and nothing else', () => {
  const names = readdirSync(installed)
  for (const name of ['bin', 'dist', 'LICENSE', 'README.md', 'package.json']) assert.ok(names.includes(name), name)
  for (const name of ['src', 'test', 'bench', '.ci', 'scripts']) assert.ok(!names.includes(name), name)
  assert.match(JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')).engines.node, /^>=26/)
})

// What this process starts finds it here: nothing is left in the home of whoever runs the tests.
process.env.XDG_CACHE_HOME = join(folder, 'cache')

test('its command runs', async () => {
  const version = await run(process.execPath, [join(installed, 'bin/countersign.js'), '--version'], { cwd: folder })
  assert.equal(
    version.stdout.trim(),
    JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version,
    version.stderr,
  )
  const made = await run(
    process.execPath,
    [join(installed, 'bin/countersign.js'), 'keystore', 'list', 'none.jks', '--json'],
    { cwd: folder },
  )
  assert.equal(made.code, 3)
  assert.match(made.stdout + made.stderr, /ERR_/)
})

test('its command carries what it depends on, and says whose that is', async t => {
  const alone = join(folder, 'alone')
  for (const each of ['package.json', 'bin', 'dist/program']) {
    cpSync(join(installed, each), join(alone, each), { recursive: true })
  }
  const postgres = await startPostgres()
  t.after(() => postgres.stop())
  const store = join(alone, 'store.json')
  const { server, clients, authority } = exampleCertificates()
  const client = clients.issue({ subject: 'CN=alice' })
  const revoked = clients.issue({ subject: 'CN=alice' })
  writeFiles(alone, {
    'server.pem': server.pem + server.keyPem,
    'clients.pem': clients.pem,
    'servers.pem': authority.pem,
    'alice.pem': client.pem + client.keyPem,
    'revoked.pem': revoked.pem + revoked.keyPem,
  })
  const list = clients.crl([revoked])
  const upstream = createServer((request, response) =>
    response.end(request.url === '/list.crl' ? list : `hello ${request.headers['x-forwarded-user']}`),
  )
  await new Promise<void>(resolve => upstream.listen(0, '127.0.0.1', resolve))
  t.after(() => upstream.close())
  const trustStore = [{ file: 'clients.pem' }]
  const behind = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`
  writeFileSync(
    store,
    JSON.stringify({
      listeners: [{ address: '127.0.0.1', port: 0, keyStore: { file: 'server.pem' }, trustStore }],
      management: { enabled: false },
      authenticators: { 'mutual-tls': { bindings: [{ subject: 'CN=alice', users: ['alice'] }] } },
      routes: [{ path: '/', upstream: behind, require: ['mutual-tls'] }],
      revocation: {
        mode: 'require',
        crl: { urls: [`${behind}/list.crl`] },
        fetch: { insecureAllowPrivateAddresses: true },
      },
      soap: { enabled: true },
      proxies: [
        {
          name: 'edge',
          proof: { by: 'socket', path: 'edge.sock' },
          clientCertificate: { form: 'nginx' },
          addressHeader: 'X-Forwarded-For',
        },
      ],
      users: usersSectionOf(postgres.options()),
    }),
  )
  const command = (...words: string[]) =>
    run(process.execPath, [join(alone, 'bin/countersign.js'), ...words, '--config', store], { cwd: alone })
  const added = await command('user', 'add', 'alice', '--certificate-only')
  assert.equal(added.code, 0, added.stderr)
  const listed = await command('user', 'list', '--json')
  assert.match(listed.stdout, /"alice"/, listed.stderr)
  const serving = spawn(process.execPath, [join(alone, 'bin/countersign.js'), 'serve', '--config', store], {
    cwd: alone,
  })
  try {
    const url = `https://localhost:${await listeningPort(serving)}`
    const ask = async (who: string, path: string, ...more: string[]) => {
      const flags = ['-sS', '--cacert', join(alone, 'servers.pem'), '--cert', join(alone, `${who}.pem`)]
      const { stdout, stderr } = await run('curl', [...flags, ...more, `${url}${path}`])
      return stdout + stderr
    }
    assert.equal(await ask('alice', '/'), 'hello alice')
    assert.match(await ask('revoked', '/'), /certificate_revoked/)
    const envelope = `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:w="http://service.ws.um.carbon.wso2.org"><s:Body><w:isReadOnly/></s:Body></s:Envelope>`
    const service = '/services/RemoteUserStoreManagerService'
    assert.match(await ask('alice', service, '-H', 'Content-Type: text/xml', '-d', envelope), /Envelope/)
    const handedOn = ['-H', `X-SSL-Client-Cert: ${encodeURIComponent(client.pem)}`, '-H', 'X-Forwarded-For: 192.0.2.7']
    const bySocket = ['-sS', '--unix-socket', join(alone, 'edge.sock'), ...handedOn, 'http://localhost/']
    assert.equal((await run('curl', bySocket)).stdout, 'hello alice')
  } finally {
    serving.kill('SIGTERM')
    await once(serving, 'exit')
  }
  const notices = readFileSync(join(alone, 'dist/program/LICENSES.txt'), 'utf8')
  const { dependencies } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'))
  for (const name of Object.keys(dependencies)) assert.match(notices, new RegExp(`^${name} \\d[\\d.]* \\(`, 'm'))
})

test('it keeps compiled code where it is told, where its user alone writes, and nowhere else', async () => {
  const places = { XDG_CACHE_HOME: join(folder, 'kept'), TMPDIR: join(folder, 'tmp') }
  mkdirSync(places.TMPDIR)
  const command = [join(installed, 'bin/countersign.js'), 'keystore', 'list', '--help']
  const ended = await run(process.execPath, command, { cwd: folder, env: { ...process.env, ...places } })
  assert.equal(ended.code, 0, ended.stderr)
  assert.deepEqual(readdirSync(places.XDG_CACHE_HOME), ['countersign'])
  assert.ok(readdirSync(join(places.XDG_CACHE_HOME, 'countersign')).length > 0)
  const shared = join(folder, 'shared/countersign')
  mkdirSync(shared, { recursive: true })
  chmodSync(shared, 0o777)
  const exposed = { ...process.env, ...places, XDG_CACHE_HOME: join(folder, 'shared') }
  const without = await run(process.execPath, command, { cwd: folder, env: exposed })
  assert.equal(without.code, 0, without.stderr)
  assert.deepEqual(readdirSync(shared), [])
  const relative = await run(process.execPath, command, {
    cwd: folder,
    env: { ...process.env, ...places, XDG_CACHE_HOME: 'here' },
  })
  assert.equal(relative.code, 0, relative.stderr)
  assert.ok(!existsSync(join(folder, 'here')))
  assert.deepEqual(readdirSync(places.TMPDIR), [])
})

test('its library can be imported, with types', async () => {
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
  writeFileSync(
    join(folder, 'use.ts'),
    `import { openKeyStore, parseCertificate, validatePath, type Verdict } from 'countersign'
const verdict: Verdict | undefined = undefined
console.log(typeof openKeyStore, typeof parseCertificate, typeof validatePath, verdict)
`,
  )
  const used = await run(process.execPath, ['use.ts'], { cwd: folder })
  assert.equal(used.stdout.trim(), 'function function function undefined', used.stderr)
  const checked = await typeCheck('use.ts')
  assert.equal(checked.code, 0, checked.stdout)
})

function typeCheck(...files: string[]) {
  const flags = ['--noEmit', '--module', 'nodenext', '--target', 'esnext', '--types', 'node', '--strict']
  const types = ['--typeRoots', join(root, 'node_modules/@types')]
  return run(join(root, 'node_modules/.bin/tsc'), [...flags, ...types, ...files], { cwd: folder })
}

suite('the entries for servers of somebody else', () => {
  const kinds = ['node', 'express', 'fastify']
  before(async () => {
    link(transitive(['express', 'fastify', '@types/express']))
    for (const kind of kinds) cpSync(join(root, 'examples', kind), join(folder, kind), { recursive: true })
    const home = await openDemoHome(join(folder, 'home'), { clock: systemClock, port: 0 })
    const text = readFileSync(home.configuration, 'utf8')
    const quiet = text.replace('management: { address: 127.0.0.1, port: 9990 }', 'management: { enabled: false }')
    assert.notEqual(quiet, text)
    writeFileSync(home.configuration, quiet)
  })

  test('the examples and what docs/library.md shows are well typed', async () => {
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
    const page = readFileSync(join(root, 'docs/library.md'), 'utf8')
    const blocks = [...page.matchAll(/```ts\n(.*?)```/gs)]
      .map(match => match[1]!)
      .filter(block => /^import/m.test(block))
    assert.equal(blocks.length, 3)
    const files = blocks.map((block, i) => {
      writeFileSync(join(folder, `block-${i}.ts`), block)
      return `block-${i}.ts`
    })
    const wrong = `${blocks[0]}\n// @ts-expect-error: a restriction that is misspelt\nauth.require({ role: ['buyer'] })\n`
    writeFileSync(join(folder, 'wrong.ts'), wrong)
    const checked = await typeCheck('--skipLibCheck', 'wrong.ts', ...files, ...kinds.map(kind => `${kind}/server.ts`))
    assert.equal(checked.code, 0, checked.stdout)
  })

  for (const kind of kinds) {
    test(`the example of ${kind} runs`, async () => {
      const security = join(folder, 'home/security')
      const server = spawn(process.execPath, [
        join(folder, kind, 'server.ts'),
        join(folder, 'home/countersign.yaml'),
        '0',
      ])
      try {
        const port = await portOf(server)
        const ask = async (path: string, ...more: string[]) => {
          const url = `https://localhost:${port}${path}`
          const flags = ['-sS', '--cacert', join(security, 'ca.crt'), '-w', ' %{http_code}']
          return (await run('curl', [...flags, ...more, url])).stdout.trim()
        }
        const alice = ['--cert', join(security, 'clients/alice.crt'), '--key', join(security, 'clients/alice.key')]
        assert.equal(await ask('/', ...alice), 'hello alice\n 200')
        assert.match(await ask('/'), /"code":"certificate_required".* 401$/)
        if (kind !== 'node') assert.match(await ask('/orders', ...alice), /"code":"forbidden".* 403$/)
      } finally {
        server.kill('SIGTERM')
        await once(server, 'exit')
      }
    })
  }
})

/** From the address that it prints. */
async function portOf(server: ReturnType<typeof spawn>): Promise<number> {
  let errors = ''
  server.stderr!.on('data', chunk => {
    errors += chunk
  })
  for await (const line of createInterface(server.stdout!)) {
    const port = /port: (\d+)/.exec(line)?.[1]
    if (port !== undefined) return Number(port)
  }
  throw new Error(`it ended: ${errors}`)
}

/** From the record that it is up. */
async function listeningPort(server: ReturnType<typeof spawn>): Promise<number> {
  const lines: string[] = []
  for await (const line of createInterface(server.stderr!)) {
    lines.push(line)
    if (line.includes('"the server is up"')) return JSON.parse(line).listeners[0].port
  }
  throw new Error(lines.join('\n'))
}

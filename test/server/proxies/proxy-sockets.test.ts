// A proxy that proves itself by opening a Unix socket which nobody else on the machine may open.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, lstatSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { Agent, createServer, type IncomingHttpHeaders, request } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { testAuthority } from '../../support/certificates.ts'
import { freePort } from '../../support/free-port.ts'
import { until } from '../../support/home.ts'
import { countersign } from '../../support/run.ts'
import { scratchFolder } from '../../support/scratch.ts'
import { type ServerProcess, serverProcess } from '../../support/server-process.ts'

const folder = scratchFolder()
const path = join(folder, 'nginx.sock')
const proxy = {
  name: 'nginx',
  proof: { by: 'socket', path: 'nginx.sock' },
  clientCertificate: { form: 'nginx' },
  addressHeader: 'X-Forwarded-For',
  forwardAuth: { form: 'nginx' },
}
/** The resource: tells what it got, when it is told to. */
let held: (() => void)[] = []
const upstream = createServer(async (received, response) => {
  const body = Buffer.concat(await received.toArray()).toString()
  if (received.url === '/orders/slow') await new Promise<void>(resolve => held.push(resolve))
  response.end(JSON.stringify({ user: received.headers['x-forwarded-user'], body }))
}).listen(0, '127.0.0.1')
upstream.on('upgrade', (received, socket) => {
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n${received.headers['x-forwarded-user']}`,
  )
  socket.on('error', () => {}).pipe(socket)
})
await once(upstream, 'listening')
after(() => upstream.close().closeAllConnections())

const sections = {
  proxies: [proxy],
  routes: ['/orders/*', '/ws'].map(path => ({
    path,
    upstream: `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`,
    websocket: path === '/ws' ? 'allow' : 'refuse',
  })),
}
let server: ServerProcess
before(async () => {
  server = await serverProcess({ folder, sections, limits: { headersTimeout: 1_000 } })
})
after(() => server.stop())

interface Asked {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Record<string, string>
}

interface Asking {
  readonly path?: string
  readonly method?: string
  readonly body?: string
  readonly agent?: Agent | false
}

function ask(headers: Record<string, string>, asking: Asking = {}, socketPath = path): Promise<Asked> {
  const { path: target = '/whoami', method = 'GET', body, agent = false } = asking
  return new Promise((resolve, reject) => {
    const sent = request({ socketPath, path: target, method, agent, headers: { host: 'id.example.org', ...headers } })
    sent.on('response', async response => {
      const text = Buffer.concat(await response.toArray()).toString()
      resolve({
        status: response.statusCode ?? 0,
        headers: response.headers,
        body: text === '' ? {} : JSON.parse(text),
      })
    })
    sent.on('error', reject).end(body)
  })
}

const of = (pem: string, address = '192.0.2.7') => ({
  'x-ssl-client-cert': encodeURIComponent(pem),
  'x-forwarded-for': address,
})
const alice = () => of(server.alice.pem)

suite('whoever may open the socket is the proxy', () => {
  test('the log says where it is', () => {
    const up = server.log.find(line => line.includes('the server is up'))!
    assert.deepEqual(JSON.parse(up).listeners[0].sockets, [path])
  })

  test('the client that it tells of is judged as any other', async () => {
    const answer = await ask(alice())
    assert.deepEqual([answer.status, answer.body.user], [200, 'alice'])
    const stranger = testAuthority({ name: 'Stranger CA' }).issue({ subject: 'CN=alice' })
    assert.equal((await ask(of(stranger.pem))).body.code, 'issuer_unknown')
    assert.equal((await ask({ 'x-forwarded-for': '192.0.2.7' })).body.code, 'certificate_required')
  })

  test('it has to tell the address of its client, and writes one form only', async () => {
    const { 'x-ssl-client-cert': certificate } = alice()
    const silent = await ask({ 'x-ssl-client-cert': certificate })
    assert.deepEqual([silent.status, silent.body.code], [400, 'bad_request'])
    const other = { 'client-cert': `:${server.alice.der.toString('base64')}:`, 'x-forwarded-for': '192.0.2.7' }
    assert.equal((await ask(other)).body.code, 'certificate_required')
  })

  test('the record names proxy and client', async () => {
    await ask(of(server.alice.pem, '198.51.100.9'))
    const line = () => server.log.find(each => each.includes('"remoteAddress":"198.51.100.9"'))
    await until(() => line() !== undefined, 'a line of the log')
    assert.equal(JSON.parse(line()!).proxy, 'nginx')
  })

  test('it asks, it passes on, with a body as well', async () => {
    const question = { 'x-original-method': 'GET', 'x-original-uri': '/orders/1', 'x-original-host': 'app.example.org' }
    const yes = await ask({ ...alice(), ...question }, { path: '/auth/check' })
    assert.deepEqual([yes.status, yes.headers['x-forwarded-user']], [200, 'alice'])
    const no = await ask({ 'x-forwarded-for': '192.0.2.7', ...question }, { path: '/auth/check' })
    assert.equal(no.status, 401)
    const posted = await ask(alice(), { path: '/orders/1', method: 'POST', body: 'a body' })
    assert.deepEqual(posted.body, { user: 'alice', body: 'a body' })
  })

  test('one connection serves many clients, one after the other', async () => {
    using agent = disposable(new Agent({ keepAlive: true, maxSockets: 1 }))
    const nobody = { 'x-forwarded-for': '192.0.2.8' }
    const answers = []
    for (const headers of [alice(), nobody, alice(), nobody]) answers.push(await ask(headers, { agent: agent.value }))
    assert.deepEqual(
      answers.map(({ status }) => status),
      [200, 401, 200, 401],
    )
  })

  test('a WebSocket goes through, and one that breaks off takes nobody along', async () => {
    const socket = connect(path)
    const fields = { Host: 'localhost', Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Version': '13' }
    const head = Object.entries({ ...fields, 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==', ...alice() })
    socket.write(`GET /ws HTTP/1.1\r\n${head.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`)
    let text = ''
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
    })
    await until(() => text.endsWith('alice'), 'the other protocol')
    assert.match(text, /^HTTP\/1\.1 101 /)
    socket.write('and back')
    await until(() => text.endsWith('and back'), 'what was sent')
    socket.destroy()
    assert.equal((await ask(alice())).status, 200)
  })

  test('limits hold there too: so many connections and no more', async () => {
    const own = scratchFolder()
    const few = await serverProcess({
      folder: own,
      sections: { proxies: [proxy] },
      limits: { maxConnectionsPerAddress: 2 },
    })
    const at = join(own, 'nginx.sock')
    const open = [connect(at), connect(at)]
    try {
      for (const socket of open) await once(socket, 'connect')
      await until(async () => {
        const further = connect(at)
        await once(further, 'close')
        return few.log.some(line => line.includes('too_many_connections') && line.includes(`"unix:${at}"`))
      }, 'the third is refused')
    } finally {
      for (const socket of open) socket.destroy()
      await few.stop()
    }
  })

  test('limits hold there too: a header section that does not come ends the connection', async () => {
    const socket = connect(path)
    socket.on('error', () => {})
    socket.write('GET /whoami HTTP/1.1\r\nHost: a\r\n')
    const [text] = await once(socket.setEncoding('utf8'), 'data')
    assert.match(String(text), /^HTTP\/1\.1 408 /)
    await once(socket, 'close')
  })

  test('what is no HTTP gets a problem, and the next connection is served', async () => {
    const socket = connect(path)
    socket.write('\x16\x03\x01 this is TLS\r\n\r\n')
    const [text] = await once(socket.setEncoding('utf8'), 'data')
    assert.match(String(text), /^HTTP\/1\.1 400 [\s\S]*bad_request/)
    socket.destroy()
    assert.equal((await ask(alice())).status, 200)
  })
})

test('nobody else may open it', {
  skip: process.getuid?.() !== 0 && 'only root can try as somebody else',
}, async () => {
  const others = scratchFolder()
  execFileSync('chmod', ['755', others])
  const own = await serverProcess({
    folder: scratchFolder(),
    sections: { proxies: [{ ...proxy, proof: { by: 'socket', path: join(others, 'edge.sock'), access: 'group' } }] },
  })
  try {
    const script = `require('net').connect(process.argv[1]).on('error', e => console.log(e.code)).on('connect', () => { console.log('in'); process.exit() })`
    const as = (ids: { uid: number; gid: number }, socket: string) =>
      execFileSync(process.execPath, ['-e', script, socket], { ...ids, encoding: 'utf8' }).trim()
    const socket = join(others, 'edge.sock')
    assert.equal(lstatSync(socket).mode & 0o777, 0o660)
    assert.equal(as({ uid: 65_534, gid: 65_534 }, socket), 'EACCES')
    assert.equal(as({ uid: 65_534, gid: process.getgid!() }, socket), 'in')
    assert.equal(lstatSync(path).mode & 0o777, 0o600)
  } finally {
    await own.stop()
  }
})

suite('the place of the socket', () => {
  const started = async (at: string) => {
    const home = scratchFolder()
    const other = JSON.parse(readFileSync(server.file, 'utf8'))
    const [only] = other.listeners
    other.listeners = [
      {
        ...only,
        keyStore: { file: join(folder, 'server.pem') },
        trustStore: [{ file: join(folder, 'clients.pem') }],
      },
    ]
    other.proxies = [{ ...proxy, proof: { by: 'socket', path: at } }]
    const file = join(home, 'countersign.yaml')
    writeFileSync(file, JSON.stringify(other))
    return countersign(['serve', '--config', file])
  }

  test('where somebody listens nobody else does', async () => {
    const { code, stderr } = await started(path)
    assert.equal(code, 3)
    assert.match(stderr, /another program listens at it[\s\S]*ERR_LISTEN_FAILED/)
    assert.equal((await ask(alice())).status, 200)
  })

  test('what is no socket stays', async () => {
    const file = join(scratchFolder(), 'letter')
    writeFileSync(file, 'dear reader')
    const { code, stderr } = await started(file)
    assert.equal(code, 3)
    assert.match(stderr, /something else is there[\s\S]*ERR_LISTEN_FAILED/)
    assert.equal(readFileSync(file, 'utf8'), 'dear reader')
  })

  test('in a folder that is not there, or everybody may write in, it is not made', async () => {
    assert.match(
      (await started(join(scratchFolder(), 'none', 'a.sock'))).stderr,
      /its folder is not there[\s\S]*ERR_LISTEN_FAILED/,
    )
    const open = join(scratchFolder(), 'open')
    mkdirSync(open)
    execFileSync('chmod', ['777', open])
    assert.match((await started(join(open, 'a.sock'))).stderr, /everybody may write in its folder/)
    assert.match((await started(`/${'x'.repeat(120)}`)).stderr, /longer than 103 bytes/)
  })

  test('one that a killed server left is made anew', async () => {
    const at = join(scratchFolder(), 'nginx.sock')
    const setting = () => ({
      folder: scratchFolder(),
      sections: { proxies: [{ ...proxy, proof: { by: 'socket', path: at } }] },
    })
    const first = await serverProcess(setting())
    first.signal('SIGKILL')
    await first.stop()
    assert.ok(existsSync(at))
    const second = await serverProcess(setting())
    try {
      assert.equal((await ask({ 'x-forwarded-for': '192.0.2.7' }, {}, at)).status, 401)
    } finally {
      await second.stop()
    }
    assert.ok(!existsSync(at))
  })
})

suite('reload', () => {
  test('a proxy that is taken out is not believed any more, on open connections either', async () => {
    using agent = disposable(new Agent({ keepAlive: true, maxSockets: 1 }))
    assert.equal((await ask(alice(), { agent: agent.value })).status, 200)
    server.configure({ sections: { ...sections, proxies: [] } })
    server.signal('SIGHUP')
    await until(async () => (await ask(alice(), { agent: agent.value })).status === 403, 'the end of its word')
    const refused = await ask(alice())
    assert.deepEqual([refused.status, refused.body.code], [403, 'proxy_not_proven'])
    // Nor is whoever comes without a certificate of a client taken for a client.
    assert.equal((await ask({})).body.code, 'proxy_not_proven')
    const warned = (line: string) => line.includes('"section":"proxies"') && line.includes('waits for a restart')
    await until(() => server.log.some(warned), 'the warning')
    server.configure({ sections })
    server.signal('SIGHUP')
    await until(async () => (await ask(alice())).status === 200, 'it is believed again')
  })

  test('what is under way for a client that loses its trust ends', async () => {
    const { locks } = server
    const ended = assert.rejects(ask(alice(), { path: '/orders/slow' }))
    await until(() => held.length === 1, 'the question')
    const lock = { kind: 'thumbprint', value: server.alice.thumbprint } as const
    await locks.add(lock, 'alice', 'a test')
    await Promise.race([ended, sleep(5_000).then(() => assert.fail('it goes on'))])
    held = []
    await locks.remove(lock)
    await until(async () => (await ask(alice())).status === 200, 'alice is in again')
  })

  test('a `clientAuth` of others is no affair of the proxy', async () => {
    using agent = disposable(new Agent({ keepAlive: true, maxSockets: 1 }))
    assert.equal((await ask(alice(), { agent: agent.value })).status, 200)
    const written = JSON.parse(readFileSync(server.file, 'utf8'))
    written.listeners[0].clientAuth = 'need'
    writeFileSync(server.file, JSON.stringify(written))
    const reloads = () => server.log.filter(line => line.includes('"cause":"SIGHUP"')).length
    const before = reloads()
    server.signal('SIGHUP')
    await until(() => reloads() > before, 'the reload')
    assert.equal((await ask(alice(), { agent: agent.value })).status, 200)
    assert.equal((await ask({ 'x-forwarded-for': '192.0.2.7' })).body.code, 'certificate_required')
    server.configure({ sections })
    server.signal('SIGHUP')
  })
})

test('workers share the socket, are renewed without one request refused, and leave nothing behind', async () => {
  const home = scratchFolder()
  const at = join(home, 'nginx.sock')
  const several = await serverProcess({
    folder: home,
    sections: { proxies: [proxy], workers: 2, management: { port: await freePort() } },
  })
  const client = of(several.alice.pem)
  try {
    const statuses: (number | string)[] = []
    let over = false
    const load = (async () => {
      while (!over) {
        statuses.push(await ask(client, {}, at).then(({ status }) => status, String))
        await sleep(2)
      }
    })()
    const workers = () => new Set(several.log.flatMap(line => /"worker":(\d)/.exec(line)?.[1] ?? []))
    await until(() => workers().size === 2 && statuses.length > 100, 'both work')
    const renewed = () => several.log.filter(line => line.includes('"worker"') && line.includes('"pid"')).length
    const before = renewed()
    several.signal('SIGUSR2')
    await until(() => renewed() >= before + 2, 'two new workers', 60_000)
    await sleep(500)
    over = true
    await load
    assert.deepEqual(new Set(statuses), new Set([200]))
    // All of them at once: the socket is made anew with the first that takes their place.
    const pids = several.log.flatMap(line => /"worker":\d,"pid":(\d+)/.exec(line)?.[1] ?? []).slice(-2)
    assert.equal(pids.length, 2)
    for (const pid of pids) process.kill(Number(pid), 'SIGKILL')
    await until(async () => (await ask(client, {}, at).catch(() => undefined))?.status === 200, 'a new worker', 20_000)
    assert.equal(lstatSync(at).mode & 0o777, 0o600)
  } finally {
    await several.stop()
  }
  assert.ok(!existsSync(at))
})

test('a server that stops answers what is under way, and takes its socket along', async () => {
  const home = scratchFolder()
  const at = join(home, 'nginx.sock')
  const own = await serverProcess({ folder: home, sections })
  const slow = ask(of(own.alice.pem), { path: '/orders/slow' }, at)
  await until(() => held.length === 1, 'the request')
  const idle = connect(at)
  await once(idle, 'connect')
  const stopped = own.stop()
  await sleep(200)
  for (const go of held.splice(0)) go()
  assert.deepEqual((await slow).body, { user: 'alice', body: '' })
  assert.deepEqual(await stopped, { code: 0, signal: null })
  await gone(idle)
  assert.ok(!existsSync(at))
})

const gone = (socket: Socket) => (socket.closed ? undefined : once(socket, 'close'))

function disposable(value: Agent): { value: Agent } & Disposable {
  return { value, [Symbol.dispose]: () => value.destroy() }
}

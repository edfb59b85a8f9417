// Two workers on one port: whatever one of them learns or counts, the other knows; and one that ends is not missed.
import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import type { IncomingHttpHeaders } from 'node:http'
import { request } from 'node:https'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import { verifyAudit } from '../../src/telemetry/audit/verify.ts'
import { freePort } from '../support/free-port.ts'
import { until } from '../support/home.ts'
import { signMessage } from '../support/message-signature.ts'
import { countersign } from '../support/run.ts'
import { scratchFolder } from '../support/scratch.ts'
import { type ServerProcess, serverProcess } from '../support/server-process.ts'

const folder = scratchFolder()
const secret = 'a secret of more than thirty-two bytes, for tests'
const management = await freePort()
const sections = {
  workers: 2,
  management: { port: management },
  authenticators: {
    'mutual-tls': { bindings: ['alice', 'bob'].map(name => ({ subject: `CN=${name}`, users: [name] })) },
    basic: { enabled: true },
  },
  proxies: [{ name: 'edge', proof: { by: 'signature', keyId: 'edge', secret, maxAge: 60 } }],
  soap: { enabled: true },
  assertion: {},
}
let server: ServerProcess
before(async () => {
  server = await serverProcess({ folder, users: ['bob'], sections })
  await server.users.add({ tenant: 'default', name: 'admin', password: 'right password', roles: ['admin'] })
  const known = () => server.log.filter(line => line.includes('"cause":"users"')).length
  await until(() => known() === 2, 'both know of it')
})
after(() => server.stop())

interface Asked {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
  readonly worker: number
}

interface Asking {
  readonly method?: string
  readonly path?: string
  readonly headers?: Record<string, string>
  readonly body?: string
  readonly certificate?: 'alice' | 'none'
}

/** Each connection comes from an address of its own, which the log has, and the worker with it. */
let last = 0
const nextAddress = () => `127.1.${++last >> 8}.${last & 255}`
const workerOf = async (address: string): Promise<number> => {
  const line = () => server.log.find(each => each.includes(`"remoteAddress":"${address}"`))
  await until(() => line() !== undefined, `a line of the log about ${address}`)
  return JSON.parse(line()!).worker
}

async function ask(asking: Asking = {}): Promise<Asked> {
  const localAddress = nextAddress()
  const answer = await answerTo(asking, localAddress)
  return { ...answer, worker: await workerOf(localAddress) }
}

function answerTo(asking: Asking, localAddress = nextAddress()): Promise<Omit<Asked, 'worker'>> {
  const { method = 'GET', path = '/whoami', headers = {}, body, certificate = 'none' } = asking
  const { alice, ca, port } = server
  const own = certificate === 'alice' ? { cert: alice.chainPem, key: alice.keyPem } : {}
  const options = { host: '127.0.0.1', servername: 'localhost', agent: false, port, ca, localAddress, ...own }
  return new Promise((resolve, reject) => {
    const sent = request({ ...options, method, path, headers: { host: 'localhost', ...headers } })
    sent.on('response', async response => {
      const text = Buffer.concat(await response.toArray()).toString()
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text })
    })
    sent.on('error', reject).end(body)
  })
}

/** Asks until each worker has answered at least so often. */
async function askBoth<T extends { readonly worker: number }>(one: () => Promise<T>, often = 1): Promise<T[]> {
  const answers: T[] = []
  const enough = (worker: number) => answers.filter(each => each.worker === worker).length >= often
  while (!enough(1) || !enough(2)) {
    assert.ok(answers.length < 200, 'one worker gets nothing to do')
    answers.push(await one())
  }
  return answers
}

async function open(session?: Buffer): Promise<{ socket: TLSSocket; worker: number; ticket: Buffer }> {
  const localAddress = nextAddress()
  const { alice, ca, port } = server
  const own = { cert: alice.chainPem, key: alice.keyPem, servername: 'localhost', ca, ...(session ? { session } : {}) }
  const options = { host: '127.0.0.1', port, localAddress, ...own }
  const socket = connect(options as ConnectionOptions)
  const ticket = new Promise<Buffer>(resolve => socket.once('session', resolve))
  await new Promise<void>((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject))
  socket.on('error', () => {}).write('GET /whoami HTTP/1.1\r\nHost: localhost\r\n\r\n')
  await new Promise(resolve => socket.once('data', resolve))
  return { socket, worker: await workerOf(localAddress), ticket: await ticket }
}

const pids = () => {
  const of = (worker: number) => server.log.findLast(line => line.includes(`"worker":${worker},"pid"`))
  return [1, 2].map(worker => Number(JSON.parse(of(worker)!).pid))
}
const isRunning = (pid: number) => existsSync(`/proc/${pid}`)
const readiness = async () => (await fetch(`http://127.0.0.1:${management}/readyz`)).json() as Promise<Readiness>
interface Readiness {
  readonly status: string
  readonly checks: Readonly<Record<'workers' | 'reload', { readonly ok: boolean; readonly detail?: string }>>
}
async function metric(name: string): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${management}/metrics`)).text()
  const lines = text.split('\n').filter(line => line.startsWith(`countersign_${name}`))
  assert.ok(lines.length > 0, `no metric ${name}`)
  return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)
}

/** New connections, a few at a time, until it is told to end: how many were answered, and what went wrong. */
function load(): { end(): Promise<{ answered: number; failed: string[] }> } & Disposable {
  let ended = false
  let answered = 0
  const failed: string[] = []
  const one = async () => {
    while (!ended) {
      await server.ask().then(
        status => (status === 200 ? answered++ : failed.push(String(status))),
        error => failed.push(String(error)),
      )
      await sleep(5)
    }
  }
  const all = Promise.all([one(), one(), one()])
  return {
    async end() {
      ended = true
      await all
      return { answered, failed }
    },
    [Symbol.dispose]() {
      ended = true
    },
  }
}

test('a signature of a proxy counts once, at whichever', async () => {
  const headers = signMessage({ secret, keyId: 'edge', authority: 'localhost', target: '/whoami' })
  const answers = await askBoth(() => ask({ headers }))
  const [first, ...replayed] = answers.map(({ status, body }) => [status, JSON.parse(body).code])
  assert.deepEqual(first, [401, 'certificate_required'], 'the proxy is believed, and its client brought nothing')
  assert.deepEqual(new Set(replayed.map(String)), new Set(['403,proxy_not_proven']))
  assert.ok(replayed.length > 0)
})

test('guesses of a password are counted together', async () => {
  const authorization = `Basic ${Buffer.from('nobody:a guess').toString('base64')}`
  const answers = await askBoth(() => ask({ headers: { authorization } }), 4)
  assert.equal(answers.filter(({ status }) => status === 401).length, 5)
  assert.deepEqual(new Set(answers.slice(5).map(({ status }) => status)), new Set([429]))
})

test('a session of services goes on at both, and ends at both', async () => {
  const service = (name: string, namespace: string, call: string, headers = {}): Asking => {
    const envelope = `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:w="${namespace}"><s:Body>${call}</s:Body></s:Envelope>`
    const more = { 'Content-Type': 'text/xml', ...headers }
    return { method: 'POST', path: `/services/${name}`, headers: more, body: envelope }
  }
  const sign = (call: string, headers = {}) =>
    service('AuthenticationAdmin', 'http://authentication.services.core.carbon.wso2.org', call, headers)
  const login = '<w:login><w:username>admin</w:username><w:password>right password</w:password></w:login>'
  const cookie = String((await answerTo(sign(login))).headers['set-cookie']?.[0]).split(';')[0]!
  assert.match(cookie, /^JSESSIONID=/)
  const store = 'http://service.ws.um.carbon.wso2.org'
  const use = () => ask(service('RemoteUserStoreManagerService', store, '<w:isReadOnly/>', { cookie }))
  assert.deepEqual(new Set((await askBoth(use)).map(({ status }) => status)), new Set([200]))
  await answerTo(sign('<w:logout/>', { cookie }))
  assert.deepEqual(new Set((await askBoth(use)).map(({ status }) => status)), new Set([401]))
})

test('a certificate that is locked ends its connections at both', async () => {
  const connections = await askBoth(open)
  const ended = connections.map(({ socket }) => new Promise(resolve => socket.once('close', resolve)))
  const { thumbprint } = server.alice
  const begin = performance.now()
  await server.locks.add({ kind: 'thumbprint', value: thumbprint }, 'alice', '')
  await Promise.race([Promise.all(ended), sleep(5_000).then(() => assert.fail('still open'))])
  assert.ok(performance.now() - begin < 3_000)
  const refused = await askBoth(() => ask({ certificate: 'alice' }))
  assert.deepEqual(new Set(refused.map(({ body }) => JSON.parse(body).code)), new Set(['certificate_locked']))
  await server.locks.remove({ kind: 'thumbprint', value: thumbprint })
  await until(async () => (await askBoth(() => ask({ certificate: 'alice' }))).every(each => each.status === 200), 'in')
})

test('a session of one resumes at the other, always, however often trust has moved', async () => {
  const other = { kind: 'thumbprint', value: 'ab'.repeat(32) } as const
  for (let i = 0; i < 5; i++) {
    await server.locks.add(other, 'somebody', '')
    await sleep(60)
    await server.locks.remove(other)
  }
  const resume = async (ticket: Buffer) => {
    const { socket, ...rest } = await open(ticket)
    const resumed = socket.isSessionReused()
    socket.destroy()
    return { ...rest, resumed }
  }
  const round = async (often: number) => {
    let { ticket } = await open()
    return askBoth(async () => {
      const next = await resume(ticket)
      ticket = next.ticket
      return next
    }, often)
  }
  // Both know of the last change by then, as is promised.
  await sleep(1000)
  await until(async () => (await round(1)).every(({ resumed }) => resumed), 'both open what the other sealed')
  assert.deepEqual(new Set((await round(3)).map(({ resumed }) => resumed)), new Set([true]))
})

test('metrics are those of both', async () => {
  const before = await metric('handshakes_total')
  const answers = await askBoth(() => ask({ certificate: 'alice' }))
  assert.equal(await metric('handshakes_total'), before + answers.length)
  assert.equal(await metric('workers '), 2)
  assert.equal((await readiness()).status, 'ready')
})

test('a reload is of both or of none', async () => {
  const reloads = () =>
    Promise.all([metric('reloads_total{outcome="succeeded"}'), metric('reloads_total{outcome="failed"}')])
  const codes = async () =>
    new Set((await askBoth(() => ask({ certificate: 'alice' }))).map(each => JSON.parse(each.body).code))
  const [succeeded, failed] = await reloads()
  const clients = readFileSync(join(folder, 'clients.pem'), 'utf8')
  writeFileSync(join(folder, 'clients.pem'), '-----BEGIN CERTIFICATE-----\nAAAA\n')
  await until(async () => (await readiness()).checks.reload.detail?.includes('clients.pem') === true, 'the alarm')
  assert.deepEqual(await codes(), new Set([undefined]))
  assert.equal(await metric('alarms'), 1)
  writeFileSync(join(folder, 'clients.pem'), server.ca)
  await until(async () => (await metric('alarms')) === 0, 'the end of the alarm')
  assert.deepEqual(await codes(), new Set(['issuer_unknown']))
  assert.deepEqual(await reloads(), [succeeded! + 1, failed! + 1], 'told once, not once a worker')
  writeFileSync(join(folder, 'clients.pem'), clients)
  await until(async () => (await metric('reloads_total{outcome="succeeded"}')) === succeeded! + 2, 'the last reload')
})

test('one that is killed is seen, is not missed, and another takes its place', async () => {
  const counted = await metric('handshakes_total')
  using under = load()
  await sleep(200)
  const [victim] = pids()
  process.kill(victim!, 'SIGKILL')
  await until(() => pids()[0] !== victim, 'a new worker')
  const { answered, failed } = await under.end()
  assert.ok(answered > 0)
  assert.ok(failed.length <= 3, `only what was with it at that moment: ${failed}`)
  await askBoth(() => ask({ certificate: 'alice' }))
  assert.equal(await metric('workers_ended_total'), 1)
  assert.ok((await metric('handshakes_total')) >= counted)
  await until(async () => (await readiness()).checks.workers.detail === undefined, 'both ready')
  const records = readFileSync(join(folder, 'audit.jsonl'), 'utf8')
  assert.match(records, /"kind":"worker-ended","worker":1,"reason":"SIGKILL"/)
  const changes = () =>
    server.log.flatMap(line =>
      line.includes('"epoch":') ? [JSON.parse(line) as { worker: number; epoch: number }] : [],
    )
  const highest = Math.max(...changes().map(({ epoch }) => epoch))
  const other = { kind: 'thumbprint', value: 'ab'.repeat(32) } as const
  await server.locks.add(other, 'somebody', '')
  const countsOn = (worker: number) => changes().some(each => each.worker === worker && each.epoch > highest)
  await until(() => countsOn(1) && countsOn(2), 'both count the trust epoch on from there')
})

test('both are renewed without one connection refused', async () => {
  const before = pids()
  const counted = await metric('handshakes_total')
  using under = load()
  await sleep(200)
  server.signal('SIGUSR2')
  await until(() => pids().every((pid, i) => pid !== before[i]), 'two new workers', 60_000)
  await until(() => !before.some(isRunning), 'the end of the old ones')
  const { answered, failed } = await under.end()
  assert.ok(answered > 10)
  assert.deepEqual(failed, [])
  assert.ok((await metric('handshakes_total')) >= counted + answered)
  assert.equal(await metric('workers_ended_total'), 1)
})

test('what keeps it from starting is told once', async () => {
  const taken = { ...JSON.parse(readFileSync(server.file, 'utf8')), management: { enabled: false } }
  taken.listeners[0].port = server.port
  const file = join(folder, 'taken.yaml')
  writeFileSync(file, JSON.stringify({ ...taken, audit: { enabled: false } }))
  const { code, stderr } = await countersign(['serve', '--config', file])
  assert.equal(code, 3)
  assert.equal(stderr.match(/ERR_LISTEN_FAILED/g)?.length, 1, stderr)
})

test('it stops with all its processes, and the audit record is whole', async () => {
  const workers = pids()
  assert.deepEqual(await server.stop(), { code: 0, signal: null })
  assert.ok(!workers.some(isRunning))
  const verdict = await verifyAudit([join(folder, 'audit.jsonl')])
  assert.ok(verdict.ok, JSON.stringify(verdict))
})

test('workers end by themselves when nobody looks after them any more', async () => {
  server = await serverProcess({ folder: scratchFolder(), sections: { workers: 2 } })
  const workers = pids()
  assert.ok(workers.every(isRunning))
  process.kill(server.pid, 'SIGKILL')
  await until(() => !workers.some(isRunning), 'the end of the workers')
})

// Three servers on one PostgreSQL behind HAProxy that passes TCP on, asked all the time while things break around them.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { request } from 'node:https'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect } from 'node:tls'
import { createPasswordHasher } from '../../src/identity/users/password/password-hasher.ts'
import { createSqlUserStore } from '../../src/identity/users/sql-user-store.ts'
import { openStorage } from '../../src/storage/open-storage.ts'
import { type Issued, testAuthority } from '../support/certificates.ts'
import { until } from '../support/home.ts'
import { startPostgres, usersSectionOf } from '../support/postgres.ts'
import { openRelay } from '../support/relay.ts'
import { run } from '../support/run.ts'
import { scratchFolder } from '../support/scratch.ts'

/** Milliseconds that each disturbance lasts. */
const spell = Number(process.env.COUNTERSIGN_REPLICA_SPELL ?? 3_000)
const launcher = join(import.meta.dirname, '../../bin/countersign.js')

const postgres = await startPostgres()
after(() => postgres.stop('immediate'))
const relay = await openRelay(postgres)
after(() => relay[Symbol.asyncDispose]())
const options = postgres.options()
const storage = await openStorage(options)
after(() => storage.close())
const users = createSqlUserStore({ storage, hasher: createPasswordHasher() })
for (const name of ['alice', 'bob']) await users.add({ tenant: 'default', name })

const servers = testAuthority({ name: 'Server CA' })
const clients = testAuthority({ name: 'Clients CA' })
const identity = servers.issueServer()
const [alice, bob] = [clients.issue({ subject: 'CN=alice' }), clients.issue({ subject: 'CN=bob' })]
const children: ChildProcess[] = []
after(async () => {
  for (const child of children) {
    if (child.exitCode !== null || child.signalCode !== null) continue
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  }
})

interface Replica {
  readonly child: ChildProcess
  readonly port: number
  readonly folder: string
}

async function replica(databasePort: number): Promise<Replica> {
  const folder = scratchFolder()
  writeFileSync(join(folder, 'server.pem'), identity.pem + identity.keyPem, { mode: 0o600 })
  writeFileSync(join(folder, 'clients.pem'), clients.pem)
  const configuration = {
    listeners: [
      { address: '127.0.0.1', port: 0, keyStore: { file: 'server.pem' }, trustStore: [{ file: 'clients.pem' }] },
    ],
    management: { enabled: false },
    users: usersSectionOf({ ...options, port: databasePort }),
    tickets: { sharedKey: 'env:TICKET_KEY' },
    authenticators: {
      'mutual-tls': {
        bindings: [alice, bob].map(({ thumbprint }, i) => ({ thumbprint, users: [['alice', 'bob'][i]] })),
      },
    },
  }
  writeFileSync(join(folder, 'countersign.yaml'), JSON.stringify(configuration))
  const child = spawn(process.execPath, [launcher, 'serve', '--config', join(folder, 'countersign.yaml')], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, TICKET_KEY: 'a key for tickets that all replicas have' },
  })
  children.push(child)
  let text = ''
  let port: number | undefined
  child.stderr!.setEncoding('utf8').on('data', chunk => {
    text += port === undefined ? chunk : ''
    const up = text.split('\n').find(line => line.includes('"the server is up"') && line.endsWith('}'))
    if (up !== undefined) port ??= JSON.parse(up).listeners[0].port
  })
  await until(
    () => {
      assert.equal(child.exitCode, null, text)
      return port !== undefined
    },
    'a replica listens',
    30_000,
  )
  return { child, port: port!, folder }
}

async function balancer(replicas: readonly Replica[]): Promise<number> {
  const folder = scratchFolder()
  mkdirSync(folder, { recursive: true })
  const taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  const { port } = taken.address() as { port: number }
  taken.close()
  await once(taken, 'close')
  const lines = [
    'defaults',
    '  mode tcp',
    '  timeout connect 1s',
    '  timeout client 30s',
    '  timeout server 30s',
    '  retries 3',
    '  option redispatch 1',
    'listen countersign',
    `  bind 127.0.0.1:${port}`,
    '  balance roundrobin',
    ...replicas.map(({ port: each }, i) => `  server r${i} 127.0.0.1:${each} check inter 200ms`),
    '',
  ]
  writeFileSync(join(folder, 'haproxy.cfg'), lines.join('\n'))
  const child = spawn('haproxy', ['-db', '-f', join(folder, 'haproxy.cfg')], {
    stdio: 'ignore',
    env: { PATH: `${process.env.PATH}:/usr/sbin:/sbin` },
  })
  children.push(child)
  await until(async () => (await ask(port, alice)) === 'alice', 'the balancer passes on')
  return port
}

/** One request on a connection of its own: the user, the code of the refusal, or `broken`. */
async function ask(port: number, { keyPem, chainPem }: Issued): Promise<string> {
  try {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const asked = request({
        host: '127.0.0.1',
        port,
        servername: 'localhost',
        ca: servers.pem,
        key: keyPem,
        cert: chainPem,
        path: '/whoami',
        agent: false,
        timeout: 5_000,
      })
      asked
        .on('response', resolve)
        .on('error', reject)
        .on('timeout', () => asked.destroy())
      asked.end()
    })
    const { user, code } = JSON.parse(Buffer.concat(await response.toArray()).toString())
    return user ?? code
  } catch {
    return 'broken'
  }
}

/** A connection with the session of another one; answers whether it resumed, and a ticket. */
function resume(port: number, session: Buffer | undefined): Promise<{ resumed: boolean; ticket: Buffer }> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      host: '127.0.0.1',
      port,
      servername: 'localhost',
      ca: servers.pem,
      key: alice.keyPem,
      cert: alice.chainPem,
      ...(session && { session }),
    })
    socket.once('session', ticket => {
      resolve({ resumed: socket.isSessionReused(), ticket })
      socket.destroy()
    })
    socket.on('error', reject).once('secureConnect', () => {
      if (session !== undefined && socket.isSessionReused()) {
        resolve({ resumed: true, ticket: session })
        socket.destroy()
      }
    })
  })
}

test('nobody is answered wrongly, and whoever tries again gets through', { timeout: 120_000 }, async t => {
  const [first, second, cut] = await Promise.all([replica(postgres.port), replica(postgres.port), replica(relay.port)])
  const front = await balancer([first, second, cut])

  const { ticket } = await resume(first.port, undefined)
  for (const { port } of [second, cut])
    assert.equal((await resume(port, ticket)).resumed, true, 'a session resumes elsewhere')

  const counts = { answered: 0, unavailable: 0, broken: 0, wrong: 0, retried: 0 }
  let going = true
  t.after(() => {
    going = false
  })
  const load = Array.from({ length: 4 }, async () => {
    let again = false
    while (going && !t.signal.aborted) {
      const who = await ask(front, alice)
      if (again) counts.retried += 1
      again = who !== 'alice'
      if (who === 'alice') counts.answered += 1
      else if (who === 'store_unavailable') counts.unavailable += 1
      else if (who === 'broken') counts.broken += 1
      else counts.wrong += 1
      await sleep(20)
    }
  })

  await sleep(500)
  first.child.kill('SIGKILL')
  await sleep(spell)

  await postgres.stop('fast')
  await sleep(spell)
  assert.equal(await ask(second.port, alice), 'store_unavailable')
  await postgres.start()
  await until(async () => (await ask(second.port, alice)) === 'alice', 'the database is back')
  await until(() => storage.changes.failure === undefined, 'here too')

  await until(async () => (await ask(cut.port, bob)) === 'bob', 'at every replica')
  relay.stop()
  await users.setState('default', 'bob', 'locked')
  const locked = performance.now()
  while (performance.now() - locked < spell) {
    const late = performance.now() - locked > 1_000
    for (const { port } of [second, cut]) if ((await ask(port, bob)) === 'bob' && late) counts.wrong += 1
    await sleep(50)
  }
  assert.equal(await ask(cut.port, alice), 'store_unavailable')
  relay.go()
  await until(async () => (await ask(cut.port, alice)) === 'alice', 'the cable is back')
  for (const { port } of [second, cut]) assert.equal(await ask(port, bob), 'account_locked')

  going = false
  await Promise.all(load)
  t.diagnostic(JSON.stringify(counts))
  assert.equal(counts.wrong, 0)
  assert.ok(counts.answered > 50, 'there was a load')
  for (const { child, folder } of [second, cut]) {
    const ended = once(child, 'exit')
    child.kill('SIGTERM')
    await ended
    const verified = await run(process.execPath, [
      launcher,
      'audit',
      'verify',
      '--config',
      join(folder, 'countersign.yaml'),
    ])
    assert.equal(verified.code, 0, verified.stderr)
  }
})

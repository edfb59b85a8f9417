// npm run bench -- connections [--connections N] [--certificates N]: how long after a change of trust the last connection that relied
// on it is closed, with so many open. See README.md.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect, type TLSSocket } from 'node:tls'
import { parseArgs } from 'node:util'
import { systemClock } from '../src/clock.ts'
import { createSqlBindingStore } from '../src/identity/bindings/sql-binding-store.ts'
import { createLockStore } from '../src/identity/revocation/locks.ts'
import { openStorage } from '../src/storage/open-storage.ts'
import { type Issued, testAuthority } from '../test/support/certificates.ts'
import { type ServerProcess, serverProcess } from '../test/support/server-process.ts'
import { cpuTime } from './cpu-time.ts'

interface Client {
  readonly socket: TLSSocket
  readonly user: string
}

/** How many lose their trust at each change. */
const losers = 10

/** Prints a row for each change. */
export async function benchConnections(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      connections: { type: 'string', default: '10000' },
      certificates: { type: 'string', default: '10000' },
    },
  })
  const [connections, certificates] = [Number(values.connections), Number(values.certificates)]
  const folder = mkdtempSync(join(tmpdir(), 'countersign-bench-'))
  const most = 2 * connections + 1000
  const server = await serverProcess({
    folder,
    limits: {
      maxConnections: most,
      maxConnectionsPerAddress: most,
      keepAliveTimeout: 3_600_000,
      stallTimeout: 3_600_000,
    },
  })
  try {
    const load = loadavg()[0]!.toFixed(1)
    tell(`${cpus()[0]?.model ?? 'CPU'}, ${availableParallelism()} cores, load ${load}, Node ${process.version}`)
    await run(server, folder, connections, certificates)
  } finally {
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function run(server: ServerProcess, folder: string, connections: number, certificates: number): Promise<void> {
  const storage = await openStorage({ kind: 'sqlite', file: join(folder, 'users.db') })
  const bindings = createSqlBindingStore(storage, systemClock)
  const locks = createLockStore(storage, systemClock)
  const other = testAuthority({ name: 'Other CA' })
  const trust = (...authorities: readonly Issued[]) =>
    writeFileSync(join(folder, 'clients.pem'), authorities.map(({ pem }) => pem).join(''))
  trust(server.clients, other)
  const clients = Array.from({ length: certificates }, (_, i) => {
    const user = `user${i}`
    return { user, certificate: (i >= certificates - losers ? other : server.clients).issue({ subject: `CN=${user}` }) }
  })
  await register(server, storage, clients)
  await sleep(1500)
  const open: Client[] = []
  for (let i = 0; i < connections; i += 32) {
    const some = Array.from({ length: Math.min(32, connections - i) }, (_, k) => clients[(i + k) % certificates]!)
    open.push(...(await Promise.all(some.map(one => openOne(server, one.user, one.certificate)))))
  }
  const { rssMegabytes } = server.usage()
  tell(
    `${connections} connections of ${certificates} certificates, each bound by its thumbprint; ${Math.round(rssMegabytes)} MB`,
  )
  tell('| change | closed | the last one after | CPU time of the server | slowest other client |')
  tell('|---|---|---|---|---|')
  // The last to come, whose turn comes last.
  const orphans = clients.slice(-losers)
  const rest = clients.slice(0, -losers)
  const some = () => rest.splice(-losers)
  const byUser = new Map<string, string>()
  for (const { id, options } of await listAll(bindings)) byUser.set(options.users![0]!, id)
  const gone = (of: readonly { user: string }[]) => new Set(of.map(({ user }) => user))
  const change = (name: string, of: readonly { user: string }[], take: () => Promise<unknown>) =>
    measure(server, open, name, gone(of), take)

  const unbound = some()
  await change(`${losers} bindings removed`, unbound, () =>
    Promise.all(unbound.map(({ user }) => bindings.remove(byUser.get(user)!))),
  )
  const lockedUsers = some()
  await change(`${losers} users locked`, lockedUsers, () =>
    Promise.all(lockedUsers.map(({ user }) => server.users.setState('default', user, 'locked'))),
  )
  const locked = some()
  await change(`${losers} certificates locked`, locked, () =>
    Promise.all(
      locked.map(({ certificate }) => locks.add({ kind: 'thumbprint', value: certificate.thumbprint }, '', '')),
    ),
  )
  await change('an anchor removed', orphans, async () => trust(server.clients))
  await change('the anchor of all the others removed', rest, async () => trust(other))
  await storage.close()
}

type Storage = Awaited<ReturnType<typeof openStorage>>
type BindingStore = ReturnType<typeof createSqlBindingStore>

/** Users and bindings, straight into the tables: ten thousand changes that are each waited for would take minutes. */
async function register(
  server: ServerProcess,
  storage: Storage,
  clients: readonly { readonly user: string; readonly certificate: Issued }[],
): Promise<void> {
  const {
    id: _,
    name: __,
    ...alice
  } = await storage.db.selectFrom('users').selectAll().where('name', '=', 'alice').executeTakeFirstOrThrow()
  await storage.change('users', async transaction => {
    for (const { user } of clients) {
      await transaction
        .insertInto('users')
        .values({ ...alice, id: `id-${user}`, name: user, folded: user })
        .execute()
    }
  })
  await storage.change('bindings', async transaction => {
    for (const { user, certificate } of clients) {
      const { thumbprint } = certificate
      const options = { thumbprint, users: [user], tenant: 'default', insecureAnyUser: false }
      const row = {
        id: `binding-${user}`,
        tenant: 'default',
        kind: 'thumbprint',
        value: thumbprint,
        anchor: '',
        created: 1,
      }
      await transaction
        .insertInto('bindings')
        .values({ ...row, options: JSON.stringify(options) })
        .execute()
    }
  })
  server.signal('SIGHUP')
}

async function listAll(store: BindingStore) {
  const all: Awaited<ReturnType<BindingStore['list']>>[number][] = []
  for (let after: string | undefined; ; ) {
    const page = await store.list({ after, limit: 1000 })
    all.push(...page)
    after = page.at(-1)?.id
    if (after === undefined) return all
  }
}

const sessions = new Map<string, Buffer>()

/** One connection with one answered request on it. */
async function openOne(server: ServerProcess, user: string, certificate: Issued): Promise<Client> {
  const socket = connect({
    host: '127.0.0.1',
    port: server.port,
    servername: 'localhost',
    ca: server.ca,
    cert: certificate.chainPem,
    key: certificate.keyPem,
    ALPNProtocols: ['http/1.1'],
    session: sessions.get(user),
  })
  socket.once('session', session => sessions.set(user, session))
  await new Promise((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject))
  socket.write('GET /whoami HTTP/1.1\r\nHost: localhost\r\n\r\n')
  const answer = await new Promise<Buffer>((resolve, reject) => {
    socket.once('data', resolve).once('close', () => reject(new Error('closed without an answer')))
  })
  if (!answer.toString('latin1').startsWith('HTTP/1.1 200 ')) throw new Error(answer.toString('latin1'))
  socket.on('error', () => {}).resume()
  return { socket, user }
}

async function measure(
  server: ServerProcess,
  open: readonly Client[],
  name: string,
  users: ReadonlySet<string>,
  take: () => Promise<unknown>,
): Promise<void> {
  await sleep(2000)
  const expected = open.filter(({ socket, user }) => !socket.destroyed && users.has(user))
  const before = open.filter(({ socket }) => socket.destroyed).length
  let last = 0
  const closed = expected.map(
    ({ socket }) =>
      new Promise<void>(resolve =>
        socket.once('close', () => {
          last = performance.now()
          resolve()
        }),
      ),
  )
  let over = false
  let slowest = 0
  const others = async () => {
    while (!over) {
      const begin = performance.now()
      await server.ask({ localAddress: '127.0.0.2' }).catch(() => {})
      slowest = Math.max(slowest, performance.now() - begin)
      await sleep(20)
    }
  }
  const asking = others()
  const cpu = cpuTime(server.pid)
  await take()
  const taken = performance.now()
  await Promise.race([Promise.all(closed), sleep(60_000)])
  const used = cpuTime(server.pid) - cpu
  over = true
  await asking
  await sleep(500)
  const count = open.filter(({ socket }) => socket.destroyed).length - before
  if (count !== expected.length)
    throw new Error(`${name}: ${count} were closed, and ${expected.length} should have been`)
  const after = last - taken
  tell(`| ${name} | ${count} | ${Math.round(after)} ms | ${Math.round(used / 1e6)} ms | ${Math.round(slowest)} ms |`)
}

function tell(line: string): void {
  process.stdout.write(`${line}\n`)
}

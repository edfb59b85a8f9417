// The server as `countersign serve` runs it, in a process of its own whose memory and handles can be looked at.
import { spawn } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { type Agent, request } from 'node:https'
import { join } from 'node:path'
import { systemClock } from '../../src/clock.ts'
import { createLockStore, type LockStore } from '../../src/identity/revocation/locks.ts'
import { createPasswordHasher } from '../../src/identity/users/password/password-hasher.ts'
import { createSqlUserStore } from '../../src/identity/users/sql-user-store.ts'
import type { UserStore } from '../../src/identity/users/user.ts'
import { openStorage } from '../../src/storage/open-storage.ts'
import { type Issued, type TestAuthority, testAuthority } from './certificates.ts'

export interface ProcessSetting {
  readonly folder: string
  readonly limits?: object
  readonly routes?: readonly object[]
  /** further sections of the configuration */
  readonly sections?: object
  /** names of the users that there are, besides alice */
  readonly users?: readonly string[]
  readonly flags?: readonly string[]
  /** beside the environment of the tests */
  readonly env?: Readonly<Record<string, string>>
}

export interface Usage {
  readonly rssMegabytes: number
  readonly handles: number
}

export interface ServerProcess {
  readonly pid: number
  readonly port: number
  /** PEM of the authority of the server's own certificate */
  readonly ca: string
  /** issues clients; CN=NAME is the user NAME */
  readonly clients: TestAuthority
  readonly alice: Issued
  readonly users: UserStore
  readonly locks: LockStore
  readonly file: string
  /** what it logged, the last lines */
  readonly log: readonly string[]
  usage(): Usage
  /** One request on a connection of its own (or of the agent): the status. Rejects when there is no answer. */
  ask(options?: AskProcess): Promise<number>
  /** Writes the configuration with these changes; the server reads it on SIGHUP. */
  configure(changes: Partial<ProcessSetting>): void
  signal(signal: NodeJS.Signals): void
  /** the code and signal that it ended with */
  stop(): Promise<{ code: number | null; signal: NodeJS.Signals | null }>
}

export interface AskProcess {
  readonly path?: string
  readonly certificate?: Issued
  readonly agent?: Agent
  readonly localAddress?: string
  readonly method?: string
  readonly body?: Buffer
}

const launcher = join(import.meta.dirname, '../../bin/countersign.js')

/** Waits until it listens. Stop it, whatever happens. */
export async function serverProcess(setting: ProcessSetting): Promise<ServerProcess> {
  const { folder } = setting
  const servers = testAuthority({ name: 'Server CA' })
  const clients = testAuthority({ name: 'Client CA' })
  const identity = servers.issueServer()
  writeFileSync(join(folder, 'server.pem'), identity.pem + identity.keyPem, { mode: 0o600 })
  writeFileSync(join(folder, 'clients.pem'), clients.pem)
  const file = join(folder, 'countersign.yaml')
  const configure = (changes: Partial<ProcessSetting>) =>
    writeFileSync(file, JSON.stringify(configuration({ ...setting, ...changes })))
  configure({})
  const storage = await openStorage({ kind: 'sqlite', file: join(folder, 'users.db') })
  const users = createSqlUserStore({ storage, hasher: createPasswordHasher() })
  for (const name of ['alice', ...(setting.users ?? [])]) await users.add({ tenant: 'default', name })

  const child = spawn(process.execPath, [...(setting.flags ?? []), launcher, 'serve', '--config', file], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, ...setting.env },
  })
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>(resolve =>
    child.once('exit', (code, signal) => resolve({ code, signal })),
  )
  const log: string[] = []
  const port = await new Promise<number>((resolve, reject) => {
    let rest = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n')
      rest = lines.pop() ?? ''
      log.push(...lines)
      log.splice(0, log.length - 2_000)
      const up = lines.find(line => line.includes('"the server is up"'))
      if (up !== undefined) resolve((JSON.parse(up) as { listeners: { port: number }[] }).listeners[0]!.port)
    })
    void ended.then(({ code }) => reject(new Error(`the server ended with ${code}: ${log.join('\n')}`)))
  })
  const alice = clients.issue({ subject: 'CN=alice' })
  const pid = child.pid!
  return {
    pid,
    port,
    ca: servers.pem,
    clients,
    alice,
    users,
    locks: createLockStore(storage, systemClock),
    file,
    log,
    configure,
    usage: () => usageOf(pid),
    ask: options => ask(port, servers.pem, alice, options),
    signal: signal => void child.kill(signal),
    async stop() {
      child.kill('SIGTERM')
      const late = setTimeout(() => child.kill('SIGKILL'), 15_000)
      const how = await ended
      clearTimeout(late)
      await storage.close()
      return how
    },
  }
}

function configuration({ limits = {}, routes = [], users = [], sections = {} }: Partial<ProcessSetting>): object {
  return {
    listeners: [
      {
        address: '127.0.0.1',
        port: 0,
        clientAuth: 'want',
        keyStore: { file: 'server.pem' },
        trustStore: [{ file: 'clients.pem' }],
        limits,
      },
    ],
    management: { enabled: false },
    authenticators: {
      'mutual-tls': { bindings: ['alice', ...users].map(name => ({ subject: `CN=${name}`, users: [name] })) },
      basic: { enabled: false },
    },
    users: { file: 'users.db' },
    routes,
    audit: { file: 'audit.jsonl' },
    ...sections,
  }
}

/** Linux tells of a process in /proc. */
function usageOf(pid: number): Usage {
  const kilobytes = Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1])
  return { rssMegabytes: kilobytes / 1024, handles: readdirSync(`/proc/${pid}/fd`).length }
}

function ask(port: number, ca: string, alice: Issued, options: AskProcess = {}): Promise<number> {
  const { path = '/whoami', certificate = alice, agent, localAddress, method = 'GET', body } = options
  return new Promise((resolve, reject) => {
    const sent = request({
      host: '127.0.0.1',
      port,
      path,
      method,
      ca,
      servername: 'localhost',
      headers: { host: 'localhost' },
      cert: certificate.chainPem,
      key: certificate.keyPem,
      timeout: 10_000,
      agent: agent ?? false,
      ...(localAddress === undefined ? {} : { localAddress }),
    })
    sent.on('response', response => {
      response.resume().once('end', () => resolve(response.statusCode ?? 0))
      response.once('error', reject)
    })
    sent.on('timeout', () => sent.destroy(new Error('no answer within 10 s')))
    sent.on('error', reject)
    sent.end(body)
  })
}

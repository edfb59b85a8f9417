// A PostgreSQL server of the test's own: the real program, in a scratch folder, on a loopback port and a Unix socket.
import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import type { PostgresOptions } from '../../src/storage/postgres/postgres-options.ts'
import { freePort } from './free-port.ts'
import { scratchFolder } from './scratch.ts'

export interface PostgresServer {
  readonly port: number
  /** the folder of its Unix socket, where it asks for no password */
  readonly socket: string
  readonly folder: string
  readonly password: string
  /** options for a schema that nobody else uses */
  options(changes?: Partial<PostgresOptions>): PostgresOptions
  /** one statement as the owner of the server */
  query(sql: string, values?: readonly unknown[]): Promise<Record<string, unknown>[]>
  /** `immediate`: as a crash */
  stop(mode?: 'fast' | 'immediate'): Promise<void>
  start(): Promise<void>
}

/** The same as they stand in a configuration. */
export function usersSectionOf({ host, port, database, user, password, schema }: PostgresOptions): object {
  return { store: 'postgres', postgres: { host, port, database, user, password, schema } }
}

/** Started and ready; ended when the process of the test file ends, unless it was stopped. */
export async function startPostgres(
  settings: Readonly<Record<string, string>> = {},
  prepare: (folder: string) => void = () => {},
): Promise<PostgresServer> {
  const folder = scratchFolder()
  const [data, socket] = [join(folder, 'data'), join(folder, 'socket')]
  const password = 'database-secret'
  const account = unprivilegedAccount()
  for (const each of [folder, socket]) {
    mkdirSync(each, { recursive: true })
    chmodSync(each, 0o755)
    if (account !== undefined) chownSync(each, account.uid, account.gid)
  }
  prepare(folder)
  const passwordFile = join(folder, 'password')
  writeFileSync(passwordFile, password)
  const run = { ...account, stdio: ['ignore', 'ignore', 'pipe'] as ['ignore', 'ignore', 'pipe'], cwd: folder }
  execFileSync(
    program('initdb'),
    [
      '-D',
      data,
      '-U',
      'owner',
      '-A',
      'scram-sha-256',
      '--auth-local=trust',
      `--pwfile=${passwordFile}`,
      '-E',
      'UTF8',
      '--no-sync',
    ],
    // The rules of a language, so that nothing rests on a server that has none.
    { ...run, env: { PATH: process.env.PATH, LC_ALL: 'C.UTF-8' } },
  )
  const port = await freePort()
  let child: ChildProcess | undefined
  let schemas = 0
  process.on('exit', () => child?.kill('SIGQUIT'))

  async function start() {
    const all = { port, listen_addresses: '127.0.0.1', unix_socket_directories: socket, fsync: 'off', ...settings }
    const args = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])
    const started = spawn(program('postgres'), ['-D', data, ...args], run)
    child = started
    let log = ''
    started.stderr!.on('data', chunk => {
      log += chunk
    })
    for (let tries = 0; tries < 400; tries++) {
      assert.equal(started.exitCode, null, log)
      if (/ready to accept (?:read-only )?connections/.test(log)) return
      await new Promise(resolve => setTimeout(resolve, 50))
    }
    assert.fail(`PostgreSQL did not start:\n${log}`)
  }

  async function query(sql: string, values: readonly unknown[] = []) {
    const client = new pg.Client({ host: socket, port, user: 'owner', database: 'postgres' })
    client.on('error', () => {})
    await client.connect()
    try {
      return (await client.query(sql, [...values])).rows
    } finally {
      await client.end()
    }
  }

  await start()
  return {
    port,
    socket,
    folder,
    password,
    options: changes => ({
      kind: 'postgres',
      host: '127.0.0.1',
      port,
      database: 'postgres',
      user: 'owner',
      password,
      schema: `test_${++schemas}`,
      tls: undefined,
      pool: 5,
      goOnFor: 0,
      patience: 0,
      ...changes,
    }),
    query,
    start,
    async stop(mode = 'fast') {
      const stopping = child
      if (stopping === undefined || stopping.exitCode !== null) return
      child = undefined
      const ended = once(stopping, 'exit')
      stopping.kill(mode === 'fast' ? 'SIGINT' : 'SIGQUIT')
      await ended
    },
  }
}

function program(name: string): string {
  const root = '/usr/lib/postgresql'
  const versions = existsSync(root) ? readdirSync(root).toSorted((a, b) => Number(b) - Number(a)) : []
  const found = versions.map(version => join(root, version, 'bin', name)).find(existsSync)
  return found ?? name
}

/** PostgreSQL refuses to run as root. */
function unprivilegedAccount(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined
  const accounts = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map(line => line.split(':'))
  const [, , uid, gid] = accounts.find(([name]) => name === 'postgres') ?? accounts.find(([name]) => name === 'nobody')!
  return { uid: Number(uid), gid: Number(gid) }
}

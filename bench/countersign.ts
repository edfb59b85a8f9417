import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { answering, freePort, pinned, type Running, type Setting, stop } from './servers.ts'

const launcher = join(import.meta.dirname, '../bin/countersign.js')

/** The real server, as `countersign serve` starts it: trust store, bindings, users in SQLite, audit record. */
export async function startCountersign(setting: Omit<Setting, 'bodyBytes'>): Promise<Running> {
  const port = await freePort()
  const config = join(setting.folder, `countersign-${port}.json`)
  writeFileSync(config, JSON.stringify(configuration(port)))
  const added = spawnSync(
    process.execPath,
    [launcher, 'user', 'add', 'alice', '--certificate-only', '--role', 'buyer', '--config', config],
    { encoding: 'utf8' },
  )
  if (added.status !== 0) throw new Error(`countersign user add: ${added.stderr}`)
  const child = pinned(setting, [process.execPath, launcher, 'serve', '--config', config], false)
  await answering(port)
  const version = `countersign on Node ${process.version}, OpenSSL ${process.versions.openssl}`
  return { name: 'countersign', version, pid: child.pid!, port, path: '/whoami', stop: () => stop(child) }
}

function configuration(port: number): object {
  return {
    listeners: [
      {
        address: '127.0.0.1',
        port,
        clientAuth: 'want',
        keyStore: { file: 'server.pem' },
        trustStore: [{ file: 'ca.crt' }],
        // All clients of the benchmark come from one address.
        limits: { maxConnectionsPerAddress: 10_000 },
      },
    ],
    management: { enabled: false },
    authenticators: { 'mutual-tls': { bindings: [{ subject: 'CN=alice,O=Example', users: ['alice'] }] } },
    users: { file: `countersign-${port}.db` },
    audit: { file: `audit-${port}.jsonl` },
    // The others write no log either.
    log: { level: 'warn' },
  }
}

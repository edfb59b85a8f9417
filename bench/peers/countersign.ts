import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { answering, freePort, launch } from '../process.ts'
import type { Peer, Running, Setting } from './peer.ts'

/** The real server, as `countersign serve` starts it: trust store, bindings, users in SQLite, audit record. */
export const countersign = countersignOf('countersign', join(import.meta.dirname, '../..'))

/** The one of another checkout: what a change brought. */
export const countersignBefore = (root: string): Peer => countersignOf('before', resolve(root))

function countersignOf(name: string, root: string): Peer {
  return { name, needs: {}, workers: 'one', warmUp: 4, start: setting => start(name, root, setting) }
}

async function start(name: string, root: string, setting: Setting): Promise<Running> {
  const launcher = join(root, 'bin/countersign.js')
  const port = await freePort()
  const config = join(setting.folder, `countersign-${port}.json`)
  writeFileSync(config, JSON.stringify(configuration(setting, port)))
  const user = ['user', 'add', 'alice', '--certificate-only', '--role', 'buyer', '--config', config]
  const added = spawnSync(process.execPath, [launcher, ...user], { encoding: 'utf8' })
  if (added.status !== 0) throw new Error(`countersign user add: ${added.stderr}`)
  const launched = performance.now()
  const child = launch([process.execPath, launcher, 'serve', '--config', config], { cpu: setting.cpu })
  await answering(port, child)
  const version = `${name} on Node ${process.version}, OpenSSL ${process.versions.openssl}`
  const paths = {
    identity: '/whoami',
    http2: '/whoami',
    ...(setting.upstream === undefined ? {} : { proxied: '/orders/1' }),
  }
  return { name, version, port, paths, launched, child }
}

function configuration({ upstream }: Setting, port: number): object {
  const route = { path: '/orders/*', upstream: `http://127.0.0.1:${upstream}`, require: ['mutual-tls'] }
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
    routes: upstream === undefined ? [] : [{ ...route, allow: { roles: ['buyer'] } }],
    audit: { file: `audit-${port}.jsonl` },
    tickets: { secretFile: `tickets-${port}.json` },
    // The others write no log either.
    log: { level: 'warn' },
  }
}

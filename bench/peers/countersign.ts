import { spawnSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { answering, freePort, launch } from '../process.ts'
import { publish } from '../program.ts'
import { startAsking } from './nginx.ts'
import { type Peer, type Running, roles, type Setting } from './peer.ts'

/** The real server, as `countersign serve` starts it: trust store, bindings, users in SQLite, audit record. */
export const countersign = countersignOf('countersign', join(import.meta.dirname, '../..'))

/** The one of another checkout: what a change brought. */
export const countersignBefore = (root: string): Peer => countersignOf('before', resolve(root))

function countersignOf(name: string, root: string): Peer {
  return { name, needs: {}, warmUp: 4, start: setting => start(name, root, setting) }
}

async function start(name: string, root: string, setting: Setting): Promise<Running> {
  const { launcher, env } = publish(name, root, setting.folder)
  const port = await freePort()
  const config = join(setting.folder, `countersign-${port}.json`)
  writeFileSync(config, JSON.stringify(configuration(setting, port)))
  const user = ['user', 'add', 'alice', '--certificate-only', '--role', 'buyer', '--config', config]
  const added = spawnSync(process.execPath, [launcher, ...user], { encoding: 'utf8', env: { ...process.env, ...env } })
  if (added.status !== 0) throw new Error(`countersign user add: ${added.stderr}`)
  const launched = performance.now()
  const child = launch([process.execPath, launcher, 'serve', '--config', config], { cpu: setting.cpu, env })
  await answering(port, child)
  const version = `${name} on Node ${process.version}, OpenSSL ${process.versions.openssl}`
  const same = { identity: '/whoami', http2: '/whoami' }
  if (setting.upstream === undefined) return { name, version, port, paths: same, launched, child }
  const paths = { ...same, ...roles('/orders/1', 'proxied', 'decided', 'decidedByTls') }
  const fronts = {
    decided: () => startAsking(setting, socketOf(setting, port)),
    decidedByTls: () => startAsking(setting, port),
  }
  return { name, version, port, paths, fronts, launched, child }
}

const asking = {
  clientCertificate: { form: 'nginx' },
  addressHeader: 'X-Forwarded-For',
  forwardAuth: { form: 'nginx' },
}

const socketOf = ({ folder }: Setting, port: number): string => join(folder, `ask-${port}.sock`)

function configuration(setting: Setting, port: number): object {
  const { folder, upstream, workers } = setting
  const { fingerprint256 } = new X509Certificate(readFileSync(join(folder, 'edge-client.crt')))
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
    proxies: [
      { ...asking, name: 'nginx', proof: { thumbprints: [fingerprint256] } },
      { ...asking, name: 'nginx-here', proof: { by: 'socket', path: socketOf(setting, port) } },
    ],
    ...(workers > 1 && { workers }),
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

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** One server under measurement, running. */
export interface Running {
  readonly name: string
  /** what it is, with the line of OpenSSL that it is linked with */
  readonly version: string
  readonly pid: number
  readonly port: number
  readonly path: string
  stop(): Promise<void>
}

export interface Setting {
  /** holds ca.crt, server.crt, server.key, client.crt, client.key */
  readonly folder: string
  /** bytes that an answer's body has */
  readonly bodyBytes: number
  /** number of the CPU that servers are pinned to; undefined where there is only one, or no taskset */
  readonly cpu: number | undefined
}

export async function startNodeHttps(setting: Setting): Promise<Running> {
  const file = join(import.meta.dirname, 'peers/node-https.ts')
  const child = pinned(setting, [process.execPath, file, setting.folder, String(setting.bodyBytes)], true)
  const version = `node:https ${process.version}, OpenSSL ${process.versions.openssl}`
  return { name: 'node:https', version, ...(await listening(child)), path: '/', stop: () => stop(child) }
}

/** Debian's nginx; undefined when it is not installed. */
export async function startNginx(setting: Setting): Promise<Running | undefined> {
  const told = spawnSync('nginx', ['-V'], { encoding: 'utf8' })
  if (told.error !== undefined) return undefined
  const version = `nginx ${/nginx\/(\S+)/.exec(told.stderr)?.[1]}, ${/(?:built|running) with (OpenSSL \S+)/.exec(told.stderr)?.[1]}`
  const port = await freePort()
  const folder = join(setting.folder, `nginx-${port}`)
  mkdirSync(folder)
  const config = join(folder, 'nginx.conf')
  writeFileSync(config, nginxConfig(setting, folder, port))
  const child = pinned(setting, ['nginx', '-c', config, '-p', folder, '-e', join(folder, 'error.log')], false)
  await answering(port)
  return { name: 'nginx', version, pid: child.pid!, port, path: '/', stop: () => stop(child) }
}

function nginxConfig({ folder, bodyBytes }: Setting, own: string, port: number): string {
  // The identity is printed as often as Countersign tells it, and the rest is filled up: what varies is about 90 bytes.
  const fill = 'x'.repeat(Math.max(0, bodyBytes - 90))
  return `daemon off;
worker_processes 1;
worker_rlimit_nofile 16384;
pid ${own}/nginx.pid;
events { worker_connections 8192; }
http {
  access_log off;
  keepalive_requests 1000000000;
  keepalive_timeout 60s;
  client_body_temp_path ${own}/body;
  proxy_temp_path ${own}/proxy;
  fastcgi_temp_path ${own}/fastcgi;
  uwsgi_temp_path ${own}/uwsgi;
  scgi_temp_path ${own}/scgi;
  server {
    listen 127.0.0.1:${port} ssl;
    ssl_certificate ${folder}/server.crt;
    ssl_certificate_key ${folder}/server.key;
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_session_cache shared:tls:10m;
    ssl_verify_client optional;
    ssl_client_certificate ${folder}/ca.crt;
    location / {
      default_type application/json;
      return 200 '{"verified":"$ssl_client_verify","subject":"$ssl_client_s_dn","thumbprint":"$ssl_client_fingerprint","fill":"${fill}"}';
    }
  }
}
`
}

/** Runs a program on the CPU for servers. Open files are raised as far as they go: idle connections need them. */
export function pinned({ cpu }: Pick<Setting, 'cpu'>, command: readonly string[], ipc: boolean): ChildProcess {
  const [program = '', ...args] = cpu === undefined ? command : ['taskset', '-c', String(cpu), ...command]
  return spawn(program, args, { stdio: ['ignore', 'ignore', 'inherit', ...(ipc ? (['ipc'] as const) : [])] })
}

/** Waits until the server says on which port it listens. taskset replaces itself by the server, so the process is the server's. */
async function listening(child: ChildProcess): Promise<{ pid: number; port: number }> {
  const port = await new Promise<number>((resolve, reject) => {
    child.once('message', message => resolve((message as { port: number }).port))
    child.once('exit', code => reject(new Error(`a server ended with ${code} before it listened`)))
  })
  return { pid: child.pid!, port }
}

export async function answering(port: number): Promise<void> {
  const { connect } = await import('node:net')
  for (let attempt = 0; attempt < 200; attempt++) {
    const up = await new Promise<boolean>(resolve => {
      const socket = connect(port, '127.0.0.1', () => resolve(true)).once('error', () => resolve(false))
      socket.once('connect', () => socket.destroy())
    })
    if (up) return
    await sleep(50)
  }
  throw new Error(`nothing listens on port ${port}`)
}

export async function freePort(): Promise<number> {
  const probe = createServer()
  await new Promise<void>(resolve => probe.listen(0, '127.0.0.1', resolve))
  const { port } = probe.address() as { port: number }
  await new Promise(resolve => probe.close(resolve))
  return port
}

export async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = new Promise(resolve => child.once('exit', resolve))
  child.kill('SIGTERM')
  const late = setTimeout(() => child.kill('SIGKILL'), 5_000)
  await gone
  clearTimeout(late)
}

export const hasTaskset = (): boolean => existsSync('/usr/bin/taskset')

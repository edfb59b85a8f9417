// Servers that are not ours, for the doctor to look at: each on a free port of the loopback, gone when the file's tests are done.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { after } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { Issued } from '../support/certificates.ts'
import { answering, freePort } from '../support/free-port.ts'
import { scratchFolder } from '../support/scratch.ts'

let count = 0
const folder = scratchFolder()

/** A file in the scratch folder of the tests. */
export function fileOf(content: string | Buffer): string {
  count += 1
  const path = join(folder, `file-${count}.pem`)
  writeFileSync(path, content)
  return path
}

/** `openssl s_server` with this identity. Answers its port. */
export async function opensslServer(
  server: Issued,
  args: readonly string[],
  chainPem = server.chainPem,
): Promise<number> {
  const identity = ['-cert', fileOf(server.pem), '-key', fileOf(server.keyPem), '-cert_chain', fileOf(chainPem)]
  const child = spawn('openssl', ['s_server', '-accept', '127.0.0.1:0', ...identity, ...args], {
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  after(() => ended(child))
  let said = ''
  for await (const chunk of child.stdout) {
    said += chunk
    const [, port] = /^ACCEPT .*:(\d+)$/mu.exec(said) ?? []
    if (port === undefined) continue
    child.stdout.resume()
    return Number(port)
  }
  throw new Error(`openssl s_server ended: ${args.join(' ')}`)
}

/** nginx with one server that has this identity. Answers its port. */
export async function nginxServer(server: Issued, directives: string, chainPem = server.chainPem): Promise<number> {
  count += 1
  const prefix = join(folder, `nginx-${count}`)
  mkdirSync(prefix)
  const port = await freePort()
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    name => `${name}_temp_path ${prefix}/${name};`,
  )
  writeFileSync(
    join(prefix, 'nginx.conf'),
    `daemon off; master_process off; worker_processes 1; pid ${prefix}/nginx.pid; error_log ${prefix}/error.log;
events { worker_connections 128; }
http {
  access_log off; ${temporary.join(' ')}
  server {
    listen 127.0.0.1:${port} ssl;
    ssl_certificate ${fileOf(chainPem)};
    ssl_certificate_key ${fileOf(server.keyPem)};
    ${directives}
    location / { return 200 "hello"; }
  }
}
`,
  )
  const child = spawn('nginx', ['-p', prefix, '-c', join(prefix, 'nginx.conf'), '-e', join(prefix, 'start.log')], {
    stdio: 'ignore',
  })
  after(() => ended(child))
  await answering(port)
  return port
}

/** A server that does with each connection what `handle` says. */
export async function rawServer(handle: (socket: Socket) => void): Promise<number> {
  const server = createServer(socket => {
    socket.on('error', () => {})
    handle(socket)
  })
  return listening(server)
}

/** Listens and never takes a connection: when its queue is full, the kernel drops what comes. */
export async function deafServer(): Promise<number> {
  const program = `const s = require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
    require('node:fs').writeSync(1, s.address().port + '\\n'); Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0) })`
  const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'ignore'] })
  after(() => ended(child, 'SIGKILL'))
  const [said] = await once(child.stdout, 'data')
  const port = Number(String(said).trim())
  for (let i = 0; i < 4; i++) {
    const waiting = connect(port, '127.0.0.1').on('error', () => {})
    after(() => waiting.destroy())
  }
  await delay(100)
  return port
}

export async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  after(() => server.close())
  return (server.address() as AddressInfo).port
}

async function ended(child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill(signal)
  await gone
}

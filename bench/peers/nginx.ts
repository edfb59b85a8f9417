import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { answering, freePort, launch, path, told } from '../process.ts'
import { type Front, filling, type Peer, roles, type Setting } from './peer.ts'

/** nginx, which takes over the proof of the certificate and prints who that was. */
export const nginx: Peer = {
  name: 'nginx',
  needs: { nginx: 'nginx-light' },
  async start(setting) {
    const port = await freePort()
    const launched = performance.now()
    const child = run(setting, `nginx-${port}`, config(setting, port))
    await answering(port, child)
    const paths = {
      identity: '/',
      http2: '/',
      ...(setting.upstream === undefined ? {} : roles('/orders/1', 'proxied', 'decided', 'decidedByTls')),
    }
    return { name: 'nginx', version: nginxVersion(), port, paths, launched, child }
  },
}

/** What the proxies pass requests on to: as little as an HTTP server can do. Its work is not counted. */
export async function startUpstream(setting: Pick<Setting, 'folder' | 'cpu'>) {
  const port = await freePort()
  const body = JSON.stringify({ order: 1, lines: 'x'.repeat(150) })
  const server = `listen 127.0.0.1:${port}; location / { default_type application/json; return 200 '${body}'; }`
  const child = run(setting, `upstream-${port}`, frame(1, server))
  await answering(port, child)
  return { port, child }
}

/** The nginx that asks at this socket or port before it passes requests on, with the file that docs/ gives its users. */
export async function startAsking({ folder, cpu, upstream }: Setting, place: string | number): Promise<Front> {
  const port = await freePort()
  const file = readFileSync(join(import.meta.dirname, '../../docs/proxies/nginx-auth-request.conf'), 'utf8')
  const text = file
    .replace('listen 443 ssl http2', `listen 127.0.0.1:${port} ssl backlog=1024`)
    .replaceAll('127.0.0.1:9443', typeof place === 'string' ? `unix:${place}` : `127.0.0.1:${place}`)
    .replaceAll('https://countersign', typeof place === 'string' ? 'http://countersign' : 'https://countersign')
    .replaceAll('127.0.0.1:8080', `127.0.0.1:${upstream}`)
    .replaceAll('id.example.org', 'localhost')
    .replaceAll('/etc/countersign/edge', folder)
  const child = run({ folder, cpu }, `asking-${port}`, around(1, text))
  await answering(port, child)
  return { child, port }
}

function run({ folder, cpu }: Pick<Setting, 'folder' | 'cpu'>, name: string, text: string) {
  const own = join(folder, name)
  mkdirSync(own)
  const file = join(own, 'nginx.conf')
  writeFileSync(file, text)
  return launch(['nginx', '-c', file, '-p', own, '-e', join(own, 'error.log')], { cpu, env: { PATH: path } })
}

function nginxVersion(): string {
  const text = told('nginx', '-V') ?? ''
  const openssl = /running with (OpenSSL \S+)/.exec(text) ?? /built with (OpenSSL \S+)/.exec(text)
  return `nginx ${/nginx\/(\S+)/.exec(text)?.[1]}, ${openssl?.[1]}`
}

function config(setting: Setting, port: number): string {
  const { folder, upstream, workers } = setting
  // What varies of the identity is about 90 bytes.
  const identity = `{"verified":"$ssl_client_verify","subject":"$ssl_client_s_dn","thumbprint":"$ssl_client_fingerprint","fill":"${filling(setting, 90)}"}`
  const proxied =
    upstream === undefined
      ? ''
      : `location /orders/ {
      proxy_pass http://behind;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header X-Forwarded-User $ssl_client_s_dn;
      proxy_set_header X-Client-Verify $ssl_client_verify;
      proxy_set_header X-Client-Thumbprint $ssl_client_fingerprint;
      proxy_set_header Client-Cert $ssl_client_escaped_cert;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Forwarded-Proto https;
      proxy_set_header X-Forwarded-Host $host;
    }`
  const behind =
    upstream === undefined
      ? ''
      : `upstream behind { server 127.0.0.1:${upstream}; keepalive 64; keepalive_requests 1000000000; }`
  return frame(
    workers,
    `listen 127.0.0.1:${port} ssl http2 backlog=1024;
    ssl_certificate ${folder}/server.crt;
    ssl_certificate_key ${folder}/server.key;
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_session_cache shared:tls:10m;
    ssl_verify_client optional;
    ssl_client_certificate ${folder}/ca.crt;
    location / { default_type application/json; return 200 '${identity}'; }
    ${proxied}`,
    behind,
  )
}

function frame(workers: number, server: string, further = ''): string {
  return around(workers, `${further}\n  server { ${server} }`)
}

function around(workers: number, http: string): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(name => `${name}_temp_path ${name};`)
  // As whoever runs the benchmark, whose sockets it opens.
  const user = process.getuid?.() === 0 ? 'user root;' : ''
  return `daemon off;
${user}
worker_processes ${workers};
worker_rlimit_nofile 16384;
pid nginx.pid;
events { worker_connections 8192; }
http {
  access_log off;
  keepalive_requests 1000000000;
  keepalive_timeout 120s;
  ${temporary.join(' ')}
  ${http}
}
`
}

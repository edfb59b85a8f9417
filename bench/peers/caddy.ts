import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { answering, freePort, launch, path, told } from '../process.ts'
import { filling, type Peer, type Setting } from './peer.ts'

/** Caddy, whose TLS is Go's own. */
export const caddy: Peer = {
  name: 'caddy',
  needs: { caddy: 'caddy' },
  async start(setting) {
    const port = await freePort()
    const own = join(setting.folder, `caddy-${port}`)
    mkdirSync(own)
    const file = join(own, 'caddy.json')
    writeFileSync(file, JSON.stringify(config(setting, port)))
    const launched = performance.now()
    const child = launch(['caddy', 'run', '--config', file], {
      cpu: setting.cpu,
      env: { PATH: path, HOME: own, XDG_DATA_HOME: own, XDG_CONFIG_HOME: own, GOMAXPROCS: String(setting.workers) },
      stderr: 'ignore',
    })
    await answering(port, child)
    const go = /\s(go\d[\d.]*)/.exec(told('caddy', 'build-info') ?? '')?.[1] ?? 'Go'
    const version = `caddy ${told('caddy', 'version')?.trim()}, TLS of ${go}`
    const paths = { identity: '/', http2: '/', ...(setting.upstream === undefined ? {} : { proxied: '/orders/1' }) }
    return { name: 'caddy', version, port, paths, launched, child }
  },
}

function config(setting: Setting, port: number): object {
  const { folder, upstream } = setting
  const client = (name: string) => `{http.request.tls.client.${name}}`
  const identity = JSON.stringify({
    subject: client('subject'),
    thumbprint: client('fingerprint'),
    fill: filling(setting, 120),
  })
  const respond = {
    handler: 'static_response',
    status_code: 200,
    headers: { 'Content-Type': ['application/json'] },
    body: identity,
  }
  const pass = {
    handler: 'reverse_proxy',
    upstreams: [{ dial: `127.0.0.1:${upstream}` }],
    transport: { protocol: 'http', keep_alive: { enabled: true, max_idle_conns_per_host: 64 } },
    headers: {
      request: {
        set: {
          'X-Forwarded-User': [client('subject')],
          'X-Client-Thumbprint': [client('fingerprint')],
          'Client-Cert': [`:${client('certificate_der_base64')}:`],
          'X-Forwarded-Host': ['{http.request.host}'],
        },
      },
    },
  }
  const proxied = upstream === undefined ? [] : [{ match: [{ path: ['/orders/*'] }], handle: [pass], terminal: true }]
  return {
    admin: { disabled: true },
    logging: { logs: { default: { level: 'ERROR' } } },
    apps: {
      http: {
        servers: {
          tls: {
            listen: [`127.0.0.1:${port}`],
            protocols: ['h1', 'h2'],
            automatic_https: { disable: true },
            idle_timeout: '120s',
            routes: [...proxied, { handle: [respond] }],
            tls_connection_policies: [
              { client_authentication: { mode: 'verify_if_given', trusted_ca_certs_pem_files: [`${folder}/ca.crt`] } },
            ],
          },
        },
      },
      tls: { certificates: { load_files: [{ certificate: `${folder}/server.crt`, key: `${folder}/server.key` }] } },
    },
  }
}

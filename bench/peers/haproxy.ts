import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { answering, freePort, launch, path, told } from '../process.ts'
import { filling, type Peer, type Setting } from './peer.ts'

/** HAProxy. */
export const haproxy: Peer = {
  name: 'haproxy',
  needs: { haproxy: 'haproxy' },
  async start(setting) {
    const port = await freePort()
    const file = join(setting.folder, `haproxy-${port}.cfg`)
    writeFileSync(file, config(setting, port))
    const launched = performance.now()
    const child = launch(['haproxy', '-db', '-q', '-f', file], { cpu: setting.cpu, env: { PATH: path } })
    await answering(port, child)
    const text = told('haproxy', '-vv') ?? ''
    const version = `haproxy ${/version (\d[\d.]*)/i.exec(text)?.[1]}, ${/Running on OpenSSL version : (OpenSSL \S+)/.exec(text)?.[1]}`
    const paths = { identity: '/', ...(setting.upstream === undefined ? {} : { proxied: '/orders/1' }) }
    return { name: 'haproxy', version, port, paths, launched, child }
  },
}

function config(setting: Setting, port: number): string {
  const { folder, upstream, workers } = setting
  const thumbprint = '%[ssl_c_der,sha2(256),hex]'
  const identity = `{"verified":%[ssl_c_verify],"subject":"%[ssl_c_s_dn]","thumbprint":"${thumbprint}","fill":"${filling(setting, 120)}"}`
  const behind =
    upstream === undefined
      ? ''
      : `  use_backend behind if { path_beg /orders/ }
backend behind
  http-request set-header X-Forwarded-User %[ssl_c_s_dn]
  http-request set-header X-Client-Verify %[ssl_c_verify]
  http-request set-header X-Client-Thumbprint ${thumbprint}
  http-request set-header Client-Cert :%[ssl_c_der,base64]:
  http-request set-header X-Forwarded-For %[src]
  http-request set-header X-Forwarded-Proto https
  http-request set-header X-Forwarded-Host %[req.hdr(host)]
  http-reuse always
  server upstream 127.0.0.1:${upstream}`
  return `global
  maxconn 8192
  nbthread ${workers}
  tune.bufsize 16384
  tune.ssl.default-dh-param 2048
  ssl-server-verify none
defaults
  mode http
  timeout client 120s
  timeout server 120s
  timeout connect 5s
  timeout http-keep-alive 120s
frontend tls
  bind 127.0.0.1:${port} ssl crt ${folder}/server.pem ca-file ${folder}/ca.crt verify optional ssl-min-ver TLSv1.2 alpn http/1.1 backlog 1024
  http-request return status 200 content-type application/json lf-string '${identity}' unless { path_beg /orders/ }
${behind}
`
}

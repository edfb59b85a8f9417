import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { answering, freePort, launch, path, told } from '../process.ts'
import { filling, type Peer, type Setting } from './peer.ts'

/** Apache httpd with its event MPM. Who the client is goes into a header field of the answer. */
export const apache: Peer = {
  name: 'apache',
  needs: { apache2: 'apache2-bin' },
  async start(setting) {
    const port = await freePort()
    const own = join(setting.folder, `apache-${port}`)
    mkdirSync(join(own, 'pages'), { recursive: true })
    writeFileSync(join(own, 'pages/index.json'), JSON.stringify({ fill: filling(setting, 110) }))
    const file = join(own, 'httpd.conf')
    writeFileSync(file, config(setting, own, port))
    const launched = performance.now()
    const child = launch(['apache2', '-f', file, '-DFOREGROUND'], { cpu: setting.cpu, env: { PATH: path } })
    await answering(port, child)
    const server = /Apache\/(\S+)/.exec(told('apache2', '-v') ?? '')?.[1]
    const version = `apache ${server}, ${told('openssl', 'version')?.match(/OpenSSL \S+/)?.[0]}`
    const paths = { identity: '/index.json', ...(setting.upstream === undefined ? {} : { proxied: '/orders/1' }) }
    return { name: 'apache', version, port, paths, launched, child }
  },
}

const modules = 'mpm_event authz_core dir mime headers ssl socache_shmcb proxy proxy_http'

function config(setting: Setting, own: string, port: number): string {
  const { folder, upstream, workers } = setting
  const load = modules.split(' ').map(name => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`)
  const proxied =
    upstream === undefined
      ? ''
      : `<Location "/orders/">
    ProxyPass "http://127.0.0.1:${upstream}/orders/" keepalive=On
    RequestHeader set X-Forwarded-User "expr=%{SSL_CLIENT_S_DN}"
    RequestHeader set X-Client-Verify "expr=%{SSL_CLIENT_VERIFY}"
    RequestHeader set X-Client-Serial "expr=%{SSL_CLIENT_M_SERIAL}"
    RequestHeader set X-Forwarded-Proto https
  </Location>`
  return `ServerRoot ${own}
ServerName localhost
PidFile httpd.pid
ErrorLog error.log
LogLevel error
Mutex default:${own}
${load.join('\n')}
TypesConfig /dev/null
AddType application/json .json
Listen 127.0.0.1:${port}
ListenBackLog 1024
KeepAlive On
KeepAliveTimeout 120
MaxKeepAliveRequests 0
StartServers ${workers}
ServerLimit ${workers}
ThreadsPerChild 64
MaxRequestWorkers ${64 * workers}
AsyncRequestWorkerFactor 100
SSLSessionCache shmcb:${own}/sessions(1048576)
<VirtualHost 127.0.0.1:${port}>
  DocumentRoot ${own}/pages
  FileETag None
  SSLEngine On
  SSLCertificateFile ${folder}/server.crt
  SSLCertificateKeyFile ${folder}/server.key
  SSLCACertificateFile ${folder}/ca.crt
  SSLVerifyClient optional
  SSLProtocol TLSv1.2 TLSv1.3
  Header always set X-Client "%{SSL_CLIENT_VERIFY}s %{SSL_CLIENT_M_SERIAL}s %{SSL_CLIENT_S_DN}s"
  <Location "/">
    Require all granted
  </Location>
  ${proxied}
</VirtualHost>
`
}

// The proxies of docs/proxies/, each with the half of its configuration that stands in countersign.yaml.
import { type TestAuthority, testAuthority } from './certificates.ts'
import { edgeFiles } from './edge-files.ts'
import { type ProxyName, type ProxyProgram, startProxy } from './proxy-program.ts'

export interface EdgeProxy {
  readonly program: ProxyName
  /** in docs/proxies/ */
  readonly file: string
  /** as the comment at the top of the file says it */
  readonly clientCertificate: { readonly form: string; readonly chainHeader?: string }
  /** where it listens, as it stands in the file, and as a test has it */
  listens(port: number): Readonly<Record<string, string>>
  /** whether it hands on the certificates that its client sent beside its own */
  readonly chain: boolean
}

export const edgeProxies: readonly EdgeProxy[] = [
  {
    program: 'nginx',
    file: 'nginx.conf',
    clientCertificate: { form: 'nginx' },
    listens: port => ({ 'listen 443': `listen 127.0.0.1:${port}` }),
    chain: false,
  },
  {
    program: 'haproxy',
    file: 'haproxy.cfg',
    clientCertificate: { form: 'haproxy', chainHeader: 'X-SSL-Client-Chain-DER' },
    listens: port => ({ 'bind :443': `bind 127.0.0.1:${port}` }),
    chain: true,
  },
  {
    program: 'caddy',
    file: 'Caddyfile',
    clientCertificate: { form: 'client-cert' },
    listens: port => ({ 'https://id.example.org {': `https://localhost:${port} {\n\tbind 127.0.0.1` }),
    chain: false,
  },
  {
    program: 'apache2',
    file: 'apache.conf',
    clientCertificate: { form: 'pem-header' },
    listens: port => ({ 'Listen 443': `Listen 127.0.0.1:${port}`, '*:443': `127.0.0.1:${port}` }),
    chain: true,
  },
]

const machines = testAuthority({ name: 'Machines CA' })

/** The authority of the certificates by which the proxies prove themselves: the listener has to trust it. */
export const proxyAuthority: TestAuthority = machines

const identities = new Map(edgeProxies.map(({ program }) => [program, machines.issue({ subject: `CN=${program}` })]))

/** `proxies` of countersign.yaml: every one of them, each under the name of its program. */
export const proxiesSection: readonly object[] = edgeProxies.map(({ program, clientCertificate }) => ({
  name: program,
  proof: { thumbprints: [identities.get(program)!.thumbprint] },
  clientCertificate,
  addressHeader: 'X-Forwarded-For',
}))

export interface RunningEdge extends ProxyProgram {
  readonly url: string
  /** PEM of the authority of its certificate */
  readonly ca: string
}

/** Starts it in front of the server with this address and PEM of its authority. `changes`: what its file says otherwise. */
export async function startEdge(
  { program, file, listens }: EdgeProxy,
  server: { readonly url: string; readonly ca: string },
  changes: Readonly<Record<string, string>> = {},
): Promise<RunningEdge> {
  const { folder, ca } = edgeFiles(identities.get(program)!, server.ca)
  const proxy = await startProxy({
    program,
    config: `docs/proxies/${file}`,
    values: port => ({
      ...listens(port),
      ...changes,
      ':9443': `:${new URL(server.url).port}`,
      'id.example.org': 'localhost',
      '/etc/countersign/edge': folder,
    }),
  })
  return { ...proxy, url: `https://localhost:${proxy.port}`, ca }
}

// npm run bench -- forwarded [--certificates N]: what a certificate costs that a proxy hands on in a header, known and unknown. See README.md.
import { X509Certificate } from 'node:crypto'
import { availableParallelism, cpus, loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { systemClock } from '../src/clock.ts'
import { createAnchorDirectory } from '../src/identity/bindings/anchor-directory.ts'
import { createTrust } from '../src/identity/trust/create-trust.ts'
import { createEpoch } from '../src/identity/trust/epoch.ts'
import { silentLog } from '../src/log.ts'
import { parseCertificate } from '../src/pki/x509/certificate.ts'
import type { Peer } from '../src/server/http/exchange.ts'
import { createForwarding, type ForwardedRequest } from '../src/server/proxies/forwarding.ts'
import { proxyOptions } from '../src/server/proxies/options.ts'
import { createProxies } from '../src/server/proxies/proxies.ts'
import { type Issued, testAuthority } from '../test/support/certificates.ts'

/** By form: the header, and what stands in it. */
const forms: Readonly<Record<string, (client: Issued) => [string, string]>> = {
  nginx: client => ['x-ssl-client-cert', encodeURIComponent(client.pem)],
  haproxy: client => ['x-ssl-client-der', client.der.toString('base64')],
  'client-cert': client => ['client-cert', `:${client.der.toString('base64')}:`],
}
const repetitions = 5
const aim = { hit: 2, miss: 120 }

/** Prints a row for each form. */
export async function benchForwarded(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({ args: [...args], options: { certificates: { type: 'string', default: '1000' } } })
  const load = loadavg()[0]!.toFixed(1)
  tell(`${cpus()[0]?.model ?? 'CPU'}, ${availableParallelism()} cores, load ${load}, Node ${process.version}`)
  const authority = testAuthority({ name: 'Client CA' })
  const clients = Array.from({ length: Number(values.certificates) }, (_, i) =>
    authority.issue({ subject: `CN=user${i}` }),
  )
  tell(`P-256, one level; medians of ${repetitions}; aims: known ${aim.hit} µs, unknown ${aim.miss} µs`)
  tell('| form | bytes | known, µs | unknown, µs | Node alone reads and verifies it, µs |')
  tell('|---|---|---|---|---|')
  for (const [form, write] of Object.entries(forms)) {
    const headers = clients.map(write)
    const known = median(repeat(() => measureKnown(form, authority, headers[0]!)))
    const unknown = median(repeat(() => measureUnknown(form, authority, headers)))
    const bare = median(repeat(() => measureBare(authority, clients)))
    const figures = [known.toFixed(2), unknown.toFixed(1), bare.toFixed(1)]
    tell(`| ${form} | ${headers[0]![1].length} | ${figures.join(' | ')} |`)
  }
}

/** One client over and over. The value is made anew each time, as a parser of HTTP does: a text that was looked up before keeps its hash. */
function measureKnown(form: string, authority: Issued, [name, value]: [string, string]): number {
  const ask = tier(form, authority)
  const octets = Buffer.from(value, 'latin1')
  const times = 100_000
  const run = (each: (fresh: string) => void) => {
    const start = process.cpuUsage()
    for (let i = 0; i < times; i++) each(octets.toString('latin1'))
    return micros(process.cpuUsage(start)) / times
  }
  const make = () => run(fresh => void (fresh.length === 0 && tell('')))
  const both = () => run(fresh => ask(name, fresh))
  make()
  both()
  return both() - make()
}

/** Each client once, after so many others that the compiler is done. */
function measureUnknown(form: string, authority: Issued, headers: readonly [string, string][]): number {
  const ask = tier(form, authority)
  const warm = Math.floor(headers.length / 2)
  for (const [name, value] of headers.slice(0, warm)) ask(name, value)
  const start = process.cpuUsage()
  for (const [name, value] of headers.slice(warm)) ask(name, value)
  return micros(process.cpuUsage(start)) / (headers.length - warm)
}

/** The least that anybody pays who takes nothing on trust: an X509Certificate, and the signature of its issuer. */
function measureBare(authority: Issued, clients: readonly Issued[]): number {
  const { publicKey } = new X509Certificate(authority.der)
  const start = process.cpuUsage()
  for (const { der } of clients) if (!new X509Certificate(der).verify(publicKey)) throw new Error('not of that issuer')
  return micros(process.cpuUsage(start)) / clients.length
}

/** From the headers of a request to the verdict on its client. */
function tier(form: string, authority: Issued): (name: string, value: string) => void {
  const machines = testAuthority({ name: 'Machines CA' })
  const edge = machines.issue({ subject: 'CN=edge' })
  const anchors = [authority, machines].map(({ der }, i) => ({ alias: `a${i}`, certificate: parseCertificate(der) }))
  const material = { anchors, policy: { purpose: 'client' } } as const
  const trust = createTrust({ material, epoch: createEpoch(), clock: systemClock, log: silentLog })
  const options = proxyOptions.parse({
    name: 'edge',
    proof: { thumbprints: [edge.thumbprint] },
    clientCertificate: { form },
    addressHeader: 'X-Forwarded-For',
  })
  const proxies = createProxies([{ options }], createAnchorDirectory([]).seenBy(''))
  const forwarding = createForwarding({ proxies, trust, clock: systemClock, rest: 3_600_000 })
  const proven = trust.judge({ leaf: edge.der, rest: () => [] })
  const connection = { listener: 'main', protocol: 'TLSv1.3', judgement: () => proven } as Partial<Peer> as Peer
  return (name, value) => {
    const headers = { host: 'localhost', [name]: value, 'x-forwarded-for': '192.0.2.7' }
    const request = { method: 'GET', headers } as Partial<ForwardedRequest> as ForwardedRequest
    const from = forwarding.identify(connection, request)
    if ('then' in from || from.kind !== 'forwarded' || from.peer.judgement()?.verdict.ok !== true)
      throw new Error('not trusted')
  }
}

const micros = ({ user, system }: NodeJS.CpuUsage): number => user + system
const repeat = (work: () => number): number[] => Array.from({ length: repetitions }, work)
const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!

function tell(line: string): void {
  process.stdout.write(`${line}\n`)
}

import { Agent, request } from 'node:https'
import { cpuTime, memory } from '../cpu-time.ts'
import { answering, launch, stop } from '../process.ts'
import type { Program } from '../program.ts'
import type { Clients, ScaleHome } from './home.ts'

/** What one size costs. Times are CPU time of the server, in microseconds, but for the start. */
export interface Figures {
  /** milliseconds from the start of the program until it listens */
  readonly start: number
  /** CPU time of it, in milliseconds */
  readonly startCpu: number
  /** megabytes resident once it listens, and after the logins */
  readonly startMemory: number
  readonly memory: number
  /** a certificate that a proxy hands on: the first time that it is seen, and again */
  readonly firstDecision: number
  readonly decision: number
  /** full handshake of a client that was seen before, with one answer */
  readonly login: number
}

export interface Measured extends Pick<ScaleHome, 'file' | 'port'> {
  readonly program: Program
}

export async function measure({ file, port, program }: Measured, clients: Clients, rounds: number): Promise<Figures> {
  const begun = performance.now()
  const { launcher, env } = program
  const child = launch([process.execPath, launcher, 'serve', '--config', file], { cpu: undefined, env })
  try {
    await answering(port, child, 60_000)
    const start = performance.now() - begun
    const pid = child.pid!
    const startCpu = cpuTime(pid) / 1e6
    const startMemory = memory(pid).now
    const { servers, proxy, all } = clients
    const target = { host: '127.0.0.1', port, servername: 'localhost', path: '/whoami', ca: servers.pem }
    const edge = { ...target, cert: proxy.pem, key: proxy.keyPem, agent: new Agent({ keepAlive: true, maxSockets: 1 }) }
    // The first of them are there for the compilers: how much there is to know has nothing to do with what those take.
    const others = all.slice(0, 200)
    const measured = all.slice(others.length)
    const perClient = async (each: (client: Clients['all'][number]) => Promise<void>) => {
      const before = cpuTime(pid)
      for (const client of measured) await each(client)
      return (cpuTime(pid) - before) / measured.length / 1000
    }
    const decide = ({ user, certificate }: Clients['all'][number]) =>
      ask({ ...edge, headers: headerOf(certificate.der) }, user)
    const login = ({ user, certificate }: Clients['all'][number]) =>
      ask({ ...target, cert: certificate.pem, key: certificate.keyPem, agent: false }, user)
    for (const client of others) await decide(client)
    for (const client of others) await login(client)
    const firstDecision = await perClient(decide)
    const decisions: number[] = []
    const logins: number[] = []
    for (let i = 0; i < rounds; i++) {
      decisions.push(await perClient(decide))
      logins.push(await perClient(login))
    }
    edge.agent.destroy()
    return {
      start,
      startCpu,
      startMemory: startMemory / 1e6,
      memory: memory(pid).now / 1e6,
      firstDecision,
      decision: median(decisions),
      login: median(logins),
    }
  } finally {
    await stop(child)
  }
}

const headerOf = (der: Buffer) => ({ 'X-SSL-Client-DER': der.toString('base64') })

function ask(options: object, user: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const sent = request(options, async response => {
      const text = Buffer.concat(await response.toArray()).toString()
      if (text.includes(`"user":"${user}"`)) resolve()
      else reject(new Error(`${user} was not let in: ${response.statusCode} ${text}`))
    })
    sent.on('error', reject)
    sent.end()
  })
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!
}

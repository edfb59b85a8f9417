import { buildClientHello, type Offer } from './handshake/client-hello.ts'
import { protocolNames } from './handshake/numbers.ts'
import { readFlight } from './handshake/read-flight.ts'
import { olderSuites, suiteName, tls13Suites } from './handshake/suites.ts'
import { openSocket } from './open-socket.ts'
import { serverNameToAskFor, type Target } from './target.ts'

/** A protocol that the server takes, with its suites in the server's order of preference where it has one. */
export interface Taken {
  readonly protocol: string
  readonly suites: readonly string[]
  /** false when there may be more: the search is bounded */
  readonly complete: boolean
}

/** For each version that is asked for: how many answers are wanted at most. A connection each. */
const rounds: readonly (readonly [version: number, most: number])[] = [
  [0x0304, 5],
  [0x0303, 20],
  [0x0302, 3],
  [0x0301, 3],
]

/** What a server takes, found out by offers that are never gone through with: each ends after the server's first flight. */
export async function probeOffers(target: Target, timeoutMs: number): Promise<readonly Taken[]> {
  const each = rounds.map(([version, most]) => takenOf(version, most, target, timeoutMs))
  return (await Promise.all(each)).filter(({ suites }) => suites.length > 0)
}

async function takenOf(version: number, most: number, target: Target, timeoutMs: number): Promise<Taken> {
  const left = [...(version === 0x0304 ? tls13Suites : olderSuites).keys()]
  const suites: string[] = []
  let complete = false
  while (suites.length < most && !complete) {
    const chosen = await choice({ version, suites: left, servername: serverNameToAskFor(target) }, target, timeoutMs)
    const at = chosen === undefined ? -1 : left.indexOf(chosen)
    if (at < 0) complete = true
    else {
      suites.push(suiteName(chosen!))
      left.splice(at, 1)
      complete = left.length === 0
    }
  }
  return { protocol: protocolNames.get(version)!, suites, complete }
}

/** The suite that the server chooses from an offer; undefined when it takes none. */
async function choice(offer: Offer, target: Target, timeoutMs: number): Promise<number | undefined> {
  const opened = await openSocket(target, timeoutMs)
  if (!opened.ok) return undefined
  const { socket } = opened
  // of all, not of each octet: a server may drip
  const timer = setTimeout(() => socket.destroy(), timeoutMs)
  try {
    socket.write(buildClientHello(offer))
    const chunks: Buffer[] = []
    let length = 0
    for await (const chunk of socket) {
      chunks.push(chunk)
      length += chunk.length
      const { hello, alert } = readFlight(Buffer.concat(chunks))
      if (hello !== undefined) return hello.version === offer.version ? hello.suite : undefined
      if (alert !== undefined || length > longestFlight) return undefined
    }
    return undefined
  } catch {
    return undefined
  } finally {
    clearTimeout(timer)
    socket.destroy()
  }
}

const longestFlight = 64 * 1024

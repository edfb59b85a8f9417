import { setTimeout as delay } from 'node:timers/promises'
import { connect as connectTls, DEFAULT_CIPHERS, type TLSSocket } from 'node:tls'
import { type Flight, readFlight } from './handshake/read-flight.ts'
import { looksLikeTls } from './handshake/records.ts'
import { type HttpAnswer, isComplete, readHttpAnswer } from './http-answer.ts'
import { type ConnectionFailure, openSocket } from './open-socket.ts'
import { Tap } from './tap.ts'
import { serverNameToAskFor, type Target, targetText } from './target.ts'

/** What the client shows: PEM. */
export interface ShownIdentity {
  readonly key: string
  readonly chain: string
}

/** One connection, from the name to the first read, as it went. */
export interface Conversation {
  /** of the server, once connected */
  readonly address: string | undefined
  readonly flight: Flight
  /** once our side of the handshake was done */
  readonly agreed: { readonly protocol: string; readonly suite: string } | undefined
  /** what ended it before an answer came; undefined when one did, or when the server had nothing to say */
  readonly failure: Failure | undefined
  readonly answer: HttpAnswer | undefined
  /** the first octets that came, when they are no TLS */
  readonly foreign: Buffer | undefined
}

export type Stage = 'connect' | 'handshake' | 'first read'

export interface Failure {
  readonly stage: Stage
  readonly kind: ConnectionFailure['kind'] | 'alert' | 'cut' | 'timeout' | 'not tls' | 'tls error'
  /** number of the alert that the server sent */
  readonly alert?: number | undefined
  readonly message: string
}

const nothingSeen: Flight = { hello: undefined, chain: [], request: undefined, complete: false, alert: undefined }

/**
 * Connects, shakes hands whoever the server is, asks `GET /whoami`, which changes nothing anywhere, and listens: in TLS 1.3 a server
 * refuses a client certificate only after the client's side is done, so the refusal comes with the first read. Never throws.
 */
export async function converse(
  target: Target,
  identity: ShownIdentity | undefined,
  timeoutMs: number,
): Promise<Conversation> {
  const opened = await openSocket(target, timeoutMs)
  if (!opened.ok) {
    const { kind, message } = opened
    const failure = { stage: 'connect', kind, message } as const
    return {
      address: undefined,
      flight: nothingSeen,
      agreed: undefined,
      failure,
      answer: undefined,
      foreign: undefined,
    }
  }
  const address = opened.socket.remoteAddress
  const tap = new Tap(opened.socket)
  let secret: Buffer | undefined
  try {
    const socket = connectTls({
      socket: tap,
      servername: serverNameToAskFor(target) ?? '',
      rejectUnauthorized: false,
      // whatever is weak about the client's key is for the server, and for the report, to say
      ciphers: `${DEFAULT_CIPHERS}:@SECLEVEL=0`,
      ...(identity === undefined ? {} : { key: identity.key, cert: identity.chain }),
    })
    socket.on('keylog', (line: Buffer) => {
      const [label, , value = ''] = line.toString('latin1').trim().split(' ')
      if (label === 'SERVER_HANDSHAKE_TRAFFIC_SECRET') secret = Buffer.from(value, 'hex')
    })
    const shaken = await settled(socket, 'secureConnect', timeoutMs)
    const seen = () => ({ address, flight: readFlight(tap.received, secret), foreign: foreignIn(tap.received) })
    if (shaken !== undefined) {
      const failure = explain(shaken, 'handshake', seen().flight.alert, tap.received)
      return { ...seen(), agreed: undefined, failure, answer: undefined }
    }
    const agreed = { protocol: socket.getProtocol() ?? '', suite: socket.getCipher().standardName }
    const chain = chainOf(socket)
    const { bytes, ended } = await ask(socket, target, timeoutMs)
    const answer = readHttpAnswer(bytes)
    const failure = answer === undefined ? explain(ended, 'first read', undefined, undefined) : undefined
    const last = seen()
    // what cannot be read off the wire OpenSSL knows: a chain that nobody judged must not pass for a good one
    const flight = last.flight.chain.length > 0 ? last.flight : { ...last.flight, chain }
    return { ...last, flight, agreed, failure, answer }
  } finally {
    tap.destroy()
  }
}

/** DER, leaf first, as far as the issuers were sent. */
function chainOf(socket: TLSSocket): Buffer[] {
  const chain: Buffer[] = []
  for (let each = socket.getPeerX509Certificate(); each !== undefined; each = each.issuerCertificate) {
    if (chain.some(der => der.equals(each!.raw))) break
    chain.push(each.raw)
  }
  return chain
}

type Ending = Error | 'closed' | 'timeout'

/** Waits for the event: undefined when it came, else what came instead. */
function settled(socket: TLSSocket, event: string, timeoutMs: number): Promise<Ending | undefined> {
  return new Promise(resolve => {
    const timer = setTimeout(resolve, timeoutMs, 'timeout')
    const done = (ending?: Ending) => {
      clearTimeout(timer)
      resolve(ending)
    }
    socket.once(event, () => done())
    socket.once('error', done)
    socket.once('close', () => done('closed'))
  })
}

async function ask(socket: TLSSocket, target: Target, timeoutMs: number): Promise<{ bytes: Buffer; ended: Ending }> {
  const chunks: Buffer[] = []
  const ended = new Promise<Ending>(resolve => {
    const timer = setTimeout(resolve, timeoutMs, 'timeout')
    const done = (ending: Ending) => {
      clearTimeout(timer)
      resolve(ending)
    }
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
      if (isComplete(Buffer.concat(chunks))) done('closed')
    })
    socket.once('error', done)
    socket.once('end', () => done('closed'))
    socket.once('close', () => done('closed'))
  })
  // A request on its way to a server that has just refused makes it answer with a reset, which takes the alert with it.
  const early = await Promise.race([ended, delay(patienceMs)])
  if (early === undefined) {
    socket.write(
      `GET /whoami HTTP/1.1\r\nHost: ${targetText({ ...target, host: target.name })}\r\nAccept: application/problem+json, application/json\r\nUser-Agent: countersign-doctor\r\nConnection: close\r\n\r\n`,
    )
  }
  const ending = await ended
  return { bytes: Buffer.concat(chunks), ended: ending }
}

const patienceMs = 150

function explain(
  ending: Ending,
  stage: Stage,
  alert: number | undefined,
  received: Buffer | undefined,
): Failure | undefined {
  if (received !== undefined && foreignIn(received) !== undefined)
    return { stage, kind: 'not tls', message: 'the server answered, but not in TLS' }
  const told = alert ?? alertOf(ending)
  if (told !== undefined) return { stage, kind: 'alert', alert: told, message: messageOf(ending) }
  if (ending === 'timeout') return { stage, kind: 'timeout', message: 'no answer in time' }
  if (ending === 'closed' || isReset(ending)) return { stage, kind: 'cut', message: messageOf(ending) }
  return { stage, kind: 'tls error', message: messageOf(ending) }
}

function alertOf(ending: Ending): number | undefined {
  const number = ending instanceof Error ? /SSL alert number (\d+)/u.exec(ending.message)?.[1] : undefined
  return number === undefined ? undefined : Number(number)
}

function isReset(ending: Ending): boolean {
  const code = ending instanceof Error ? (ending as NodeJS.ErrnoException).code : undefined
  return code === 'ECONNRESET' || code === 'EPIPE'
}

// OpenSSL's own errors are `id:error:number:library:function:reason:file:line:…`; the reason is what a person can use
function messageOf(ending: Ending): string {
  if (ending === 'timeout') return 'no answer in time'
  if (ending === 'closed') return 'the server closed the connection'
  return ((ending as Error & { reason?: string }).reason ?? ending.message).trim()
}

function foreignIn(received: Buffer): Buffer | undefined {
  return received.length > 0 && !looksLikeTls(received) ? received.subarray(0, 64) : undefined
}

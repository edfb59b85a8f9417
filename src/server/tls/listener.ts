import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2'
import type { AddressInfo, DropArgument, Socket } from 'node:net'
import type { Clock } from '../../clock.ts'
import { CodedError, isStorageFailure } from '../../errors.ts'
import type { Trust } from '../../identity/trust/trust.ts'
import type { Log } from '../../log.ts'
import type { Certificate } from '../../pki/x509/certificate.ts'
import type { CertificateFacts, Events } from '../../telemetry/events/events.ts'
import type { Exchange, Peer, Upgrade } from '../http/exchange.ts'
import { type ExchangeSettings, type OpenExchange, openExchange } from '../http/open-exchange.ts'
import { type Problem, type ProblemSource, sendProblem } from '../http/problem.ts'
import type { Forwarding } from '../proxies/forwarding.ts'
import { createAcceptor } from './accept.ts'
import type { Connection } from './connection.ts'
import { Connections, type Held, type Loss, type LossOf } from './connections.ts'
import { ForwardedRequest, holdRequest } from './forwarded-request.ts'
import { createHttp1 } from './http1.ts'
import { createHttp2 } from './http2.ts'
import { boundKeyUpdates } from './key-updates.ts'
import type { ListenerOptions } from './options.ts'
import { secureContexts } from './secure-contexts.ts'
import type { ServerIdentity } from './server-identity.ts'
import type { TicketKeys } from './ticket-keys.ts'

export interface ListenerSource {
  readonly options: ListenerOptions
  /** the first one is shown to clients that ask for no name, or an unknown one */
  readonly identities: readonly [ServerIdentity, ...ServerIdentity[]]
  readonly trust: Trust
  /** whose names are sent when `advertiseAuthorities` is on */
  readonly authorities?: readonly Certificate[]
  /** Left out, OpenSSL seals session tickets with keys of its own: they are good for these identities in this process. */
  readonly tickets?: ListenerTickets
  /** Answers a request. What it throws is logged, and answered with 500. */
  serve(exchange: Exchange): void | Promise<void>
  /** asked for each request when there may be a proxy in front; left out, every request is of the connection's own peer */
  readonly forwarding?: Forwarding | undefined
  /** asked for each connection when the trust epoch has risen, so that connections end whose user may no longer come in */
  readonly lossOf?: LossOf
  /** answers of responders about our own certificates, from memory */
  readonly staples?: Staples | undefined
  /** renders a problem for people */
  readonly problemPage?: (problem: Problem) => string
  readonly events: Pick<
    Events,
    'handshakeCompleted' | 'handshakeFailed' | 'connectionRefused' | 'connectionEnded' | 'accessRefused'
  >
  readonly clock: Clock
  readonly log: Log
}

/** What seals the session tickets of one listener. */
export interface ListenerTickets extends Pick<TicketKeys, 'onChange'> {
  key(identities: ListenerSource['identities']): Buffer
}

export interface Staples {
  covers(leaf: Certificate): boolean
  /** `leaf` is DER; undefined: there is none now */
  response(leaf: Uint8Array): Buffer | undefined
}

export interface Listener {
  readonly name: string
  readonly address: string
  readonly port: number
  /** those whose handshake is done */
  connections(): readonly Peer[]
  /**
   * Ends the connections that would not be let in any more; answers how many. Happens by itself when the trust epoch rises.
   */
  rejudge(): Promise<number>
  /** New keys and certificates, and new authorities to advertise, from the next handshake on. Throws, and changes nothing, when they are unusable. */
  replaceIdentities(identities: ListenerSource['identities'], authorities?: readonly Certificate[]): void
  /**
   * Asks for certificates in this way from the next handshake on. Connections that could not have been opened in it end at once; the
   * others, which may not have been asked yet, with their next answer.
   */
  replaceClientAuth(clientAuth: ListenerOptions['clientAuth']): void
  /** Accepts no more, lets requests in flight end for `graceMs`, then ends what is left. */
  close(options?: { graceMs?: number }): Promise<void>
}

/** Listens for TLS connections. Throws ERR_LISTEN_FAILED when the address cannot be had, ERR_SERVER_KEY_UNUSABLE for a bad key. */
export async function openListener(source: ListenerSource): Promise<Listener> {
  const { options, trust, events, clock, log } = source
  const { name, limits } = options
  const { tickets } = source
  let { clientAuth } = options
  let identities = source.identities
  let authorities = source.authorities ?? []
  let contexts = secureContexts(options, identities, authorities, tickets?.key(identities))
  if (tickets !== undefined && contexts.handshakeDone === undefined) {
    log.warn({ listener: name, node: process.version }, 'spent session tickets are not renewed under this Node')
  }
  let closing = false
  const connections = new Connections(limits)
  const settings: ExchangeSettings = {
    maxBodyBytes: limits.maxBodyBytes,
    maxHeaderFields: limits.maxHeaderFields,
    problemPage: source.problemPage,
  }
  const http1 = createHttp1(limits, takeRequest)
  const http2 = createHttp2(limits, takeRequest)
  const { server } = http1
  const onClosed = connections.leave.bind(connections)
  const acceptor = createAcceptor({
    options,
    server,
    trust,
    events,
    contexts: () => contexts,
    clientAuth: () => clientAuth,
    onConnection,
    onClosed,
  })

  server.on('connection', (raw: Socket) => {
    const remote = { address: raw.remoteAddress ?? '', port: raw.remotePort ?? 0 }
    if (connections.enter(remote.address)) return acceptor.accept(raw, remote)
    raw.destroy()
    refused(remote.address, 'too_many_connections', `More than ${limits.maxConnectionsPerAddress} from this address.`)
  })
  server.on('drop', (dropped?: DropArgument) => {
    refused(dropped?.remoteAddress ?? '', 'too_many_connections', `More than ${limits.maxConnections} are open.`)
  })

  function onConnection(connection: Connection, durationMs: number): void {
    const { socket, remoteAddress, protocol, resumed, presented } = connection
    events.handshakeCompleted({ listener: name, remoteAddress, protocol, resumed, presented, durationMs })
    if (closing) return void socket.destroy()
    boundKeyUpdates(socket, () => {
      socket.destroy()
      refused(remoteAddress, 'too_many_key_updates', 'The client asked for new keys without end.')
    })
    // OpenSSL has seen to it for a full handshake. A resumed one it takes as it is (invariant 2), and one that is just ending began
    // under the mode before.
    const unfit = unfitness(connection)
    if (unfit !== undefined) {
      refused(remoteAddress, unfit.code, unfit.detail)
      return void socket.destroy()
    }
    if (options.onUntrusted === 'refuse') {
      const waiting = connection.settle()
      if (waiting !== undefined) {
        waiting.then(() => admit(connection)).catch(() => socket.destroy())
        return
      }
    }
    admit(connection)
  }

  function unfitness({ presented }: Connection): Pick<Loss, 'code' | 'detail'> | undefined {
    if (clientAuth === 'need' && !presented)
      return { code: 'certificate_required', detail: 'No client certificate was presented.' }
    if (clientAuth === 'none' && presented)
      return { code: 'certificate_unwanted', detail: 'Client certificates are not asked for any more.' }
    return undefined
  }

  function admit(connection: Connection): void {
    const { socket, remoteAddress } = connection
    if (closing || socket.destroyed) return void socket.destroy()
    if (options.onUntrusted === 'refuse') {
      const judgement = connection.judgement()
      if (judgement !== undefined && !judgement.verdict.ok) {
        const { code, detail } = judgement.verdict
        refused(remoteAddress, code, detail, judgement.certificate)
        return void socket.destroySoon()
      }
    }
    connections.add(connection)
    if (socket.alpnProtocol === 'h2') http2.take(connection)
    else if (options.http.includes('http/1.1')) http1.take(connection)
    // A client that negotiates nothing speaks HTTP/1.1.
    else socket.destroySoon()
  }

  function takeRequest(
    connection: Connection,
    request: IncomingMessage | Http2ServerRequest,
    response: ServerResponse | Http2ServerResponse,
    upgrade?: Upgrade,
  ): void {
    connection.served += 1
    // Node's own maxRequestsPerSocket announces the end, but leaves it to the client.
    const last = closing || connection.outdated || connection.served === limits.maxRequestsPerConnection
    if (last && 'shouldKeepAlive' in response) response.shouldKeepAlive = false
    let exchange: OpenExchange | undefined
    try {
      exchange = openExchange(connection, request, response, settings, upgrade)
    } catch (error) {
      return void broken(response, error)
    }
    if (exchange === undefined) return
    const opened = exchange
    const waiting = connection.settle()
    if (waiting === undefined) attribute(connection, opened)
    else waiting.then(() => attribute(connection, opened)).catch(error => failed(opened, error))
  }

  function attribute(connection: Connection, exchange: OpenExchange): void {
    try {
      const whose = forwardedPeer(connection, exchange)
      if (whose === 'refused') return
      const waiting = whose?.settle()
      if (waiting === undefined) serve(exchange)
      else waiting.then(() => serve(exchange)).catch(error => failed(exchange, error))
    } catch (error) {
      failed(exchange, error)
    }
  }

  /** Whose request it is, when a proxy handed it on: then it is never the connection's. undefined: no proxy did. */
  function forwardedPeer(connection: Connection, exchange: OpenExchange): Held['peer'] | 'refused' | undefined {
    const { forwarding } = source
    const from = forwarding?.identify(connection, exchange)
    if (forwarding === undefined || from === undefined || from.kind === 'direct') return undefined
    if (from.kind === 'refused') {
      turnedDown(exchange, from.problem)
      return 'refused'
    }
    const { peer, proxy, by } = from
    exchange.peer = peer
    exchange.proxy = by
    holdRequest(connection, exchange, new ForwardedRequest(peer, connection, exchange, proxy, forwarding))
    return peer
  }

  function turnedDown(exchange: Exchange, problem: ProblemSource): void {
    const { requestId, method, path, peer } = exchange
    const { code, detail } = problem
    const { remoteAddress } = peer
    events.accessRefused({ requestId, remoteAddress, method, path, certificate: null, code, detail })
    sendProblem(exchange, problem)
  }

  function serve(exchange: Exchange): void {
    try {
      const served = source.serve(exchange)
      if (served !== undefined) served.catch(error => failed(exchange, error))
    } catch (error) {
      failed(exchange, error)
    }
  }

  function failed(exchange: Exchange, error: unknown): void {
    const { requestId, method, path, response } = exchange
    const request = { listener: name, requestId, method, path }
    const unasked = isStorageFailure(error)
    // One line: as long as the database is away there may be thousands.
    if (unasked) log.warn({ code: error.code, error: error.message, ...request }, 'a request waits for the database')
    else log.error({ err: error, ...request }, 'a request failed')
    try {
      if (response.headersSent) response.destroy()
      else if (unasked) sendProblem(exchange, storeUnavailable, { headers: { 'Retry-After': retryAfter } })
      else sendProblem(exchange, { code: 'internal_error', detail: 'The request could not be answered.' })
    } catch (another) {
      broken(response, another)
    }
  }

  /** Not even the problem could be told, by a fault of ours: one connection pays for it, and not the process. */
  function broken(response: Exchange['response'], error: unknown): void {
    log.error({ err: error, listener: name }, 'a problem could not be told')
    response.destroy()
  }

  function refused(remoteAddress: string, code: string, detail: string, certificate?: Certificate): void {
    events.connectionRefused({ listener: name, remoteAddress, code, detail, certificate: factsOf(certificate) })
  }

  function ended({ remoteAddress, lastJudgement }: Held['peer'], lost: Loss, cause: string): void {
    const { user, tenant, code, detail } = lost
    const certificate = factsOf(lastJudgement?.certificate)
    events.connectionEnded({ listener: name, remoteAddress, cause, code, detail, user, tenant, certificate })
  }

  const onOcspRequest = (leaf: Buffer | undefined, _issuer: Buffer | undefined, done: StapleCallback): void => {
    // Node tells the certificate only when a server name chose it.
    const asked = leaf ?? identities[0].chain[0]?.raw
    done(null, (asked && source.staples?.response(asked)) ?? null)
  }
  function watchStaples(shown: ListenerSource['identities']): void {
    // With a listener for it, every handshake stops once more: only where there may be something to hand out.
    server.off('OCSPRequest', onOcspRequest)
    if (shown.some(({ chain: [leaf] }) => leaf !== undefined && source.staples?.covers(leaf))) {
      server.on('OCSPRequest', onOcspRequest)
    }
  }

  watchStaples(source.identities)
  const bound = await listen(server, options)
  server.on('error', error => log.error({ err: error, listener: name }, 'a connection could not be accepted'))
  const sweep = setInterval(() => {
    acceptor.dropStalled()
    connections.dropExpired(clock, source.lossOf, (peer, lost) => ended(peer, lost, 'time'))
    connections.dropStalled()
  }, sweepMs).unref()
  // What has moved trust since somebody last began to go through the connections: a reload moves several things, one after the other.
  const causes: string[] = []
  let round = 0
  const look = coalesced(async () => {
    const known = causes.length
    const cause = () => [...new Set(causes)].join(', ')
    const count = await connections.rejudge({
      round: () => round,
      lossOf: source.lossOf,
      onEnded: (peer, lost) => ended(peer, lost, cause()),
      doubts: trust.doubts,
    })
    causes.splice(0, known)
    return count
  })
  const rejudge = (): Promise<number> => {
    round += 1
    return look()
  }
  const forgetTickets = tickets?.onChange(() => contexts.replaceTicketKey(tickets.key(identities)))
  const unsubscribe = trust.onEpoch(({ cause }) => {
    causes.push(cause)
    rejudge().catch(error => log.error({ err: error, listener: name }, 'judging open connections again failed'))
  })

  return {
    name,
    address: bound.address,
    port: bound.port,
    connections: () => connections.list(),
    rejudge,
    replaceIdentities(next, nextAuthorities = []) {
      contexts = secureContexts(options, next, nextAuthorities, tickets?.key(next))
      identities = next
      authorities = nextAuthorities
      watchStaples(next)
    },
    replaceClientAuth(next) {
      if (next === clientAuth) return
      clientAuth = next
      // New ones: a session of the mode before must not be resumed in this one.
      contexts = secureContexts(options, identities, authorities, tickets?.key(identities))
      for (const connection of connections.list()) {
        const unfit = unfitness(connection)
        connection.outdated = true
        if (unfit === undefined) {
          connection.retire()
          continue
        }
        connection.drop()
        ended(connection, { user: null, tenant: null, ...unfit }, 'clientAuth')
      }
    },
    async close({ graceMs = 10_000 } = {}) {
      closing = true
      unsubscribe()
      forgetTickets?.()
      const closed = new Promise<void>(resolve => server.close(() => resolve()))
      acceptor.dropAll()
      const deadline = performance.now() + graceMs
      const retire = () => {
        const late = performance.now() >= deadline
        for (const connection of connections.list()) {
          if (late) connection.socket.destroy()
          else connection.retire()
        }
        server.closeIdleConnections()
      }
      retire()
      const timer = setInterval(retire, 20)
      await closed
      clearInterval(timer)
      clearInterval(sweep)
    },
  }
}

const storeUnavailable = {
  code: 'store_unavailable',
  detail: 'The database with the users does not answer.',
} as const

/** Seconds: a server that was restarted is back by then. */
const retryAfter = '2'

type StapleCallback = (error: Error | null, response: Buffer | null) => void

const sweepMs = 1000

/** Runs `work` once more after it was asked for, however often that happened meanwhile; each asker waits for a run that began after. */
function coalesced<T>(work: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | undefined
  let next: Promise<T> | undefined
  const run = (): Promise<T> => {
    const current = work().finally(() => {
      if (running === current) running = undefined
    })
    running = current
    return current
  }
  return () => {
    if (running === undefined) return run()
    next ??= running.then(noop, noop).then(() => {
      next = undefined
      return run()
    })
    return next
  }
}

const noop = (): void => {}

function listen(
  server: ReturnType<typeof createHttp1>['server'],
  { name, address, port }: ListenerOptions,
): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once('error', cause =>
      reject(
        new CodedError('ERR_LISTEN_FAILED', `listener ${name} cannot listen on ${address}:${port}: ${cause.message}`, {
          remedy: 'Check that the address is one of this machine, and that no other program has the port.',
          cause,
        }),
      ),
    )
    server.listen({ host: address, port, backlog: 1024 }, () => {
      server.removeAllListeners('error')
      resolve(server.address() as AddressInfo)
    })
  })
}

function factsOf(certificate: Certificate | undefined): CertificateFacts | null {
  if (certificate === undefined) return null
  const { thumbprint, subject, issuer, serialNumber } = certificate
  return { thumbprint, subject: subject.toString(), issuer: issuer.toString(), serialNumber }
}

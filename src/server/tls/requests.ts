import { isStorageFailure } from '../../errors.ts'
import type { Log } from '../../log.ts'
import type { Events } from '../../telemetry/events/events.ts'
import type { Exchange, Upgrade } from '../http/exchange.ts'
import { type ExchangeSettings, type OpenExchange, openExchange } from '../http/open-exchange.ts'
import { type Problem, type ProblemSource, sendProblem } from '../http/problem.ts'
import type { Forwarding, Identified } from '../proxies/forwarding.ts'
import type { Connection } from './connection.ts'
import { ForwardedRequest, holdRequest } from './forwarded-request.ts'
import type { ListenerLimits } from './options.ts'

export interface RequestsSource {
  /** of the listener */
  readonly name: string
  readonly limits: ListenerLimits
  /** Answers a request. What it throws is logged, and answered with 500. */
  serve(exchange: Exchange): void | Promise<void>
  /** asked for each request when there may be a proxy in front; left out, every request is of the connection's own peer */
  readonly forwarding?: Forwarding | undefined
  /** renders a problem for people */
  readonly problemPage?: ((problem: Problem) => string) | undefined
  /** how a request target is read; default: what could be read in two ways is refused */
  readonly readTarget?: ExchangeSettings['readTarget']
  readonly events: Pick<Events, 'accessRefused'>
  readonly log: Log
  /** whether each answer is the last of its connection by now */
  closing(): boolean
}

/** What happens to a request before somebody answers it: both HTTP versions begin here. */
export function createRequests(source: RequestsSource) {
  const { name, limits, events, log } = source
  const settings: ExchangeSettings = {
    maxBodyBytes: limits.maxBodyBytes,
    maxHeaderFields: limits.maxHeaderFields,
    problemPage: source.problemPage,
    readTarget: source.readTarget,
  }

  return takeRequest

  function takeRequest(
    connection: Connection,
    request: Exchange['request'],
    response: Exchange['response'],
    upgrade?: Upgrade,
  ): void {
    connection.served += 1
    // Node's own maxRequestsPerSocket announces the end, but leaves it to the client.
    const last = source.closing() || connection.outdated || connection.served === limits.maxRequestsPerConnection
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
      const { forwarding } = source
      const from = forwarding?.identify(connection, exchange)
      if (forwarding === undefined || from === undefined) serve(exchange)
      else if (!(from instanceof Promise)) serveFrom(from, connection, exchange, forwarding)
      else {
        from.then(known => serveFrom(known, connection, exchange, forwarding)).catch(error => failed(exchange, error))
      }
    } catch (error) {
      failed(exchange, error)
    }
  }

  /** Where a proxy handed the request on, it is never the connection's. */
  function serveFrom(from: Identified, connection: Connection, exchange: OpenExchange, forwarding: Forwarding): void {
    if (from.kind === 'refused') return void turnedDown(exchange, from.problem)
    if (from.kind === 'direct') return void serve(exchange)
    const { peer, proxy, by } = from
    exchange.peer = peer
    exchange.proxy = by
    holdRequest(connection, exchange, new ForwardedRequest(peer, connection, exchange, proxy, forwarding))
    const waiting = peer.settle()
    if (waiting === undefined) serve(exchange)
    else waiting.then(() => serve(exchange)).catch(error => failed(exchange, error))
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
}

const storeUnavailable = {
  code: 'store_unavailable',
  detail: 'The database with the users does not answer.',
} as const

/** Seconds: a server that was restarted is back by then. */
const retryAfter = '2'

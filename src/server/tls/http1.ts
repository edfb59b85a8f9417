import { type IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { BodilessRequest } from '../http/bodiless-request.ts'
import type { Http1Response, Upgrade } from '../http/exchange.ts'
import { problemOf } from '../http/problem.ts'
import { nextRequestId } from '../http/request-id.ts'
import { answerRaw, parserProblem } from './answer-raw.ts'
import { bodilessRequests } from './bodiless-requests.ts'
import { answering, type Connection, connectionOf, type WithConnection } from './connection.ts'
import type { ListenerLimits } from './options.ts'

/** Takes one request; both HTTP versions end here. */
export type TakeRequest = (
  connection: Connection,
  request: IncomingMessage | BodilessRequest,
  response: Http1Response,
  upgrade?: Upgrade,
) => void

export interface Http1 {
  /** listens; its 'connection' is ours to handle */
  readonly server: Server
  /** hands over a connection whose handshake is done */
  take(connection: Connection): void
}

/**
 * Node's own HTTP/1.1 on sockets that we did the handshake on. It is the https server itself that listens: only a server that does
 * enforces headersTimeout and requestTimeout (their clock is wound up by 'listening').
 */
export function createHttp1(limits: ListenerLimits, takeRequest: TakeRequest): Http1 {
  const server = createHttpsServer(limits, {
    // A request that has no body is no stream either: `hasBody` tells, and nobody waits for its end.
    optimizeEmptyRequests: true,
    shouldUpgradeCallback: (request: IncomingMessage) =>
      request.method === 'GET' && request.headers.upgrade?.toLowerCase() === 'websocket',
  })
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    takeRequest((request.socket as WithConnection)[connectionOf]!, request, response)
  })
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    // A body that is refused for its declared size is not asked for first.
    if (Number(request.headers['content-length'] ?? 0) <= limits.maxBodyBytes) response.writeContinue()
    takeRequest((request.socket as WithConnection)[connectionOf]!, request, response)
  })
  server.on('checkExpectation', (_request: IncomingMessage, response: ServerResponse) => {
    const detail = 'Only 100-continue can be expected here.'
    const problem = problemOf({ code: 'expectation_failed', detail }, nextRequestId())
    response.shouldKeepAlive = false
    response.writeHead(problem.status, ['Content-Type', 'application/problem+json; charset=utf-8'])
    response.end(JSON.stringify(problem))
  })
  server.on('connect', (_request: IncomingMessage, socket: Duplex) => {
    answerRaw(socket, { code: 'method_not_allowed', detail: 'This server is no proxy: CONNECT is not taken.' })
  })
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const connection = (socket as WithConnection)[connectionOf]
    // An upgrade that comes with a body leaves us no plain socket, and no browser sends one.
    if (connection === undefined) {
      return answerRaw(socket, { code: 'bad_request', detail: 'A request for an upgrade has no body.' })
    }
    takeUpgrade(connection, request, socket as Socket, head, takeRequest)
  })
  server.on('clientError', tellClientError)
  const watchBodiless = bodilessRequests(server, takeRequest)
  return {
    server,
    take(connection) {
      server.emit('secureConnection', connection.socket)
      watchBodiless?.(connection)
    },
  }
}

/** Node's server with our limits. It takes no connections by itself. */
export function createHttpsServer(limits: ListenerLimits, options: object = {}): Server {
  const server = createServer({
    noDelay: true,
    httpValidation: 'strict',
    maxHeaderSize: limits.maxHeaderBytes,
    headersTimeout: limits.headersTimeout,
    requestTimeout: limits.requestTimeout,
    keepAliveTimeout: limits.keepAliveTimeout,
    connectionsCheckingInterval: Math.min(5_000, Math.ceil(limits.headersTimeout / 4)),
    // Told by a problem document, in open-exchange.ts.
    requireHostHeader: false,
    ...options,
  } as Parameters<typeof createServer>[0])
  server.removeAllListeners('connection')
  server.maxConnections = limits.maxConnections
  // Node drops fields beyond this number without a word; they are counted and refused in headers.ts instead.
  server.maxHeadersCount = 0
  return server
}

/** A request for another protocol becomes one that can be answered as always, until somebody accepts it. */
export function takeUpgrade(
  connection: Connection,
  request: IncomingMessage,
  socket: Socket,
  head: Buffer,
  takeRequest: TakeRequest,
): void {
  connection.upgraded = true
  socket.setTimeout(0)
  const response = new ServerResponse(request)
  response.shouldKeepAlive = false
  response.assignSocket(socket)
  response.once('finish', () => socket.end())
  const accept = () => {
    response.detachSocket(socket)
    return { socket, head }
  }
  takeRequest(connection, request, response, { protocol: request.headers.upgrade ?? '', accept })
}

export function tellClientError(error: Error & { code?: string }, socket: Duplex): void {
  const connection = (socket as WithConnection)[connectionOf]
  // An answer to somebody's earlier request must not be cut in two by ours.
  if (connection === undefined || answering(socket)) socket.destroy()
  else answerRaw(socket, parserProblem(error))
}

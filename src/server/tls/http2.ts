import { createServer, type Http2ServerRequest, type Http2ServerResponse, type ServerHttp2Session } from 'node:http2'
import { type Connection, connectionOf, type WithConnection } from './connection.ts'
import type { ListenerLimits } from './options.ts'

export type TakeHttp2Request = (
  connection: Connection,
  request: Http2ServerRequest,
  response: Http2ServerResponse,
) => void

export interface Http2 {
  /** hands over a connection whose handshake is done, and that chose `h2` */
  take(connection: Connection): void
}

/** Node's HTTP/2 on sockets that we did the handshake on. It never listens: sessions are bounded and timed here. */
export function createHttp2(limits: ListenerLimits, takeRequest: TakeHttp2Request): Http2 {
  const server = createServer({
    settings: {
      maxConcurrentStreams: limits.maxStreams,
      maxHeaderListSize: limits.maxHeaderBytes,
      enableConnectProtocol: false,
    },
    maxHeaderListPairs: limits.maxHeaderFields,
    streamResetBurst: limits.streamResets.burst,
    streamResetRate: limits.streamResets.perSecond,
    maxSessionInvalidFrames: 100,
    maxSessionRejectedStreams: 100,
    maxSettings: 32,
  } as Parameters<typeof createServer>[0])
  let arriving: Connection | undefined

  server.on('session', session => {
    const connection = arriving
    if (connection === undefined) return session.destroy()
    ;(session as WithConnection)[connectionOf] = connection
    connection.session = session
    // Two clocks in one: a session at rest may rest so long, one with open streams may stall so long.
    session.setTimeout(limits.headersTimeout, () => {
      if (connection.streams === 0 && !session.closed) session.close()
      else session.destroy()
    })
  })
  // A session that fails takes its connection along; nothing else is to be done about it.
  server.on('sessionError', () => {})
  server.on('request', (request, response) => {
    const session = request.stream.session as (ServerHttp2Session & WithConnection) | undefined
    const connection = session?.[connectionOf]
    if (session === undefined || connection === undefined) return request.stream.close()
    connection.streams += 1
    if (connection.streams === 1) session.setTimeout(limits.stallTimeout)
    response.once('close', () => {
      connection.streams -= 1
      if (connection.streams === 0 && !session.destroyed) session.setTimeout(limits.keepAliveTimeout)
    })
    if (!request.stream.endAfterHeaders) boundArrival(request, limits.requestTimeout)
    takeRequest(connection, request, response)
    if (connection.served === limits.maxRequestsPerConnection) session.close()
  })
  return {
    take(connection) {
      arriving = connection
      server.emit('connection', connection.socket)
      arriving = undefined
    },
  }
}

/** HTTP/1.1 has Node's requestTimeout for this; a body that trickles in over HTTP/2 has nobody else to mind it. */
function boundArrival(request: Http2ServerRequest, milliseconds: number): void {
  const timer = setTimeout(() => request.stream.close(), milliseconds).unref()
  request.once('end', () => clearTimeout(timer)).once('close', () => clearTimeout(timer))
}

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Server } from 'node:https'
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { Exchange } from '../http/exchange.ts'
import { answerRaw } from './answer-raw.ts'
import { type Connection, connectionOf, type WithConnection } from './connection.ts'
import { type TakeRequest, takeUpgrade } from './http1.ts'

export interface InterposeSource {
  readonly server: Server
  /** gets every request before the handlers of the server do */
  readonly takeRequest: TakeRequest
  /** gets every finished handshake before the server does; left out, nobody but us makes connections of it */
  readonly takeSocket?: (socket: TLSSocket) => void
  /** what the parser gave up on, when no handler of the server wants to know */
  readonly clientError?: (error: Error, socket: Socket) => void
}

export interface Interposed {
  /** Gives a connection that may stay to the HTTP server. */
  give(connection: Connection): void
  /** Gives a request to the handlers of the server that it was meant for; does nothing when nobody waits for an answer any more. */
  pass(exchange: Exchange): void
}

/**
 * Stands between a server and its handlers, which are somebody else's. Node tells a server of a request by `emit`, so that is what is
 * taken over: a handler that is added later, or by a library that nobody here knows, gets no request either that was not let through.
 */
export function interpose({ server, takeRequest, takeSocket, clientError }: InterposeSource): Interposed {
  const emit = server.emit as (this: Server, event: string | symbol, ...args: unknown[]) => boolean
  const meant = new WeakMap<object, string>()

  function take(event: string, request: IncomingMessage, rest: unknown[]): void {
    const connection = (request.socket as WithConnection)[connectionOf]
    if (connection === undefined) return void request.socket.destroy()
    meant.set(request, event)
    if (event !== 'upgrade' && event !== 'connect') takeRequest(connection, request, rest[0] as ServerResponse)
    // One that comes with a body leaves no plain socket, and no browser sends one.
    else if ((rest[0] as WithConnection)[connectionOf] === undefined) answerRaw(rest[0] as Socket, bodyOnUpgrade)
    else takeUpgrade(connection, request, rest[0] as Socket, rest[1] as Buffer, takeRequest)
  }

  server.emit = (event: string | symbol, ...args: unknown[]): boolean => {
    if (typeof event === 'string' && requestEvents.has(event)) take(event, args[0] as IncomingMessage, args.slice(1))
    else if (event === 'secureConnection' && takeSocket !== undefined) takeSocket(args[0] as TLSSocket)
    else if (event === 'clientError' && clientError !== undefined && server.listenerCount(event) === 0)
      clientError(args[0] as Error, args[1] as Socket)
    else return emit.call(server, event, ...args)
    return true
  }

  return {
    give: ({ socket }) => void emit.call(server, 'secureConnection', socket),
    pass({ request, response, upgrade }) {
      const gone = 'stream' in request ? request.stream.destroyed : request.socket.destroyed
      if (gone) return
      const event = meant.get(request) ?? 'request'
      if (upgrade === undefined) return void emit.call(server, event, request, response)
      const { socket, head } = upgrade.accept()
      emit.call(server, event, request, socket, head)
    },
  }
}

/** Everything by which Node hands a server a request. */
const requestEvents: ReadonlySet<string> = new Set([
  'request',
  'checkContinue',
  'checkExpectation',
  'upgrade',
  'connect',
])

const bodyOnUpgrade = { code: 'bad_request', detail: 'A request for an upgrade has no body.' } as const

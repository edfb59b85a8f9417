import type { Server, Socket } from 'node:net'
import { TLSSocket, type TLSSocketOptions } from 'node:tls'
import type { Trust } from '../../identity/trust/trust.ts'
import type { Events } from '../../telemetry/events/events.ts'
import { Roster } from '../http/roster.ts'
import { Connection, connectionOf, type Remote, type WithConnection } from './connection.ts'
import type { ListenerOptions } from './options.ts'
import type { SecureContexts } from './secure-contexts.ts'

export interface AcceptSource {
  readonly options: Pick<ListenerOptions, 'name' | 'http' | 'limits'>
  readonly server: Server
  readonly trust: Trust
  readonly events: Pick<Events, 'handshakeFailed'>
  contexts(): SecureContexts
  /** of the next handshake: a reload may change it */
  clientAuth(): ListenerOptions['clientAuth']
  onConnection(connection: Connection, handshakeMs: number): void
  /** however a connection ended; undefined: it never got through its handshake */
  onClosed(address: string, connection: Connection | undefined): void
}

export interface Acceptor {
  /** Begins the handshake on a connection that was just accepted. */
  accept(raw: Socket, remote: Remote): void
  /** Ends handshakes that take longer than they may. */
  dropStalled(): void
  /** Ends every handshake that is going on. */
  dropAll(): void
}

/**
 * The server's side of the TLS handshake. Ours and not `tls.Server`'s for the sake of `need`: there, "a certificate must come" and
 * "OpenSSL must like it" are one switch. Here OpenSSL insists that some certificate comes, and tells a client without one so by the
 * proper alert (certificate_required); which one is good enough is for trust to say. `authorized` is looked at nowhere.
 */
export function createAcceptor(source: AcceptSource): Acceptor {
  const { options, server, trust, events } = source
  const pending = new Roster<{ readonly socket: TLSSocket; readonly start: number }>()
  const alpn = alpnOf(options.http)

  function accept(raw: Socket, remote: Remote): void {
    const { fallback, choose, handshakeDone } = source.contexts()
    const clientAuth = source.clientAuth()
    const socket = new TLSSocket(raw, {
      isServer: true,
      server,
      secureContext: fallback,
      requestCert: clientAuth !== 'none',
      rejectUnauthorized: clientAuth === 'need',
      ALPNProtocols: alpn as unknown as NonNullable<TLSSocketOptions['ALPNProtocols']>,
      ...(choose === undefined ? {} : { SNICallback: choose as NonNullable<TLSSocketOptions['SNICallback']> }),
    })
    const start = performance.now()
    let failure = clientWentAway
    const seat = pending.add({ socket, start })
    socket.on('error', error => {
      failure = reasonOf(error)
    })
    socket.on('secure', () => {
      pending.delete(seat)
      releaseControl(socket)
      const connection = new Connection(options.name, socket, remote, trust)
      handshakeDone?.(connection)
      ;(socket as WithConnection)[connectionOf] = connection
      source.onConnection(connection, performance.now() - start)
    })
    socket.on('close', () => {
      const connection = (socket as WithConnection)[connectionOf]
      source.onClosed(remote.address, connection)
      if (connection !== undefined) return
      pending.delete(seat)
      events.handshakeFailed({ listener: options.name, remoteAddress: remote.address, reason: failure })
    })
  }

  function dropStalled(): void {
    const oldest = performance.now() - options.limits.handshakeTimeout
    for (const { socket, start } of pending)
      if (start <= oldest) socket.destroy(new Error('the handshake took too long'))
  }

  return {
    accept,
    dropStalled,
    dropAll() {
      for (const { socket } of pending) socket.destroy(new Error('the server is stopping'))
    },
  }
}

/** What is told of a handshake whose other side ended it without a word. */
export const clientWentAway = 'the client went away'

/** Node's own server calls this when the handshake is done: from here on, errors of the connection are told as 'error'. */
function releaseControl(socket: TLSSocket): void {
  const own = socket as TLSSocket & { _releaseControl(): boolean; secureConnecting: boolean }
  own._releaseControl()
  own.secureConnecting = false
}

/** RFC 7301 section 3.1: names with a length in front, which saves converting a list for each connection. */
function alpnOf(protocols: readonly string[]): Buffer {
  return Buffer.concat(protocols.flatMap(name => [Buffer.from([name.length]), Buffer.from(name, 'latin1')]))
}

/** OpenSSL's own words where there are some: `peer did not return a certificate`, `tlsv1 alert unknown ca`, … */
function reasonOf(error: Error & { reason?: unknown; code?: unknown }): string {
  if (typeof error.reason === 'string') return explained.get(error.reason) ?? error.reason
  return error.code === 'ECONNRESET' ? clientWentAway : error.message
}

/** Where OpenSSL's words alone would not help whoever reads the log at night. */
const explained = new Map([
  [
    'wrong version number',
    'wrong version number: what came first is no TLS. A balancer that sends a PROXY header from there has to stand in proxyProtocol.from',
  ],
])

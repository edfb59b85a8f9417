import type { ServerHttp2Session } from 'node:http2'
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { Trust } from '../../identity/trust/trust.ts'
import type { Peer } from '../http/exchange.ts'
import { JudgedPeer } from '../http/judged-peer.ts'
import type { Roster, Seat } from '../http/roster.ts'
import type { Held } from './connections.ts'
import { peerLeaf } from './peer-leaf.ts'

/** One connection after its handshake, where there is one: what the peer presented, and what trust says of it. */
export class Connection extends JudgedPeer implements Peer, Held {
  readonly listener: string
  readonly remoteAddress: string
  readonly remotePort: number
  readonly proxySocket: string | undefined
  readonly protocol: string
  readonly resumed: boolean
  readonly socket: Socket
  /** the same, where it is TLS; undefined on the Unix socket of a proxy */
  readonly tls: TLSSocket | undefined
  session: ServerHttp2Session | undefined = undefined
  /** requests that were taken */
  served = 0
  /** requests that are not answered yet; counted for HTTP/2 only, Node does it for HTTP/1.1 */
  streams = 0
  /** the connection speaks another protocol by now */
  upgraded = false
  /** it is being ended: an HTTP/2 client has a moment to read why */
  dropped = false
  /** the round of looks at all connections in which this one was looked at last */
  round = 0
  /** it was opened under a `clientAuth` that no longer holds: the answer to its next request is its last */
  outdated = false
  /** requests under way that a proxy handed on: each is of a client of its own */
  forwarded: Roster<Held> | undefined = undefined
  /** among the open connections of its listener */
  seat: Seat<Connection> | undefined = undefined
  /** bytes in both directions when they were last looked at, and since when they have been as many */
  #bytes = 0
  #since = 0

  /** The certificate is read from the socket here and never again. */
  constructor(listener: string, socket: Socket, remote: Remote, trust: Trust) {
    const tls = socket instanceof TLSSocket ? socket : undefined
    super((tls && peerLeaf(tls)) ?? nothing, trust)
    this.listener = listener
    this.remoteAddress = remote.address
    this.remotePort = remote.port
    this.proxySocket = remote.proxySocket
    this.protocol = tls?.getProtocol() ?? ''
    this.resumed = tls?.isSessionReused() ?? false
    this.socket = socket
    this.tls = tls
  }

  /** Of a resumed session OpenSSL keeps the leaf alone. */
  rest(): readonly Uint8Array[] | undefined {
    if (this.resumed) return undefined
    const chain: Uint8Array[] = []
    let issuer = this.tls?.getPeerX509Certificate()?.issuerCertificate
    while (issuer !== undefined && chain.length < longestChain) {
      chain.push(issuer.raw)
      issuer = issuer.issuerCertificate
    }
    return chain
  }

  get peer(): this {
    return this
  }

  get over(): boolean {
    return this.dropped || this.socket.destroyed
  }

  protected get gone(): boolean {
    return this.socket.destroyed
  }

  /** Milliseconds since the first of the looks at it that found no byte more than the look before. */
  quietFor(now: number): number {
    const bytes = this.socket.bytesRead + this.socket.bytesWritten
    if (bytes !== this.#bytes) {
      this.#bytes = bytes
      this.#since = now
    }
    return now - this.#since
  }

  /** Something goes on over it that was let through: a request that is not answered yet, or another protocol. */
  get busy(): boolean {
    return this.upgraded || this.streams > 0 || answering(this.socket)
  }

  /** Ends the connection now, requests in flight included; HTTP/2 clients are told so first. */
  drop(): void {
    const { session, socket } = this
    this.dropped = true
    if (session !== undefined && !session.destroyed) session.goaway()
    else return void socket.destroy()
    // Whoever does not read what it is told is cut off.
    setTimeout(() => socket.destroy(), farewellMs).unref()
  }

  /** Ends an HTTP/2 connection when its requests in flight are answered, and one of HTTP/1.1 that never had any. */
  retire(): void {
    if (this.session !== undefined) this.session.close()
    else if (this.served === 0) this.socket.destroySoon()
  }
}

/** HTTP/1.1: whether an answer is under way, as Node's own handling of a parser error looks at it. */
export function answering(socket: object): boolean {
  return (socket as { _httpMessage?: unknown })._httpMessage != null
}

export interface Remote {
  readonly address: string
  readonly port: number
  /** path of the Unix socket of a proxy */
  readonly proxySocket?: string
}

/** Where the HTTP servers find the connection of a socket or session. A symbol: a WeakMap would cost every request more. */
export const connectionOf = Symbol('connection')

export interface WithConnection {
  [connectionOf]?: Connection
}

const nothing = new Uint8Array(0)
const longestChain = 64
const farewellMs = 100

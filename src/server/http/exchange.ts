import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeader, OutgoingHttpHeaders } from 'node:http'
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2'
import type { Duplex } from 'node:stream'
import type { Judgement } from '../../identity/trust/trust.ts'
import type { BodilessRequest } from './bodiless-request.ts'
import type { Problem } from './problem.ts'

/** What is known about who sent a request. One object per connection, or client of a proxy: fit as a WeakMap's key. */
export interface Peer {
  readonly listener: string
  readonly remoteAddress: string
  readonly remotePort: number
  /** the Unix socket of a proxy that it came in by; undefined: it came by TLS */
  readonly proxySocket?: string | undefined
  /** DER, leaf first; empty when no certificate was presented. Only the leaf when the TLS session was resumed */
  readonly chain: readonly Uint8Array[]
  /** TLSv1.3 or TLSv1.2 */
  readonly protocol: string
  readonly resumed: boolean
  /** judged again whenever the trust epoch has moved on or the verdict has run out; undefined without a certificate */
  judgement(): Judgement | undefined
}

/** A proxy in front, for one request. */
export interface ProxiedBy {
  /** as the configuration calls it */
  readonly name: string
  /** whether a field of this request (lower-case name) is the proxy's word: one that it did not sign is anybody's */
  believes(field: string): boolean
  /** how it asks about requests that it holds back meanwhile; undefined: it may not ask */
  readonly forwardAuth: ForwardAuth | undefined
  /** The client that a message of the proxy tells of. A string: why nobody can say who it is. Left out where fields of the request tell it. */
  clientOf?(told: ToldClient): Peer | string | Promise<Peer>
}

export interface ToldClient {
  /** percent-encoded PEM; undefined or empty: it presented none */
  readonly certificate: string | undefined
  readonly address: string | undefined
  /** its Authorization header */
  readonly credential: string | undefined
}

/** How one proxy asks, and what it makes of an answer. */
export interface ForwardAuth {
  /** http: at /auth/check. grpc: by envoy.service.auth.v3 */
  readonly channel: 'http' | 'grpc'
  /** What it asks about. A string: why nobody can say. */
  original(asking: Pick<Exchange, 'method' | 'path' | 'headers'>, by: ProxiedBy): OriginalRequest | string
  /** lower-case names of the fields that tell it, and the certificate of the client */
  readonly fields: readonly string[]
  /** 401-403: to this proxy every other refusal is an error */
  readonly statuses: 'any' | '401-403'
  /** it takes fields off the request that the answer names (Envoy) */
  readonly removesFields: boolean
  /** seconds that it may keep a yes */
  readonly cacheSeconds: number
}

export interface OriginalRequest {
  readonly method: string
  /** decoded once, no query, as Exchange has it */
  readonly path: string
  readonly host: string | undefined
}

/** One request and its answer, HTTP/1.1 or HTTP/2. */
export interface Exchange {
  readonly requestId: string
  /** whose request it is: the other end of the connection, or the client of the proxy there */
  readonly peer: Peer
  /** the proxy that handed it on, and proved itself; undefined: none, and nothing that only a proxy may say is to be believed */
  readonly proxy: ProxiedBy | undefined
  readonly method: string
  /** decoded once, dot segments refused, no query */
  readonly path: string
  /** without the question mark, empty when absent */
  readonly query: string
  /** lower-case names; a field that came more than once and is not a list by its standard is an array, never joined */
  readonly headers: IncomingHttpHeaders
  readonly request: IncomingMessage | BodilessRequest | Http2ServerRequest
  readonly response: Http1Response | Http2ServerResponse
  /** what the limit of the listener leaves of the body, in bytes */
  readonly maxBodyBytes: number
  /** the client asks to go on in another protocol (HTTP/1.1 only); whoever does not care answers as always */
  readonly upgrade: Upgrade | undefined
  /** a problem as a page for people */
  readonly problemPage: ((problem: Problem) => string) | undefined
}

/** What every answer of HTTP/1.1 has of Node's ServerResponse. */
export interface Http1Response {
  readonly headersSent: boolean
  /** false: the connection ends with this answer */
  shouldKeepAlive: boolean
  writeHead(status: number, fields?: OutgoingHttpHeaders | OutgoingHttpHeader[]): unknown
  /** Whether the client takes more now; 'drain' tells when it does. */
  write(chunk: string | Uint8Array): boolean
  end(): unknown
  end(chunk: string | Uint8Array): unknown
  end(chunk: string | Uint8Array, encoding: BufferEncoding): unknown
  writeEarlyHints(hints: Record<string, string | string[]>): void
  addTrailers(trailers: OutgoingHttpHeaders): void
  /** Ends the connection in the middle of the answer. */
  destroy(error?: Error): unknown
  on(event: 'drain' | 'finish' | 'close', listener: () => void): unknown
  once(event: 'drain' | 'finish' | 'close', listener: () => void): unknown
  off(event: 'drain' | 'finish' | 'close', listener: () => void): unknown
}

export interface Upgrade {
  /** as the client spelled it: `websocket` */
  readonly protocol: string
  /** Takes the connection over; `response` is void from then on. `head` is what came after the request's header section. */
  accept(): { readonly socket: Duplex; readonly head: Buffer }
}

/** An answer as a value, for endpoints that need no streaming. */
export interface Answer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string | readonly string[]>>
  readonly body?: string | Buffer
}

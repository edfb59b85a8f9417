import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2'
import type { Judgement } from '../../identity/trust/trust.ts'

/** What the listener knows about a connection, read once when the handshake ends. */
export interface Peer {
  readonly listener: string
  readonly remoteAddress: string
  readonly remotePort: number
  /** DER, leaf first; empty when no certificate was presented */
  readonly chain: readonly Uint8Array[]
  /** TLSv1.3 or TLSv1.2 */
  readonly protocol: string
  readonly resumed: boolean
  /** judged again whenever the trust epoch has moved on; undefined without a certificate */
  judgement(): Judgement | undefined
}

/** One request and its answer, HTTP/1.1 or HTTP/2. */
export interface Exchange {
  readonly requestId: string
  readonly peer: Peer
  readonly method: string
  /** decoded once, dot segments refused, no query */
  readonly path: string
  /** without the question mark, empty when absent */
  readonly query: string
  readonly headers: IncomingHttpHeaders
  readonly request: IncomingMessage | Http2ServerRequest
  readonly response: ServerResponse | Http2ServerResponse
}

/** An answer as a value, for endpoints that need no streaming. */
export interface Answer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string | readonly string[]>>
  readonly body?: string | Buffer
}

import type { ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Dispatcher } from 'undici'
import type { Exchange, Http1Response } from '../../server/http/exchange.ts'
import { drainRequest } from './drain-request.ts'
import { type BodyFault, RequestBodyError } from './request-body.ts'
import { cleanResponseHeaders, cleanTrailers, type ResponseHeaders } from './response-headers.ts'
import { type UpstreamFailure, upstreamFailure } from './upstream-failure.ts'

export type RelayOutcome =
  /** the answer is out, whole */
  | { readonly kind: 'answered'; readonly status: number }
  /** nothing was sent to the client yet: somebody has to say why */
  | { readonly kind: 'failed'; readonly failure: UpstreamFailure }
  | { readonly kind: 'faulty'; readonly fault: Exclude<BodyFault, 'client_gone'> }
  /** the answer broke off after it had begun, and the client can tell */
  | { readonly kind: 'broken'; readonly failure: UpstreamFailure }
  | { readonly kind: 'gone' }
  /** the upstream goes on in another protocol */
  | { readonly kind: 'switched'; readonly switched: Switched }

/** What an upstream says when it takes an upgrade. */
export interface Switched {
  readonly headers: ResponseHeaders
  readonly socket: Duplex
}

export interface RelayLimits {
  /** milliseconds that a request may wait for a free connection */
  readonly queue: number
  /** milliseconds that a client may leave us sitting on a part of the answer */
  readonly stall: number
}

/** Carries one answer from the upstream to the client, at the pace of the slower of the two. Settles exactly once. */
export class Relay implements Dispatcher.DispatchHandler {
  readonly #exchange: Exchange
  readonly #response: Http1Response
  readonly #limits: RelayLimits
  readonly #settle: (outcome: RelayOutcome) => void
  #controller: Dispatcher.DispatchController | undefined
  #timer: NodeJS.Timeout | undefined
  #status = 0
  #whole: Buffer | undefined
  #length = -1
  #settled = false

  constructor(exchange: Exchange, limits: RelayLimits, settle: (outcome: RelayOutcome) => void) {
    this.#exchange = exchange
    // Both kinds of response take the same arguments here; a union of overloads does not say so.
    this.#response = exchange.response as Http1Response
    this.#limits = limits
    this.#settle = settle
    this.#timer = setTimeout(this.#onQueueTimeout, limits.queue)
    this.#response.on('close', this.#onClientClose)
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    clearTimeout(this.#timer)
    this.#controller = controller
    if (this.#settled) controller.abort(new Error('nobody waits for this answer any more'))
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Readonly<Record<string, string | string[] | undefined>>,
  ): void {
    if (this.#settled) return
    const kept = cleanResponseHeaders(headers)
    if (status < 200) {
      if (status === 103 && kept.link !== undefined) this.#response.writeEarlyHints({ link: kept.link })
      return
    }
    const length = kept['content-length']
    this.#length = typeof length === 'string' ? Number(length) : -1
    this.#response.writeHead(status, kept)
    this.#status = status
    // An answer without a length may be a stream of events: its header must not wait for the first of them.
    const bodiless = status === 204 || status === 304 || this.#exchange.method === 'HEAD'
    if (this.#length === -1 && !bodiless) this.#sendHeader()
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#settled) return
    // A body that came in one piece is sent together with its end.
    if (chunk.length === this.#length && this.#whole === undefined) {
      this.#whole = chunk
      return
    }
    if (this.#response.write(chunk)) return
    controller.pause()
    this.#timer = setTimeout(this.#onStall, this.#limits.stall)
    this.#response.once('drain', this.#onDrain)
  }

  onResponseEnd(
    _controller: Dispatcher.DispatchController,
    trailers: Readonly<Record<string, string | string[]>>,
  ): void {
    if (this.#settled) return
    const kept = this.#wantsTrailers() ? cleanTrailers(trailers) : {}
    if (Object.keys(kept).length > 0) this.#response.addTrailers(kept)
    if (this.#whole === undefined) this.#response.end()
    else this.#response.end(this.#whole)
    drainRequest(this.#exchange)
    this.#finish({ kind: 'answered', status: this.#status })
  }

  onRequestUpgrade(
    _controller: Dispatcher.DispatchController,
    _status: number,
    headers: Readonly<Record<string, string | string[] | undefined>>,
    socket: Duplex,
  ): void {
    if (this.#settled) return void socket.destroy()
    this.#finish({ kind: 'switched', switched: { headers: cleanResponseHeaders(headers), socket } })
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (this.#settled) return
    if (this.#status === 0) {
      this.#finish(failedBeforeAnswer(error))
      return
    }
    // The header is out: only a connection that ends in the middle tells the client that this was not all.
    this.#finish({ kind: 'broken', failure: upstreamFailure(error) })
    this.#response.destroy(error)
  }

  /** Ends it in the middle: the route is no more, or not for this client. */
  destroy(): void {
    this.#abort(new Error('the route is gone'))
    this.#response.destroy()
  }

  /** RFC 9110 section 6.5.1: trailers go to whoever said that it takes them; HTTP/2 always does. */
  #wantsTrailers(): boolean {
    const { request, headers } = this.#exchange
    return request.httpVersionMajor >= 2 || /(?:^|,)\s*trailers\s*(?:,|;|$)/i.test(String(headers.te ?? ''))
  }

  /** On HTTP/1.1 flushHeaders() would send octets beyond ASCII as UTF-8: Node writes a header by itself as text. */
  #sendHeader(): void {
    if (this.#exchange.request.httpVersionMajor === 1) this.#response.write(nothing)
    // Its types leave out that it has it.
    else (this.#exchange.response as unknown as ServerResponse).flushHeaders()
  }

  #finish(outcome: RelayOutcome): void {
    this.#settled = true
    clearTimeout(this.#timer)
    this.#response.off('close', this.#onClientClose)
    this.#settle(outcome)
  }

  readonly #onDrain = (): void => {
    clearTimeout(this.#timer)
    this.#controller?.resume()
  }

  readonly #onStall = (): void => {
    this.#abort(new Error('the client took nothing for too long'))
    this.#response.destroy()
  }

  readonly #onClientClose = (): void => this.#abort(new Error('the client went away'))

  readonly #onQueueTimeout = (): void => {
    const reason = `no connection was free or made within ${this.#limits.queue} ms`
    this.#finish({ kind: 'failed', failure: { code: 'upstream_timeout', reason, retry: 'no' } })
  }

  #abort(reason: Error): void {
    if (this.#settled) return
    this.#finish({ kind: 'gone' })
    this.#controller?.abort(reason)
  }
}

const nothing = Buffer.alloc(0)

function failedBeforeAnswer(error: Error): RelayOutcome {
  if (!(error instanceof RequestBodyError)) return { kind: 'failed', failure: upstreamFailure(error) }
  return error.fault === 'client_gone' ? { kind: 'gone' } : { kind: 'faulty', fault: error.fault }
}

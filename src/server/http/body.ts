import type { IncomingMessage } from 'node:http'
import type { Http2ServerRequest } from 'node:http2'
import { CodedError } from '../../errors.ts'
import { BodilessRequest } from './bodiless-request.ts'
import type { Exchange } from './exchange.ts'
import { sendProblem } from './problem.ts'

/** One whose body is a stream. */
export interface WithBody {
  readonly request: IncomingMessage | Http2ServerRequest
}

/** Whether the request has a body at all (RFC 9112 section 6.3; on HTTP/2 the stream says so). */
export function hasBody<E extends Pick<Exchange, 'request'>>(exchange: E): exchange is E & WithBody {
  const { request } = exchange
  if ('stream' in request) return !request.stream.endAfterHeaders
  if (request instanceof BodilessRequest) return false
  const { headers } = request
  return headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0'
}

/**
 * The whole body. undefined: there was more than `limit` bytes (default: the listener's), the answer (413) has been sent. Throws
 * ERR_REQUEST_ABORTED when the client goes away before the end.
 */
export async function readBody(exchange: Exchange, limit = exchange.maxBodyBytes): Promise<Buffer | undefined> {
  const body = await bodyOf(exchange, limit)
  if (body === undefined) sendTooLarge(exchange, limit)
  return body
}

/** The same for those who tell it in their own way: undefined, and nothing has been sent. */
export async function bodyOf(exchange: Exchange, limit: number): Promise<Buffer | undefined> {
  // Without one, no 'end' will ever be told.
  return hasBody(exchange) ? collect(exchange.request, limit) : Buffer.alloc(0)
}

// By events: leaving a `for await` loop would destroy the request, and with it the connection that the 413 has to go out on.
function collect(request: WithBody['request'], limit: number): Promise<Buffer | undefined> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    const onData = (chunk: Buffer) => {
      size += chunk.length
      if (size <= limit) return void chunks.push(chunk)
      request.off('data', onData)
      resolve(undefined)
    }
    const onGone = (cause?: unknown) => reject(aborted(cause))
    request.on('data', onData)
    request.once('end', () => resolve(Buffer.concat(chunks, size)))
    request.once('error', onGone)
    request.once('close', onGone)
  })
}

/** 413, and the connection ends: what is left of the body is not read. */
export function sendTooLarge(exchange: Exchange, limit: number): void {
  if ('shouldKeepAlive' in exchange.response) exchange.response.shouldKeepAlive = false
  sendProblem(exchange, { code: 'payload_too_large', detail: `At most ${limit} bytes are taken here.` })
}

const aborted = (cause: unknown): CodedError =>
  new CodedError('ERR_REQUEST_ABORTED', 'the client went away before the end of its request', { cause })

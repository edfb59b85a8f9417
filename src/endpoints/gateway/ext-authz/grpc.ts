import type { Http2ServerResponse } from 'node:http2'
import { bodyOf } from '../../../server/http/body.ts'
import type { Exchange } from '../../../server/http/exchange.ts'

/** Status codes of gRPC, those that are answered here. */
export const grpcStatus = {
  invalidArgument: 3,
  deadlineExceeded: 4,
  permissionDenied: 7,
  resourceExhausted: 8,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
} as const

export interface GrpcFailure {
  readonly status: (typeof grpcStatus)[keyof typeof grpcStatus]
  readonly message: string
}

/** Envoy sends the header of a request, and the beginning of its body where it is told to. */
const mostBytes = 256 * 1024

/** The one message of a unary call, out of its frame. Throws ERR_REQUEST_ABORTED. */
export async function readGrpcMessage(exchange: Exchange): Promise<Buffer | GrpcFailure> {
  const body = await bodyOf(exchange, mostBytes)
  if (body === undefined) {
    return { status: grpcStatus.resourceExhausted, message: `more than ${mostBytes} bytes are not taken` }
  }
  return unframe(body)
}

/** A byte that says whether it is compressed, four of length, the message. */
export function unframe(body: Buffer): Buffer | GrpcFailure {
  if (body.length < 5 || body.readUInt32BE(1) !== body.length - 5) {
    return { status: grpcStatus.invalidArgument, message: 'the body is not one whole message' }
  }
  if (body[0] !== 0) return { status: grpcStatus.unimplemented, message: 'no compression is understood here' }
  return body.subarray(5)
}

export function sendGrpcMessage({ response }: Exchange, message: Buffer): void {
  const answer = response as Http2ServerResponse
  if (isOver(answer)) return
  const frame = Buffer.alloc(5)
  frame.writeUInt32BE(message.length, 1)
  answer.writeHead(200, grpcFields)
  answer.addTrailers({ 'grpc-status': '0' })
  answer.end(Buffer.concat([frame, message]))
}

export function sendGrpcFailure({ response }: Exchange, { status, message }: GrpcFailure): void {
  const answer = response as Http2ServerResponse
  if (isOver(answer)) return
  answer.writeHead(200, grpcFields)
  answer.addTrailers({ 'grpc-status': String(status), 'grpc-message': percentEncoded(message) })
  answer.end()
}

/** The caller is gone, or has been told already that it took too long. */
function isOver({ stream, headersSent }: Http2ServerResponse): boolean {
  return headersSent || stream === undefined || stream.destroyed
}

const grpcFields = { 'content-type': 'application/grpc' }

/** RFC 3986 section 2.1 for whatever a field cannot hold, as gRPC wants it. */
const percentEncoded = (text: string): string => text.replace(/[^\x20-\x24\x26-\x7e]+/g, encodeURIComponent)

/** Milliseconds that the caller waits for an answer; undefined: it does not say. */
export function grpcTimeout(field: string | undefined): number | undefined {
  const [, count, unit] = /^(\d{1,8})([HMSmun])$/.exec(field ?? '') ?? []
  return unit === undefined ? undefined : Number(count) * units[unit as keyof typeof units]
}

const units = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 1e-3, n: 1e-6 } as const

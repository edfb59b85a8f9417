import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { type ProblemSource, problemOf } from '../http/problem.ts'
import { nextRequestId } from '../http/request-id.ts'

/** A problem document where there is no request to answer, because it could not be parsed. The connection ends with it. */
export function answerRaw(socket: Duplex, source: ProblemSource): void {
  if (!socket.writable) return void socket.destroy()
  const problem = problemOf(source, nextRequestId())
  const body = JSON.stringify(problem)
  socket.end(
    [
      `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}`,
      'Content-Type: application/problem+json; charset=utf-8',
      `Content-Length: ${Buffer.byteLength(body)}`,
      'X-Content-Type-Options: nosniff',
      'Cache-Control: no-store',
      'Connection: close',
      '',
      body,
    ].join('\r\n'),
  )
  // Whoever goes on sending instead of reading the answer is cut off.
  setTimeout(() => socket.destroy(), lingerMs).unref()
}

/** What Node's parser says of a request that it gave up on. */
export function parserProblem(error: Error & { code?: string }): ProblemSource {
  switch (error.code) {
    case 'HPE_HEADER_OVERFLOW':
      return { code: 'header_fields_too_large', detail: 'The header section is larger than is taken here.' }
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return { code: 'payload_too_large', detail: 'The chunk extensions of the body are larger than is taken here.' }
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return { code: 'request_timeout', detail: 'The request did not arrive in the time that it may take.' }
    default:
      return { code: 'bad_request', detail: 'The request is no HTTP/1.1.' }
  }
}

const lingerMs = 1000

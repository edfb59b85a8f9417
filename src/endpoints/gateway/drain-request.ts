import { constants } from 'node:http2'
import { hasBody } from '../../server/http/body.ts'
import type { Exchange } from '../../server/http/exchange.ts'

/**
 * After an answer that came before the end of the request: reads on for a little, so that a client which is still sending gets to
 * read the answer instead of a reset, and then ends the connection. Over HTTP/2 the client is asked to stop (RFC 9113 section 8.1).
 */
export function drainRequest({ request, response }: Exchange): void {
  if (request.complete || !hasBody({ request })) return
  if ('stream' in request) {
    const { stream } = request
    // The response itself says 'finish' only when the stream is closed, which is what this is about.
    stream.once('finish', () => stream.close(constants.NGHTTP2_NO_ERROR))
    return
  }
  let left = 256 * 1024
  const end = () => {
    clearTimeout(timer)
    request.off('data', count)
    if (!request.complete) request.destroy()
  }
  const count = (chunk: Buffer) => {
    left -= chunk.length
    if (left < 0) end()
  }
  const timer = setTimeout(end, 2000)
  timer.unref()
  response.once('finish', () => request.on('data', count).resume())
  request.once('end', () => clearTimeout(timer)).once('close', () => clearTimeout(timer))
}

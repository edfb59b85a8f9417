import type { Readable } from 'node:stream'
import type { Exchange } from '../../server/http/exchange.ts'

/**
 * After an answer that came before the end of the request: reads on for a little, so that a client which is still sending gets to
 * read the answer instead of a reset, and then ends the connection (HTTP/2: the stream).
 */
export function drainRequest({ request, response }: Exchange): void {
  if (request.complete) return
  const body = request as Readable
  let left = 256 * 1024
  const end = () => {
    clearTimeout(timer)
    body.off('data', count)
    if (!request.complete) body.destroy()
  }
  const count = (chunk: Buffer) => {
    left -= chunk.length
    if (left < 0) end()
  }
  const timer = setTimeout(end, 2000)
  timer.unref()
  response.once('finish', () => body.on('data', count).resume())
  body.once('end', () => clearTimeout(timer)).once('close', () => clearTimeout(timer))
}

import { bodyOf } from '../../../server/http/body.ts'
import type { Exchange } from '../../../server/http/exchange.ts'
import { badRequest, ScimFault } from '../scim-fault.ts'

/** The JSON of the body, of at most `limit` bytes. Throws ScimFault, and what bodyOf throws. */
export async function readJson(exchange: Exchange, limit: number): Promise<unknown> {
  checkMediaType(exchange)
  const most = Math.min(limit, exchange.maxBodyBytes)
  const body = await bodyOf(exchange, most)
  if (body === undefined) throw tooLarge(exchange, most)
  try {
    return JSON.parse(utf8.decode(body))
  } catch {
    throw badRequest('invalidSyntax', 'The body is no JSON in UTF-8.')
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** RFC 7644 section 8.1: `application/scim+json`, or JSON as it is; JSON is UTF-8 and nothing else (RFC 8259). */
function checkMediaType({ headers }: Exchange): void {
  const [type = '', ...parameters] = (headers['content-type'] ?? '').split(';').map(part => part.trim().toLowerCase())
  const charset = parameters
    .find(part => part.startsWith('charset='))
    ?.slice('charset='.length)
    .replaceAll('"', '')
  const fits = type === 'application/scim+json' || type === 'application/json'
  if (fits && (charset === undefined || charset === 'utf-8') && headers['content-encoding'] === undefined) return
  throw new ScimFault({
    code: 'unsupported_media_type',
    detail: 'Send application/scim+json or application/json, in UTF-8 and not compressed.',
  })
}

function tooLarge(exchange: Exchange, limit: number): ScimFault {
  // What is left of the body is not read.
  if ('shouldKeepAlive' in exchange.response) exchange.response.shouldKeepAlive = false
  return new ScimFault({ code: 'payload_too_large', detail: `At most ${limit} bytes are taken here.` })
}

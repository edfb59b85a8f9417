import type { IncomingHttpHeaders } from 'node:http'
import type { Exchange } from './exchange.ts'
import type { ProblemSource } from './problem.ts'

type Request = Exchange['request']

export interface HeaderLimits {
  readonly maxBodyBytes: number
  readonly maxHeaderFields: number
}

/**
 * The fields of a request, and what is wrong with them. Node joins or drops fields that come twice; here they are refused where
 * they steer (Host, Authorization, …), joined where the standard makes a list of them, and arrays otherwise.
 */
export function readHeaders(
  request: Request,
  limits: HeaderLimits,
): { headers: IncomingHttpHeaders; fault: ProblemSource | undefined } {
  const raw = request.rawHeaders
  let headers = request.headers
  let names = 0
  for (const _ in headers) names += 1
  if (raw.length > 2 * limits.maxHeaderFields)
    return { headers, fault: fault('header_fields_too_large', tooMany(limits)) }
  if (raw.length !== 2 * names) {
    const repeated = repeatedFields(raw)
    const single = repeated.keys().find(name => singleFields.has(name))
    if (single !== undefined)
      return { headers, fault: fault('bad_request', `The field ${single} came more than once.`) }
    headers = { ...headers, ...Object.fromEntries(repeated) }
  }
  return 'stream' in request ? readHttp2(headers, limits) : readHttp1(request, headers, limits)
}

type Read = ReturnType<typeof readHeaders>

function readHttp1(request: Request, headers: IncomingHttpHeaders, limits: HeaderLimits): Read {
  const { host } = headers
  const coding = headers['transfer-encoding']
  if (host === undefined) {
    // RFC 9112 section 3.2; HTTP/1.0 did not know the field.
    if (request.httpVersionMinor !== 0) return { headers, fault: fault('bad_request', 'The field Host is missing.') }
  } else if (!isAuthority(host)) {
    return { headers, fault: fault('bad_request', 'The field Host is malformed.') }
  }
  if (coding !== undefined) {
    // RFC 9112 section 6.1: a message of a version that knows no transfer codings was put together by somebody confused.
    if (request.httpVersionMinor === 0)
      return { headers, fault: fault('bad_request', 'HTTP/1.0 has no Transfer-Encoding.') }
    if (coding.toLowerCase() !== 'chunked') {
      return { headers, fault: fault('not_implemented', 'The only transfer coding taken here is chunked.') }
    }
  }
  return { headers, fault: tooLarge(headers, limits) }
}

/** RFC 9113 section 8.3.1: `:authority` is what Host was; a request that has both, and they differ, is malformed. */
function readHttp2(headers: IncomingHttpHeaders, limits: HeaderLimits): Read {
  const named = headers[':authority'] as string | undefined
  if (named !== undefined && headers.host !== undefined && headers.host !== named) {
    return { headers, fault: fault('bad_request', 'The field Host differs from :authority.') }
  }
  const host = named ?? headers.host
  if (host === undefined) return { headers, fault: fault('bad_request', 'The field :authority is missing.') }
  if (!isAuthority(host)) return { headers, fault: fault('bad_request', 'The field :authority is malformed.') }
  headers.host = host
  return { headers, fault: tooLarge(headers, limits) }
}

function tooLarge(headers: IncomingHttpHeaders, { maxBodyBytes }: HeaderLimits): ProblemSource | undefined {
  const length = headers['content-length']
  if (length === undefined) return undefined
  if (!/^\d{1,15}$/.test(length)) return fault('bad_request', 'The field Content-Length is malformed.')
  return Number(length) > maxBodyBytes
    ? fault('payload_too_large', `The body has ${length} bytes; at most ${maxBodyBytes} are taken here.`)
    : undefined
}

/** Fields that came more than once, by lower-case name; those that are lists by their standard are left as Node joined them. */
function repeatedFields(raw: readonly string[]): Map<string, string[]> {
  const fields = new Map<string, string[]>()
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i]!.toLowerCase()
    const values = fields.get(name)
    if (values === undefined) fields.set(name, [raw[i + 1]!])
    else values.push(raw[i + 1]!)
  }
  for (const [name, values] of fields) if (values.length === 1 || listFields.has(name)) fields.delete(name)
  return fields
}

export function isAuthority(host: string): boolean {
  if (host === lastAuthority) return true
  if (!authority.test(host)) return false
  lastAuthority = host
  return true
}

// Nearly all requests name the same one.
let lastAuthority: string | undefined

/** Host and port, no user information (RFC 9110 section 7.2). */
const authority = /^(?:[A-Za-z0-9._~-]+|\[[0-9A-Fa-f:.]+\])(?::\d{0,5})?$/

/** Which one counts would be anyone's guess. Node keeps the first of most of them; a resource behind us may keep the last. */
const singleFields = new Set([
  ':authority',
  'authorization',
  'content-length',
  'content-type',
  'host',
  'proxy-authorization',
  'transfer-encoding',
  'expect',
  'upgrade',
])

const listFields = new Set([
  'accept',
  'accept-charset',
  'accept-encoding',
  'accept-language',
  'cache-control',
  'connection',
  'content-encoding',
  'content-language',
  'cookie',
  'forwarded',
  'if-match',
  'if-none-match',
  'pragma',
  'prefer',
  'sec-websocket-extensions',
  'sec-websocket-protocol',
  'te',
  'trailer',
  'via',
  'x-forwarded-for',
])

const fault = (
  code: 'bad_request' | 'not_implemented' | 'payload_too_large' | 'header_fields_too_large',
  detail: string,
) => ({ code, detail }) as const

const tooMany = ({ maxHeaderFields }: HeaderLimits): string =>
  `At most ${maxHeaderFields} header fields are taken here.`

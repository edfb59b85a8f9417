import type { IncomingHttpHeaders } from 'node:http'

export interface OriginPolicy {
  readonly crossOrigin: 'refuse' | 'insecure-allow'
  /** serialized origins besides our own */
  readonly origins: readonly string[]
}

/**
 * Why a request is refused as one that a browser sends for a page of another site; undefined when it is not. A browser attaches a
 * client certificate, like a cookie, to whatever any page makes it send, so what may change something must come from our own
 * pages. Programs send neither Sec-Fetch-Site nor Origin, and pass.
 */
export function crossOriginRefusal(
  request: {
    readonly method: string
    readonly headers: IncomingHttpHeaders
    readonly websocket: boolean
    /** what the client asked for, where that is not the Host of these headers; empty when nobody knows */
    readonly host?: string | undefined
  },
  { crossOrigin, origins }: OriginPolicy,
): string | undefined {
  const { method, headers, websocket, host = headers.host } = request
  if (crossOrigin === 'insecure-allow') return undefined
  if (!websocket && safeMethods.has(method)) return undefined
  const { origin } = headers
  if (origin !== undefined && origins.includes(origin)) return undefined
  // A page cannot set this field, and browsers have sent it on every request for years.
  const site = headers['sec-fetch-site']
  if (site === 'same-origin' || site === 'none') return undefined
  if (site !== undefined) return refusal
  if (origin === undefined) return undefined
  // Older browsers: scheme, host and port have to be ours. `null` and whatever is no URL are somebody else.
  const own = host === undefined ? undefined : URL.parse(`https://${host}`)?.origin
  return own !== undefined && own === URL.parse(origin)?.origin ? undefined : refusal
}

const refusal = 'A page of another site may not send this request for you.'

/** RFC 9110 section 9.2.1 */
const safeMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])

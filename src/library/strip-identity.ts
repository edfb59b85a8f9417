import type { IncomingMessage } from 'node:http'
import type { Http2ServerRequest } from 'node:http2'
import { isProtectedName } from '../endpoints/gateway/protected-names.ts'
import type { Exchange } from '../server/http/exchange.ts'

/**
 * Takes from a request what only a server may tell an application: who is asking, and from where (invariant 5). What the client really
 * sent stays with the exchange, for the authenticators. `own` are lower-case names that are for us: the header that names a user, those
 * of proxies.
 */
export function stripIdentity({ request }: Pick<Exchange, 'request'>, own: ReadonlySet<string>): void {
  const { rawHeaders } = request
  const stripped = withoutIdentity(rawHeaders, own)
  if (stripped.length < rawHeaders.length) {
    const kept = Object.entries(request.headers).filter(([name]) => !speaksOfIdentity(name, own))
    replace(request, 'headers', Object.fromEntries(kept))
    replace(request, 'rawHeaders', stripped)
    // Node would make it of as many raw headers as there were.
    if ('headersDistinct' in request) replace(request, 'headersDistinct', distinct(stripped))
  }
  // Fields behind the body are there when it ends (RFC 9110 section 6.5.1), and nobody is told of that before us.
  if ('prependOnceListener' in request) request.prependOnceListener('end', () => stripTrailers(request, own))
}

function stripTrailers(request: IncomingMessage | Http2ServerRequest, own: ReadonlySet<string>): void {
  const { rawTrailers } = request
  const stripped = withoutIdentity(rawTrailers, own)
  if (stripped.length === rawTrailers.length) return
  const fields = distinct(stripped)
  replace(request, 'rawTrailers', stripped)
  replace(request, 'trailers', Object.fromEntries(Object.entries(fields).map(([name, all]) => [name, all.join(', ')])))
  if ('trailersDistinct' in request) replace(request, 'trailersDistinct', fields)
}

/** Names and values, one behind the other. */
function withoutIdentity(raw: readonly string[], own: ReadonlySet<string>): string[] {
  const kept: string[] = []
  for (let i = 0; i + 1 < raw.length; i += 2) if (!speaksOfIdentity(raw[i]!, own)) kept.push(raw[i]!, raw[i + 1]!)
  return kept
}

function distinct(raw: readonly string[]): Record<string, string[]> {
  const fields: Record<string, string[]> = Object.create(null)
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i]!.toLowerCase()
    fields[name] = [...(fields[name] ?? []), raw[i + 1]!]
  }
  return fields
}

/** Letters, digits and hyphens are left of a name: software that folds `_` into `-` would read `X_Forwarded_User` as the same. */
function speaksOfIdentity(name: string, own: ReadonlySet<string>): boolean {
  if (name.startsWith(':')) return false
  const folded = name.toLowerCase().replace(/[^a-z0-9]/g, '-')
  return own.has(name.toLowerCase()) || own.has(folded) || isProtectedName(folded)
}

/** A property of its own: a request of HTTP/2 has only getters. */
function replace(
  request: Exchange['request'],
  name: 'headers' | 'rawHeaders' | 'headersDistinct' | 'trailers' | 'rawTrailers' | 'trailersDistinct',
  value: object,
): void {
  Object.defineProperty(request, name, { value, configurable: true, enumerable: true, writable: true })
}

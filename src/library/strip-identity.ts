import { isProtectedName } from '../endpoints/gateway/protected-names.ts'
import type { Exchange } from '../server/http/exchange.ts'

/**
 * Takes from a request what only a server may tell an application: who is asking, and from where (invariant 5). What the client really
 * sent stays with the exchange, for the authenticators. `own` are lower-case names that are for us: the header that names a user, those
 * of proxies.
 */
export function stripIdentity({ request }: Pick<Exchange, 'request'>, own: ReadonlySet<string>): void {
  const { rawHeaders } = request
  const stripped: string[] = []
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    if (!speaksOfIdentity(rawHeaders[i]!, own)) stripped.push(rawHeaders[i]!, rawHeaders[i + 1]!)
  }
  if (stripped.length === rawHeaders.length) return
  const kept = Object.entries(request.headers).filter(([name]) => !speaksOfIdentity(name, own))
  replace(request, 'headers', Object.fromEntries(kept))
  replace(request, 'rawHeaders', stripped)
  // Node would make it of as many raw headers as there were.
  if ('headersDistinct' in request) replace(request, 'headersDistinct', distinct(stripped))
}

function distinct(rawHeaders: readonly string[]): Record<string, string[]> {
  const fields: Record<string, string[]> = Object.create(null)
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!.toLowerCase()
    fields[name] = [...(fields[name] ?? []), rawHeaders[i + 1]!]
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
  name: 'headers' | 'rawHeaders' | 'headersDistinct',
  value: object,
): void {
  Object.defineProperty(request, name, { value, configurable: true, enumerable: true, writable: true })
}

import { ownNames } from './protected-names.ts'
import { hopByHop } from './request-headers.ts'

type Headers = Readonly<Record<string, string | readonly string[] | undefined>>

/** Header fields of a response or its trailers, by lower-case name. */
export type ResponseHeaders = Record<string, string | string[]>

/**
 * What a client gets to see of an upstream's header fields: nothing that concerns only the hop behind us, nothing that the
 * upstream's Connection header names, and none of our identity headers, which an upstream may echo or make up.
 */
export function cleanResponseHeaders(headers: Headers): ResponseHeaders {
  const connection = headers.connection
  const named = connection === undefined ? undefined : connectionNames(connection)
  return keep(headers, name => !dropped.has(name) && !named?.has(name))
}

/** RFC 9110 section 6.5.1: a trailer must not change framing, routing, or what was decided from the header. */
export function cleanTrailers(trailers: Headers): ResponseHeaders {
  return keep(trailers, name => !dropped.has(name) && !notInTrailers.has(name))
}

function keep(headers: Headers, passes: (name: string) => boolean): ResponseHeaders {
  const kept: ResponseHeaders = Object.create(null)
  for (const name of Object.keys(headers)) {
    const value = headers[name]
    if (value === undefined || name.startsWith(':') || name.startsWith('countersign-') || !passes(name)) continue
    kept[name] = typeof value === 'string' ? value : [...value]
  }
  return kept
}

function connectionNames(connection: string | readonly string[]): ReadonlySet<string> | undefined {
  if (connection === 'keep-alive' || connection === 'close') return undefined
  const lines = typeof connection === 'string' ? [connection] : connection
  return new Set(lines.flatMap(line => line.split(',')).map(name => name.trim().toLowerCase()))
}

const dropped: ReadonlySet<string> = new Set([
  ...hopByHop,
  ...ownNames,
  // It would lead clients around this server.
  'alt-svc',
])

const notInTrailers: ReadonlySet<string> = new Set([
  'cache-control',
  'content-encoding',
  'content-length',
  'content-range',
  'content-type',
  'host',
  'location',
  'set-cookie',
  'www-authenticate',
])

import type { Answer, Exchange, Http1Response } from './exchange.ts'

/** Sends a whole answer. HEAD gets the header section only. */
export function sendAnswer(exchange: Exchange, { status, headers, body }: Answer): void {
  const fields: string[] = []
  let cache = 'no-store'
  for (const name in headers) {
    const value = headers[name]!
    if (name.toLowerCase() === 'cache-control') cache = String(value)
    else if (typeof value === 'string') fields.push(name, value)
    else for (const one of value) fields.push(name, one)
  }
  fields.push('Cache-Control', cache, 'X-Content-Type-Options', 'nosniff')
  send(exchange, status, fields, body)
}

/** 200 with a JSON document, which may be text already. */
export function sendJson(exchange: Exchange, document: object | string): void {
  const body = typeof document === 'string' ? document : JSON.stringify(document)
  send(exchange, 200, [...jsonFields], body)
}

const jsonFields = [
  'Content-Type',
  'application/json; charset=utf-8',
  'Cache-Control',
  'no-store',
  'X-Content-Type-Options',
  'nosniff',
] as const

/**
 * What we answer ourselves depends on who asks, so it is nothing for a cache. No Strict-Transport-Security: the listener speaks
 * nothing but TLS, and for `localhost` the field would break every other server on the machine.
 * A flat list of names and values is what Node writes out without copying it first.
 */
function send(exchange: Exchange, status: number, fields: string[], body: string | Buffer | undefined): void {
  // Both kinds of response take the same arguments here; a union of overloads does not say so.
  const response = exchange.response as Http1Response
  const length = body === undefined ? 0 : Buffer.byteLength(body)
  if (status !== 204 && status !== 304) fields.push('Content-Length', String(length))
  response.writeHead(status, fields)
  if (body === undefined || length === 0 || exchange.method === 'HEAD') response.end()
  // Text that is ASCII throughout is written without transcoding it.
  else response.end(body, length === body.length ? 'latin1' : 'utf8')
}

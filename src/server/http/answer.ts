import type { ServerResponse } from 'node:http'
import type { Answer, Exchange } from './exchange.ts'

/**
 * On every answer that we make ourselves. Nothing here is for a cache: it depends on who asks. No Strict-Transport-Security: the
 * listener speaks nothing but TLS, and for `localhost` the field would break every other server on the machine.
 */
const securityFields = [
  ['X-Content-Type-Options', 'nosniff'],
  ['Cache-Control', 'no-store'],
  ['Referrer-Policy', 'no-referrer'],
] as const

const flatSecurityFields = securityFields.flat()

/** Sends a whole answer. HEAD gets the header section only. */
export function sendAnswer(exchange: Exchange, answer: Answer): void {
  // Both kinds of response take the same arguments here; a union of overloads does not say so.
  const response = exchange.response as ServerResponse
  const { status, headers, body } = answer
  const fields = headers === undefined ? [...flatSecurityFields] : fieldsOf(headers)
  const bodyless = status === 204 || status === 304
  if (!bodyless) fields.push('Content-Length', String(body === undefined ? 0 : Buffer.byteLength(body)))
  response.writeHead(status, fields)
  if (bodyless || body === undefined || exchange.method === 'HEAD') response.end()
  else response.end(body)
}

/** 200 with a JSON document. */
export function sendJson(exchange: Exchange, document: unknown): void {
  sendAnswer(exchange, { status: 200, headers: jsonFields, body: JSON.stringify(document) })
}

const jsonFields = { 'Content-Type': 'application/json; charset=utf-8' }

// A flat list of names and values is what Node writes out without copying it first.
function fieldsOf(headers: NonNullable<Answer['headers']>): string[] {
  const fields: string[] = []
  const given = new Set<string>()
  for (const name in headers) {
    const value = headers[name]!
    given.add(name.toLowerCase())
    if (typeof value === 'string') fields.push(name, value)
    else for (const one of value) fields.push(name, one)
  }
  for (const [name, value] of securityFields) if (!given.has(name.toLowerCase())) fields.push(name, value)
  return fields
}

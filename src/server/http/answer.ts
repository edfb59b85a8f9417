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

/** A document that is sent over and over. */
export interface WrittenJson {
  readonly text: string
  readonly encoding: 'latin1' | 'utf8'
  /** frozen, so that the header section too is written once */
  readonly fields: readonly string[]
}

export function writeJson(document: object): WrittenJson {
  const text = JSON.stringify(document)
  const length = Buffer.byteLength(text)
  const fields = Object.freeze([...jsonFields, 'Content-Length', String(length)])
  return { text, encoding: encodingOf(text, length), fields }
}

/** 200 with it. */
export function sendWritten({ method, response }: Exchange, { text, encoding, fields }: WrittenJson): void {
  const http1 = response as Http1Response
  http1.writeHead(200, fields as string[])
  if (method === 'HEAD') http1.end()
  else http1.end(text, encoding)
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
  else response.end(body, encodingOf(body, length))
}

/** Text that is ASCII throughout is written without transcoding it. */
function encodingOf(text: string | Buffer, bytes: number): 'latin1' | 'utf8' {
  return bytes === text.length ? 'latin1' : 'utf8'
}

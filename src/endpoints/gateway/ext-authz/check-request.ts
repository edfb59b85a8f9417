import type { IncomingHttpHeaders } from 'node:http'
import { type Fields, oneField, ProtobufError, readFields } from './protobuf.ts'

/** What of an `envoy.service.auth.v3.CheckRequest` is looked at. */
export interface CheckRequest {
  readonly method: string
  /** with its query, as it was spelled */
  readonly target: string
  readonly host: string | undefined
  /** lower-case names, without pseudo-header fields; what came more than once and was told so is an array */
  readonly headers: IncomingHttpHeaders
  /** of the client: percent-encoded PEM */
  readonly certificate: string | undefined
  readonly address: string | undefined
}

/** Reads a message. A string: why it is none. Numbers of fields: envoy/service/auth/v3/attribute_context.proto, envoy/config/core/v3/. */
export function readCheckRequest(bytes: Buffer): CheckRequest | string {
  try {
    return read(bytes)
  } catch (error) {
    if (error instanceof ProtobufError) return error.message
    throw error
  }
}

function read(bytes: Buffer): CheckRequest {
  const attributes = message(readFields(bytes), 1)
  const source = message(attributes, 1)
  const http = message(message(attributes, 4), 2)
  return {
    method: text(http, 2) ?? '',
    target: text(http, 4) ?? '',
    host: text(http, 5) || undefined,
    headers: readHeaders(http),
    certificate: text(source, 5) || undefined,
    address: text(message(message(source, 1), 1), 2),
  }
}

/** A message that is not there is an empty one. */
function message(fields: Fields, number: number): Fields {
  const bytes = oneField(fields, number)
  return bytes === undefined ? nothing : readFields(bytes)
}

const nothing: Fields = new Map()

/** As Node reads the same octets in a header. */
function text(fields: Fields, number: number): string | undefined {
  return oneField(fields, number)?.toString('latin1')
}

/** `headers`, a map in which those of one name are joined already, or `header_map`, which has each line and its octets. */
function readHeaders(http: Fields): IncomingHttpHeaders {
  const headers: IncomingHttpHeaders = Object.create(null)
  const joined = http.get(3) ?? []
  const lines = message(http, 13).get(1) ?? []
  if (joined.length > 0 && lines.length > 0) throw new ProtobufError('the headers are told twice')
  for (const entry of joined.map(readFields)) {
    const name = (text(entry, 1) ?? '').toLowerCase()
    if (name in headers) throw new ProtobufError('a header is there twice')
    if (!name.startsWith(':')) headers[name] = text(entry, 2) ?? ''
  }
  for (const line of lines.map(readFields)) {
    const name = (text(line, 1) ?? '').toLowerCase()
    const value = text(line, 3) ?? text(line, 2) ?? ''
    const before = headers[name]
    if (!name.startsWith(':')) headers[name] = before === undefined ? value : [before, value].flat()
  }
  return headers
}

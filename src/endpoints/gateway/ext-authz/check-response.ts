import type { Answer } from '../../../server/http/exchange.ts'
import { writeField, writeNumber } from './protobuf.ts'

/** `envoy.service.auth.v3.CheckResponse` that lets the request pass: with these headers (names and values in turn), and without those. */
export function writeAdmitted(identity: readonly string[], removed: readonly string[]): Buffer {
  const headers: Buffer[] = []
  for (let i = 0; i < identity.length; i += 2) headers.push(writeHeader(identity[i]!, identity[i + 1]!, 'replace'))
  const ok = [...headers, ...removed.map(name => writeField(okResponse.headersToRemove, name))]
  return Buffer.concat([writeField(checkResponse.status, []), writeField(checkResponse.ok, ok)])
}

/** One that answers the client, in Envoy's stead. */
export function writeDenied({ status, headers, body }: Required<Answer>): Buffer {
  const lines = Object.entries(headers).flatMap(([name, values]) =>
    [values].flat().map((value, i) => writeHeader(name.toLowerCase(), value, i === 0 ? 'replace' : 'append')),
  )
  const code = status === 401 ? grpcUnauthenticated : grpcPermissionDenied
  const denied = [writeField(1, [writeNumber(1, status)]), ...lines, writeField(3, body.toString())]
  return Buffer.concat([
    writeField(checkResponse.status, [writeNumber(1, code)]),
    writeField(checkResponse.denied, denied),
  ])
}

const checkResponse = { status: 1, denied: 2, ok: 3 } as const
const okResponse = { headers: 2, headersToRemove: 5 } as const
const grpcPermissionDenied = 7
const grpcUnauthenticated = 16

/**
 * `HeaderValueOption`. The older of its two ways to say what becomes of a header that is there already: all versions of Envoy know it, a
 * wrapper that is there and holds nothing says "replace".
 */
function writeHeader(name: string, value: string, existing: 'replace' | 'append'): Buffer {
  const header = writeField(1, [writeField(1, name), writeField(2, value)])
  const append = writeField(2, existing === 'append' ? [writeNumber(1, 1)] : [])
  return writeField(okResponse.headers, [header, append])
}

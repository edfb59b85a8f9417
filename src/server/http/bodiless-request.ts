import type { IncomingHttpHeaders } from 'node:http'
import type { Socket } from 'node:net'
import { rememberNames } from './remember-names.ts'

/** A GET of HTTP/1.1 that has no body and asks for nothing but its answer: nearly every request is one, and no stream is made of it. */
export class BodilessRequest {
  readonly httpVersionMajor = 1
  readonly httpVersionMinor = 1
  readonly method = 'GET'
  readonly complete = true
  readonly socket: Socket
  readonly url: string
  /** names and values in turn, as they came */
  readonly rawHeaders: readonly string[]
  /** lower-case names; each came once */
  readonly headers: IncomingHttpHeaders

  constructor(socket: Socket, url: string, rawHeaders: readonly string[], headers: IncomingHttpHeaders) {
    this.socket = socket
    this.url = url
    this.rawHeaders = rawHeaders
    this.headers = headers
  }
}

/** undefined: it may have a body, or asks for more, or has a field twice, and is for Node's own IncomingMessage to read. */
export function readBodiless(socket: Socket, url: string, rawHeaders: readonly string[]): BodilessRequest | undefined {
  const headers: Record<string, string> = {}
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = lowerCase(rawHeaders[i]!)
    // What every object has by birth (`constructor`) counts as a field that came before.
    if (name === undefined || headers[name] !== undefined) return undefined
    headers[name] = rawHeaders[i + 1]!
  }
  return new BodilessRequest(socket, url, rawHeaders, headers)
}

/** Those that announce a body or another protocol, and those that Node's own list of fields treats in a way of its own. */
const notHere: ReadonlySet<string> = new Set([
  '__proto__',
  'content-length',
  'expect',
  'http2-settings',
  'set-cookie',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** undefined: a request with it is not for here */
const lowerCase = rememberNames((name): string | undefined => {
  const lower = name.toLowerCase()
  // The name as objects have it: any other text of the same letters V8 looks up among all names, each time.
  return notHere.has(lower) ? undefined : Object.keys({ [lower]: '' })[0]
})

import type { IncomingHttpHeaders } from 'node:http'
import type { Exchange, Peer, ProxiedBy, Upgrade } from './exchange.ts'
import { type HeaderLimits, readHeaders } from './headers.ts'
import { type Problem, sendProblem } from './problem.ts'
import { nextRequestId } from './request-id.ts'
import { readTarget, type Target } from './target.ts'

export interface ExchangeSettings extends HeaderLimits {
  readonly problemPage: ((problem: Problem) => string) | undefined
  /** default: `readTarget` */
  readonly readTarget?: ((target: string) => Target | string) | undefined
}

/**
 * Reads a request as far as everyone needs it: path, fields, declared size. undefined: it was refused, and the answer has been sent.
 * What two servers could read in two ways is refused here, before anybody decides anything on it.
 */
export function openExchange(
  peer: Peer,
  request: Exchange['request'],
  response: Exchange['response'],
  settings: ExchangeSettings,
  upgrade?: Upgrade,
): OpenExchange | undefined {
  const target = (settings.readTarget ?? readTarget)(request.url ?? '')
  const { headers, fault } = readHeaders(request, settings)
  if (typeof target !== 'string' && fault === undefined) {
    return new OpenExchange(peer, request, response, settings, target.path, target.query, headers, upgrade)
  }
  const refused = new OpenExchange(peer, request, response, settings, '', '', headers, undefined)
  // Where the next request on the connection begins is in doubt as well.
  if ('shouldKeepAlive' in response) response.shouldKeepAlive = false
  sendProblem(refused, fault ?? { code: 'bad_request', detail: String(target) })
  return undefined
}

export class OpenExchange implements Exchange {
  peer: Peer
  proxy: ProxiedBy | undefined = undefined
  readonly request: Exchange['request']
  readonly response: Exchange['response']
  readonly method: string
  readonly path: string
  readonly query: string
  readonly headers: IncomingHttpHeaders
  readonly upgrade: Upgrade | undefined
  readonly #settings: ExchangeSettings
  #requestId: string | undefined = undefined

  constructor(
    peer: Peer,
    request: Exchange['request'],
    response: Exchange['response'],
    settings: ExchangeSettings,
    path: string,
    query: string,
    headers: IncomingHttpHeaders,
    upgrade: Upgrade | undefined,
  ) {
    this.peer = peer
    this.request = request
    this.response = response
    this.method = request.method ?? ''
    this.path = path
    this.query = query
    this.headers = headers
    this.upgrade = upgrade
    this.#settings = settings
  }

  get requestId(): string {
    this.#requestId ??= nextRequestId()
    return this.#requestId
  }

  get maxBodyBytes(): number {
    return this.#settings.maxBodyBytes
  }

  get problemPage(): ((problem: Problem) => string) | undefined {
    return this.#settings.problemPage
  }
}

import type { Exchange, OriginalRequest, Peer } from '../../../server/http/exchange.ts'
import type { ProblemOptions, ProblemSource } from '../../../server/http/problem.ts'
import type { DecidedRoute, Examined } from '../decided-route.ts'

/** How the proxy that asks is told. */
export interface Reply {
  /** `identity`: names and values in turn, for the one behind */
  admit(asked: AskedExchange, route: DecidedRoute, identity: readonly string[]): void
  refuse(asked: AskedExchange, problem: ProblemSource, options: ProblemOptions): void
}

/** What a proxy asks about, as if it had come by itself. The credentials are those of the client: the proxy hands its fields on. */
export class AskedExchange implements Exchange, Examined {
  readonly asking: Exchange
  readonly peer: Peer
  readonly method: string
  readonly path: string
  readonly query = ''
  readonly headers: Exchange['headers']
  readonly host: string
  readonly upgrade = undefined
  readonly reply: Reply

  constructor(
    asking: Exchange,
    { method, path, host = '' }: OriginalRequest,
    reply: Reply,
    { peer, headers }: Pick<Exchange, 'peer' | 'headers'> = asking,
  ) {
    this.asking = asking
    this.peer = peer
    this.method = method
    this.path = path
    this.headers = headers
    this.host = host
    this.reply = reply
  }

  /** By a field that browsers always send with it: `Upgrade` is between the client and the proxy. */
  get websocket(): boolean {
    return this.headers['sec-websocket-version'] !== undefined
  }

  get requestId(): string {
    return this.asking.requestId
  }

  get proxy(): Exchange['proxy'] {
    return this.asking.proxy
  }

  get request(): Exchange['request'] {
    return this.asking.request
  }

  get response(): Exchange['response'] {
    return this.asking.response
  }

  get maxBodyBytes(): number {
    return this.asking.maxBodyBytes
  }

  get problemPage(): Exchange['problemPage'] {
    return this.asking.problemPage
  }
}

import { constants } from 'node:http2'
import type { Exchange } from '../http/exchange.ts'
import { Roster } from '../http/roster.ts'
import type { Forwarding } from '../proxies/forwarding.ts'
import type { TrustedProxy } from '../proxies/proxies.ts'
import type { Connection } from './connection.ts'
import type { Held, Loss } from './connections.ts'

/**
 * A request under way that a proxy handed on. Its client has no connection of its own that could be ended when it loses its trust
 * (invariant 3), so it is the request that is: a stream of HTTP/2, or the proxy's HTTP/1.1 connection, on which nothing else goes on.
 */
export class ForwardedRequest implements Held {
  readonly peer: Held['peer']
  readonly busy = true
  readonly #connection: Connection
  readonly #exchange: Exchange
  readonly #proxy: TrustedProxy
  readonly #forwarding: Forwarding
  #dropped = false

  constructor(
    peer: Held['peer'],
    connection: Connection,
    exchange: Exchange,
    proxy: TrustedProxy,
    forwarding: Forwarding,
  ) {
    this.peer = peer
    this.#connection = connection
    this.#exchange = exchange
    this.#proxy = proxy
    this.#forwarding = forwarding
  }

  get over(): boolean {
    return this.#dropped || this.#connection.over
  }

  loss(): Loss | undefined {
    if (this.#forwarding.stillBelieves(this.#connection, this.#proxy)) return undefined
    const detail = `The proxy ${this.#proxy.name} is not believed any more.`
    return { user: null, tenant: null, code: 'proxy_not_proven', detail }
  }

  drop(): void {
    this.#dropped = true
    const { request } = this.#exchange
    if ('stream' in request) request.stream.close(constants.NGHTTP2_CANCEL)
    else this.#connection.drop()
  }
}

/** Keeps it in mind until its answer is out. One that became another protocol ends with its connection. */
export function holdRequest(connection: Connection, exchange: Exchange, held: Held): void {
  connection.forwarded ??= new Roster()
  const { forwarded } = connection
  const seat = forwarded.add(held)
  exchange.response.once('close', () => forwarded.delete(seat))
}

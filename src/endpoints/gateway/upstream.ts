import { isIP } from 'node:net'
import type { Dispatcher } from 'undici'

export interface UpstreamOptions {
  /** http: or https:, without path */
  readonly origin: string
  /** PEM of the authorities that may vouch for an https upstream; `public` takes those that Node brings along */
  readonly authorities: readonly string[] | 'public'
  /** at most so many connections at once; further requests wait */
  readonly connections: number
  /** milliseconds */
  readonly connectTimeout: number
  /** octets of the response's header */
  readonly headerLimit: number
}

/** The connections to one upstream: HTTP/1.1, one request at a time on each. */
export interface Upstream {
  readonly origin: string
  dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): void
  close(): Promise<void>
}

/** Connects to nothing yet. */
export async function createUpstream(options: UpstreamOptions): Promise<Upstream> {
  // Takes its time to load, and not every server has an upstream.
  const { buildConnector, Pool } = (await import('undici')).default
  const { protocol, hostname } = new URL(options.origin)
  const serverName = hostname.replace(/^\[|\]$/g, '')
  const connector = buildConnector({
    allowH2: false,
    timeout: options.connectTimeout,
    rejectUnauthorized: true,
    minVersion: 'TLSv1.2',
    // Whatever stands in the trust store is trusted: an authority below another, or the upstream's own certificate.
    allowPartialTrustChain: true,
    ...(options.authorities === 'public' ? {} : { ca: [...options.authorities] }),
  })
  const pool = new Pool(options.origin, {
    connections: options.connections,
    pipelining: 1,
    maxHeaderSize: options.headerLimit,
    // undici would check the upstream's certificate against the Host header, which on some routes is the client's.
    connect: (to, callback) => connector({ ...to, servername: isIP(serverName) ? undefined : serverName }, callback),
  })
  const fixed = protocol === 'https:' ? { servername: serverName } : {}
  return {
    origin: options.origin,
    dispatch: (request, handler) => {
      pool.dispatch({ ...request, ...fixed } as Dispatcher.DispatchOptions, handler)
    },
    close: () => pool.destroy(),
  }
}

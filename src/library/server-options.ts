import type { AccessOptions } from './access-options.ts'

/** Who gets to the handlers of a server. */
export interface ProtectOptions extends AccessOptions {
  /** whose trust store and limits count; default: the first listener of the configuration */
  readonly listener?: string
  /**
   * `identified`: requests of nobody in particular are refused before a handler sees them. `anyone`: every request gets through, and
   * handlers ask who it is from. Default: identified
   */
  readonly caller?: 'identified' | 'anyone'
  /**
   * Requests that a browser sends for a page of another site and that may change something, and WebSockets: a browser attaches the
   * certificate to them by itself. Default: refuse
   */
  readonly crossOrigin?: 'refuse' | 'insecure-allow'
  /** origins besides the own one whose pages may send such requests (`https://app.example.org`) */
  readonly origins?: readonly string[]
}

export interface ServerOptions extends ProtectOptions {
  /** Offer HTTP/2 as well, when the listener does (`http`). Handlers then get requests of `node:http2`. Default: no */
  readonly http2?: boolean
}

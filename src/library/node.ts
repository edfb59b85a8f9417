/** `countersign/node`: mutual TLS for a server of `node:https`. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2'
import type { Server } from 'node:https'
import type { Principal } from '../identity/authn/authenticator.ts'
import type { AccessOptions } from './access-options.ts'
import { Auth, type AuthOptions, openAuth } from './auth.ts'
import type { ServerOptions } from './server-options.ts'

export type * from './public-types.ts'

// As Node types them for a server that speaks both: what is common to the two is there.
type RequestOf<O extends ServerOptions> = O extends { http2: true } ? Http2ServerRequest : IncomingMessage
type ResponseOf<O extends ServerOptions> = O extends { http2: true } ? Http2ServerResponse : ServerResponse
type PrincipalOf<O extends ServerOptions> = O extends { caller: 'anyone' }
  ? { principal?: Principal }
  : { principal: Principal }

/** Answers requests; who each is from stands in `request.principal`. */
export type Handler<O extends ServerOptions = object> = (
  request: RequestOf<O> & PrincipalOf<O>,
  response: ResponseOf<O>,
) => void

export class NodeAuth extends Auth {
  /** An `https.Server` whose handlers, `upgrade` included, get only requests that were let through. */
  createServer(handler?: Handler): Server
  createServer<const O extends ServerOptions>(options: O, handler?: Handler<O>): Server
  createServer(first?: ServerOptions | Handler, second?: Handler): Server {
    const [options, handler] = typeof first === 'function' ? [{}, first] : [first ?? {}, second]
    const server = this.serverFor(options)
    if (handler !== undefined) server.on('request', handler as (request: IncomingMessage) => void)
    return server
  }

  /**
   * Asks about one request: the principal, or undefined when it was refused, and has been answered.
   * Throws ERR_CONFIG_INVALID for a restriction that it does not understand, ERR_AUTHENTICATOR_UNKNOWN.
   */
  require(options: AccessOptions): (request: IncomingMessage | Http2ServerRequest) => Promise<Principal | undefined> {
    const access = this.accessFor(options)
    return request => this.check(request, access)
  }
}

/** Throws ConfigError with all problems of the configuration at once. */
export async function countersign(options: AuthOptions): Promise<NodeAuth> {
  return new NodeAuth(await openAuth(options))
}

/** `countersign/express`: mutual TLS for an application of Express. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Server } from 'node:https'
import type { Access } from '../identity/access/access.ts'
import type { Principal } from '../identity/authn/authenticator.ts'
import type { AccessOptions } from './access-options.ts'
import { Auth, type AuthOptions, openAuth } from './auth.ts'
import type { ServerOptions } from './server-options.ts'

declare global {
  // Express's own name for what its requests have.
  namespace Express {
    interface Request {
      /** who the request is from: behind `auth.required()` or `auth.require()`, and everywhere unless the server is for `anyone` */
      principal: Principal
    }
  }
}

export type * from './public-types.ts'

export type Middleware = (request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void) => void

/** Express speaks HTTP/1.1 alone. */
export type ExpressServerOptions = Omit<ServerOptions, 'http2'>

export class ExpressAuth extends Auth {
  /** An `https.Server` that gives the application only requests that were let through. */
  createServer(app: Application): Server
  createServer(options: ExpressServerOptions, app: Application): Server
  createServer(first: ExpressServerOptions | Application, second?: Application): Server {
    const [options, app] = typeof first === 'function' ? [{}, first] : [first, second]
    const server = this.serverFor({ ...options, http2: false })
    if (app !== undefined) server.on('request', app)
    return server
  }

  /** Lets every identified user pass. */
  required(): Middleware {
    return this.#middleware(this.accessFor({}))
  }

  /** Lets these users pass. Throws ERR_CONFIG_INVALID for a restriction that it does not understand, ERR_AUTHENTICATOR_UNKNOWN. */
  require(options: AccessOptions): Middleware {
    return this.#middleware(this.accessFor(options))
  }

  #middleware(access: Access): Middleware {
    return (request, _response, next) => {
      this.check(request, access).then(
        principal => {
          if (principal !== undefined) next()
        },
        (error: unknown) => next(error),
      )
    }
  }
}

type Application = (request: IncomingMessage, response: ServerResponse) => void

/** Throws ConfigError with all problems of the configuration at once. */
export async function countersign(options: AuthOptions): Promise<ExpressAuth> {
  return new ExpressAuth(await openAuth(options))
}

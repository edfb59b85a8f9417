/** `countersign/fastify`: mutual TLS for an application of Fastify. */
import type { IncomingMessage } from 'node:http'
import type { Server } from 'node:https'
// Types alone: nothing is left of this line in what runs.
import type {} from 'fastify'
import type { Access } from '../identity/access/access.ts'
import type { Principal } from '../identity/authn/authenticator.ts'
import type { AccessOptions } from './access-options.ts'
import { Auth, type AuthOptions, openAuth } from './auth.ts'
import type { ServerOptions } from './server-options.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** who the request is from: with the plugin, and unless the server is for `anyone` */
    readonly principal: Principal
  }
}

export type * from './public-types.ts'

/** The parts of Fastify that are used: it is the application's, and none of our dependencies. */
interface Application {
  decorateRequest(name: string, decoration: { getter(this: Request): unknown }): unknown
  addHook(name: 'onRequest', hook: Hook): unknown
}
interface Request {
  readonly raw: object
}
interface Reply {
  hijack(): unknown
}

export type Hook = (request: Request, reply: Reply) => Promise<void>

export interface PluginOptions {
  /** `anyone`: routes ask by themselves (`onRequest: auth.require(…)`). Default: identified */
  readonly caller?: 'identified' | 'anyone'
}

export class FastifyAuth extends Auth {
  /** For `fastify({ serverFactory })`: the application gets only requests that were let through. */
  serverFactory(options: ServerOptions = {}): (handler: (...request: never) => void) => Server {
    return handler => this.serverFor(options).on('request', handler as (request: IncomingMessage) => void)
  }

  /** `request.principal`, and an `onRequest` hook that lets identified users pass. */
  get plugin(): (app: Application, options: PluginOptions, done: () => void) => void {
    const register = (app: Application, { caller = 'identified' }: PluginOptions, done: () => void) => {
      app.decorateRequest('principal', {
        getter() {
          return (this.raw as { principal?: Principal }).principal
        },
      })
      if (caller === 'identified') app.addHook('onRequest', this.required())
      done()
    }
    // For the whole application and not for a context of its own, as the package fastify-plugin says it.
    return Object.assign(register, {
      [Symbol.for('skip-override')]: true,
      [Symbol.for('fastify.display-name')]: 'countersign',
    })
  }

  /** Lets every identified user pass. */
  required(): Hook {
    return this.#hook(this.accessFor({}))
  }

  /** Lets these users pass. Throws ERR_CONFIG_INVALID for a restriction that it does not understand, ERR_AUTHENTICATOR_UNKNOWN. */
  require(options: AccessOptions): Hook {
    return this.#hook(this.accessFor(options))
  }

  #hook(access: Access): Hook {
    return async (request, reply) => {
      if ((await this.check(request.raw, access)) === undefined) reply.hijack()
    }
  }
}

/** Throws ConfigError with all problems of the configuration at once. */
export async function countersign(options: AuthOptions): Promise<FastifyAuth> {
  return new FastifyAuth(await openAuth(options))
}

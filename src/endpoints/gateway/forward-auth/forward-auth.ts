import type { Access } from '../../../identity/access/access.ts'
import { createRouter, type Handler } from '../../../server/http/router.ts'
import type { Guard } from '../../guard.ts'
import type { DecidedRoute } from '../decided-route.ts'
import type { AskedExchange } from './asked-exchange.ts'

/**
 * Forward-auth is the gateway without its upstream: the same table of routes, the same guard, the same identity headers. Only the ends differ:
 * who says what was asked for, and who is told.
 */
export function createForwardAuth(
  routes: readonly (DecidedRoute & { readonly access: Access })[],
  guard: Guard,
): Handler<AskedExchange> {
  const tell = (asked: AskedExchange, ...told: [Parameters<AskedExchange['reply']['refuse']>[1], object]) =>
    asked.reply.refuse(asked, ...told)
  return createRouter(
    routes.map(route => ({
      method: '*',
      path: route.path,
      handle: guard<AskedExchange>({
        access: route.access,
        examine: asked => route.examine(asked),
        tell,
        answer(asked, principal) {
          const identity = route.identityOf(principal, asked.peer.judgement())
          if ('then' in identity) return identity.then(made => asked.reply.admit(asked, route, made))
          asked.reply.admit(asked, route, identity)
        },
      }),
    })),
    tell,
  )
}

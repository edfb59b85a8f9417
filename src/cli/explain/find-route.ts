import type { Material } from '../../config/material.ts'
import { CodedError } from '../../errors.ts'
import type { RouteAccessOptions } from '../../identity/access/options.ts'
import type { Exchange } from '../../server/http/exchange.ts'
import { createRouter } from '../../server/http/router.ts'
import { readTarget } from '../../server/http/target.ts'

/** What a path leads to. */
export interface ExplainedRoute {
  readonly kind: 'route' | 'built in' | 'public' | 'none'
  /** as asked for */
  readonly path: string
  /** as the configuration has it */
  readonly pattern: string
  readonly access: RouteAccessOptions
}

type Found = Omit<ExplainedRoute, 'path'>

const everywhere: readonly Found[] = [
  { kind: 'built in', pattern: '/whoami', access: {} },
  { kind: 'public', pattern: '/problems/*', access: {} },
  { kind: 'public', pattern: '/.well-known/jwks.json', access: {} },
]

/** Finds the route with the server's own router. Throws ERR_CLI_USAGE for a path that the server would refuse to read. */
export function findRoute(text: string, { routes }: Pick<Material, 'routes'>): ExplainedRoute {
  const target = readTarget(text)
  if (typeof target === 'string') {
    throw new CodedError('ERR_CLI_USAGE', `${text} is no path that a server takes: ${target}`, {
      remedy: 'Name a path that begins with a slash: --path /orders/7',
    })
  }
  let found: Found = { kind: 'none', pattern: '', access: {} }
  const all = [...everywhere, ...routes.map(each => ({ kind: 'route' as const, pattern: each.path, access: each }))]
  const take = (each: Found) => {
    const handle = () => {
      found = each
    }
    return { method: '*', path: each.pattern, handle }
  }
  // without it the router would answer 404 by itself, and there is nobody here to answer
  const nowhere = all.some(({ pattern }) => pattern === '/*') ? [] : [{ method: '*', path: '/*', handle: () => {} }]
  const router = createRouter([...all.map(take), ...nowhere])
  router({ path: target.path, method: 'GET' } as Exchange)
  return { ...found, path: target.path }
}

import type { Exchange } from './exchange.ts'
import { type ProblemOptions, type ProblemSource, sendProblem } from './problem.ts'
import { readTenantPath } from './tenant-path.ts'

export type Handler<E extends Exchange = Exchange> = (exchange: E) => void | Promise<void>

/** Tells what is wrong with a request. */
export type Tell<E extends Exchange = Exchange> = (exchange: E, problem: ProblemSource, options: ProblemOptions) => void

export interface Route<E extends Exchange = Exchange> {
  /** `GET` answers HEAD as well; `*` takes every method */
  readonly method: string
  /** `/whoami`, or `/orders/*`: `/orders` and everything below it */
  readonly path: string
  /** every-tenant: `/t/TENANT` may stand before the path; the handler reads which one */
  readonly tenants?: 'default' | 'every-tenant'
  readonly handle: Handler<E>
}

type Methods<E extends Exchange> = Map<string, Handler<E>>
type Table<E extends Exchange> = (path: string) => Methods<E> | undefined

/**
 * One table for all endpoints. The exact path wins, then the longest prefix; paths are compared as they are, upper and lower case
 * apart, and a trailing slash makes another path. What every tenant has comes before other routes below `/t`. No route: 404; no such
 * method: 405.
 */
export function createRouter<E extends Exchange = Exchange>(
  routes: readonly Route<E>[],
  tell: Tell<E> = sendProblem,
): Handler<E> {
  const all = createTable(routes)
  const ofTenants = createTable(routes.filter(({ tenants }) => tenants === 'every-tenant'))
  return exchange => {
    const { prefix, path } = readTenantPath(exchange.path)
    const methods = (prefix === '' ? undefined : ofTenants(path)) ?? all(exchange.path)
    if (methods === undefined) {
      return tell(exchange, { code: 'not_found', detail: 'No route leads to this path.' }, {})
    }
    const handle = handlerFor(methods, exchange.method)
    if (handle !== undefined) return handle(exchange)
    const allowed = allowedBy(methods)
    const problem = { code: 'method_not_allowed', detail: `This path takes ${allowed}.` } as const
    tell(exchange, problem, { headers: { Allow: allowed } })
  }
}

function createTable<E extends Exchange>(routes: readonly Route<E>[]): Table<E> {
  const exact = new Map<string, Methods<E>>()
  const prefixes = new Map<string, Methods<E>>()
  for (const { method, path, handle } of routes) {
    const below = path.endsWith('/*')
    if (!path.startsWith('/') || path.slice(0, below ? -1 : undefined).includes('*')) {
      throw new TypeError(`not a route: ${path}`)
    }
    const table = below ? prefixes : exact
    const key = below ? path.slice(0, -2) : path
    const methods = table.get(key) ?? new Map<string, Handler<E>>()
    if (methods.has(method)) throw new TypeError(`two routes for ${method} ${path}`)
    methods.set(method, handle)
    table.set(key, methods)
  }
  return path => exact.get(path) ?? longestPrefix(prefixes, path)
}

/** Segment by segment from the end, so that `/orders/*` never takes `/orders-old`. */
function longestPrefix<M>(prefixes: ReadonlyMap<string, M>, path: string): M | undefined {
  let end = path.length
  for (;;) {
    const methods = prefixes.get(path.slice(0, end))
    if (methods !== undefined || end <= 0) return methods
    end = path.lastIndexOf('/', end - 1)
  }
}

function handlerFor<E extends Exchange>(methods: Methods<E>, method: string): Handler<E> | undefined {
  return methods.get(method) ?? (method === 'HEAD' ? methods.get('GET') : undefined) ?? methods.get('*')
}

function allowedBy(methods: ReadonlyMap<string, unknown>): string {
  return [...methods.keys(), ...(methods.has('GET') ? ['HEAD'] : [])].toSorted().join(', ')
}

import type { Exchange } from './exchange.ts'
import { sendProblem } from './problem.ts'
import { readTenantPath } from './tenant-path.ts'

export type Handler = (exchange: Exchange) => void | Promise<void>

export interface Route {
  /** `GET` answers HEAD as well; `*` takes every method */
  readonly method: string
  /** `/whoami`, or `/orders/*`: `/orders` and everything below it */
  readonly path: string
  /** every-tenant: `/t/TENANT` may stand before the path; the handler reads which one */
  readonly tenants?: 'default' | 'every-tenant'
  readonly handle: Handler
}

type Methods = Map<string, Handler>
type Table = (path: string) => Methods | undefined

/**
 * One table for all endpoints. The exact path wins, then the longest prefix; paths are compared as they are, upper and lower case
 * apart, and a trailing slash makes another path. What every tenant has comes before other routes below `/t`. No route: 404; no such
 * method: 405.
 */
export function createRouter(routes: readonly Route[]): Handler {
  const all = createTable(routes)
  const ofTenants = createTable(routes.filter(({ tenants }) => tenants === 'every-tenant'))
  return exchange => {
    const { prefix, path } = readTenantPath(exchange.path)
    const methods = (prefix === '' ? undefined : ofTenants(path)) ?? all(exchange.path)
    if (methods === undefined) {
      return sendProblem(exchange, { code: 'not_found', detail: 'No route leads to this path.' })
    }
    const handle = handlerFor(methods, exchange.method)
    return handle === undefined ? notAllowed(exchange, methods) : handle(exchange)
  }
}

function createTable(routes: readonly Route[]): Table {
  const exact = new Map<string, Methods>()
  const prefixes = new Map<string, Methods>()
  for (const { method, path, handle } of routes) {
    const below = path.endsWith('/*')
    if (!path.startsWith('/') || path.slice(0, below ? -1 : undefined).includes('*')) {
      throw new TypeError(`not a route: ${path}`)
    }
    const table = below ? prefixes : exact
    const key = below ? path.slice(0, -2) : path
    const methods = table.get(key) ?? new Map<string, Handler>()
    if (methods.has(method)) throw new TypeError(`two routes for ${method} ${path}`)
    methods.set(method, handle)
    table.set(key, methods)
  }
  return path => exact.get(path) ?? longestPrefix(prefixes, path)
}

/** Segment by segment from the end, so that `/orders/*` never takes `/orders-old`. */
function longestPrefix(prefixes: Map<string, Methods>, path: string): Methods | undefined {
  let end = path.length
  for (;;) {
    const methods = prefixes.get(path.slice(0, end))
    if (methods !== undefined || end <= 0) return methods
    end = path.lastIndexOf('/', end - 1)
  }
}

function handlerFor(methods: Methods, method: string): Handler | undefined {
  return methods.get(method) ?? (method === 'HEAD' ? methods.get('GET') : undefined) ?? methods.get('*')
}

function notAllowed(exchange: Exchange, methods: Methods): void {
  const allowed = [...methods.keys(), ...(methods.has('GET') ? ['HEAD'] : [])].toSorted().join(', ')
  const problem = { code: 'method_not_allowed', detail: `This path takes ${allowed}.` } as const
  sendProblem(exchange, problem, { headers: { Allow: allowed } })
}

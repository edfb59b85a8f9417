import { isCoded } from '../../errors.ts'
import { compileAccess } from '../../identity/access/access.ts'
import { checkAccessRule, compileAccessRules } from '../../identity/access/access-rules.ts'
import { assertedByHeader } from '../../identity/authn/assertion-header.ts'
import type { Principal } from '../../identity/authn/authenticator.ts'
import type { Directory } from '../../identity/users/directory.ts'
import type { Log } from '../../log.ts'
import { type Refusal, refuse } from '../../refusals.ts'
import type { Exchange } from '../../server/http/exchange.ts'
import type { ProblemSource } from '../../server/http/problem.ts'
import type { Handler, Route } from '../../server/http/router.ts'
import { readTenantPath } from '../../server/http/tenant-path.ts'
import type { Events } from '../../telemetry/events/events.ts'
import { crossOriginRefusal } from '../cross-origin.ts'
import type { Resource } from '../guard.ts'
import { defaultScimAccess } from './access-defaults.ts'
import { errorDocument, sendReply, sendScimError } from './answer.ts'
import type { Context, Reply } from './context.ts'
import { discover } from './discovery.ts'
import type { Method } from './operation.ts'
import type { ScimOptions } from './options.ts'
import { replyTo } from './reply-to.ts'
import { readQuery } from './request/query.ts'
import { faultOf, ScimFault } from './scim-fault.ts'
import { methodsOf, readTarget, type Target } from './target.ts'

export interface ScimSource {
  readonly options: ScimOptions
  readonly directory: Directory
  /** names of the authenticators that are enabled */
  readonly authenticators: readonly string[]
  /** puts authentication in front of what is answered */
  guard(resource: Resource): Handler
  readonly events: Pick<Events, 'userChanged' | 'roleChanged'>
  readonly log: Log
}

const root = '/scim2'

/** The header in which WSO2's clients name the user they act as on REST paths, as plain text. */
const userHeader = 'wso2-identity-user'

/** `/scim2/*`, of every tenant. Throws ERR_AUTHENTICATOR_UNKNOWN for one that is required and not enabled. */
export function createScim({ options, directory, authenticators, guard, events, log }: ScimSource): readonly Route[] {
  const { limits, listeners, require, origins } = options
  const rules = compileAccessRules(options.access ?? defaultScimAccess)
  let working = 0

  /** What is refused before anybody is asked who they are; undefined: go on. */
  function examineAddress(exchange: Exchange, target: Target | undefined): ProblemSource | undefined {
    const served = listeners === undefined || listeners.includes(exchange.peer.listener)
    if (!served || target === undefined) return { code: 'not_found', detail: 'There is nothing of SCIM at this path.' }
    if (methodsOf(target).includes(methodOf(exchange))) return undefined
    return { code: 'method_not_allowed', detail: `This path takes ${methodsOf(target).join(', ')}.` }
  }

  async function examine({ method, headers, path }: Exchange, principal: Principal): Promise<Refusal | undefined> {
    const crossing = crossOriginRefusal({ method, headers, websocket: false }, { crossOrigin: 'refuse', origins })
    return crossing === undefined ? examineRule(method, path, principal) : refuse('forbidden', crossing)
  }

  async function examineRule(method: string, path: string, principal: Principal): Promise<Refusal | undefined> {
    const rule = rules.find(method, path)
    // A rule that opens a path to anyone opens documents; users and groups are for those who hold a permission for them.
    if (rule?.caller === 'anyone' && targetOf(path)?.kind !== 'discovery')
      return refuse('forbidden', 'The access table names no permission for this.')
    return checkAccessRule(rule, principal, readTenantPath(path).tenant, directory)
  }

  function contextOf(exchange: Exchange, principal: Principal): Context {
    const { tenant, prefix } = readTenantPath(exchange.path)
    return {
      principal,
      tenant,
      base: baseOf(exchange),
      directory,
      events,
      limits,
      examine: (method, path) => examineRule(method, `${prefix}${root}${path}`, principal),
    }
  }

  function baseOf({ headers, path }: Exchange): string {
    return `${options.baseUrl ?? `https://${headers.host ?? 'localhost'}`}${readTenantPath(path).prefix}${root}`
  }

  function discoverAt(exchange: Exchange): Reply {
    const path = readTenantPath(exchange.path).path.slice(root.length)
    const counting = require ?? authenticators
    return discover(path, readQuery(exchange.query), baseOf(exchange), { limits, authenticators: counting })
  }

  async function answer(exchange: Exchange, principal: Principal): Promise<void> {
    if (working >= limits.maxConcurrent) {
      sendScimError(exchange, tooMany, { headers: { 'Retry-After': '1' } })
      return
    }
    working += 1
    try {
      const target = targetOf(exchange.path)!
      const reply =
        target.kind === 'discovery'
          ? discoverAt(exchange)
          : await replyTo(exchange, methodOf(exchange), target, contextOf(exchange, principal), error => {
              const { problem, scimType } = failure(exchange, error)
              return errorDocument(problem, scimType, exchange.requestId)
            })
      sendReply(exchange, reply)
    } catch (error) {
      // Nobody is there to be told.
      if (isCoded(error, 'ERR_REQUEST_ABORTED')) throw error
      sendFailure(exchange, error)
    } finally {
      working -= 1
    }
  }

  function sendFailure(exchange: Exchange, error: unknown): void {
    const { problem, scimType } = failure(exchange, error)
    sendScimError(exchange, problem, {}, scimType)
  }

  /** What a client is told of an error; what is ours to mend goes to the log. */
  function failure({ requestId, method, path, peer }: Exchange, error: unknown): ScimFault {
    const fault = faultOf(error)
    if (fault !== undefined) return fault
    log.error({ err: error, listener: peer.listener, requestId, method, path }, 'a SCIM request failed')
    return new ScimFault({ code: 'internal_error', detail: 'The request could not be answered.' })
  }

  const guarded = guard({
    access: compileAccess({ require }, authenticators),
    assertedUser: ({ headers }) => assertedByHeader(headers[userHeader]),
    examine,
    tell: sendScimError,
    answer,
  })

  function handle(exchange: Exchange): void | Promise<void> {
    const target = targetOf(exchange.path)
    const problem = examineAddress(exchange, target)
    if (problem !== undefined) {
      const headers: Record<string, string> = {}
      if (problem.code === 'method_not_allowed') headers.Allow = allowOf(target!)
      sendScimError(exchange, problem, { headers })
      return
    }
    const open = target!.kind === 'discovery' && rules.find(exchange.method, exchange.path)?.caller === 'anyone'
    if (!open) return guarded(exchange)
    try {
      sendReply(exchange, discoverAt(exchange))
    } catch (error) {
      sendFailure(exchange, error)
    }
  }

  return [{ method: '*', path: `${root}/*`, tenants: 'every-tenant', handle }]
}

const tooMany = { code: 'too_many_requests', detail: 'Too many requests are being worked on.' } as const

function targetOf(path: string): Target | undefined {
  return readTarget(readTenantPath(path).path.slice(root.length))
}

/** As it is spelled: a method in lower case is another one, and none that is taken. */
function methodOf({ method }: Pick<Exchange, 'method'>): Method {
  return (method === 'HEAD' ? 'GET' : method) as Method
}

function allowOf(target: Target): string {
  const methods = methodsOf(target)
  return [...methods, ...(methods.includes('GET') ? ['HEAD'] : [])].toSorted().join(', ')
}

import { type Access, compileAccess } from '../../identity/access/access.ts'
import type { Awaitable } from '../../identity/authn/awaitable.ts'
import { basicName } from '../../identity/authn/basic.ts'
import { mutualTlsName } from '../../identity/authn/mutual-tls.ts'
import { passwordSessionName } from '../../identity/authn/password-session.ts'
import type { PasswordSessions } from '../../identity/authn/password-sessions.ts'
import { sessionName } from '../../identity/authn/session.ts'
import type { Sessions } from '../../identity/authn/sessions.ts'
import type { Directory } from '../../identity/users/directory.ts'
import type { PasswordLogin } from '../../identity/users/password-login.ts'
import type { Log } from '../../log.ts'
import type { Exchange } from '../../server/http/exchange.ts'
import { sendProblem } from '../../server/http/problem.ts'
import type { Handler, Route } from '../../server/http/router.ts'
import type { Events } from '../../telemetry/events/events.ts'
import type { Resource } from '../guard.ts'
import { readAddress } from './address.ts'
import type { PasswordRules } from './call.ts'
import { serveGet } from './get.ts'
import type { SoapOptions } from './options.ts'
import { servePost } from './post.ts'
import { soapServices } from './services/all.ts'

export interface SoapSource {
  readonly options: SoapOptions
  /** names of those that are enabled */
  readonly authenticators: readonly string[]
  readonly guard: (resource: Resource) => Handler
  readonly sessions: Awaitable<Sessions>
  readonly passwordSessions: Awaitable<PasswordSessions>
  readonly directory: Directory
  readonly login: PasswordLogin
  /** undefined: nobody signs in by password here */
  readonly passwords: PasswordRules | undefined
  /** name of the header, and of the SOAP header block, that names the user */
  readonly usernameHeader: string
  readonly version: string
  readonly events: Pick<
    Events,
    'accessGranted' | 'accessRefused' | 'passwordThrottled' | 'userChanged' | 'roleChanged' | 'tenantChanged'
  >
  readonly log: Log
}

/** What answers `/services/*`, of every tenant. Throws ERR_AUTHENTICATOR_UNKNOWN for a required authenticator that is not enabled. */
export function createSoap(source: SoapSource): Route[] {
  const { options, authenticators } = source
  const access = accessOf(options.require, authenticators)
  const listeners = options.listeners && new Set(options.listeners)
  const services = new Set<string>(options.services)

  const handle: Handler = exchange => {
    if (listeners !== undefined && !listeners.has(exchange.peer.listener)) return noRoute(exchange)
    const address = readAddress(exchange.path)
    if (address === undefined || !services.has(address.service)) return noService(exchange)
    const service = soapServices[address.service as keyof typeof soapServices]
    const request = { exchange, address, service, access }
    if (exchange.method === 'GET' || exchange.method === 'HEAD') return serveGet(source, request)
    if (exchange.method === 'POST') return servePost(source, request)
    return notTaken(exchange)
  }

  return [{ method: '*', path: '/services/*', tenants: 'every-tenant', handle }]
}

/** A session counts where that counts which it was opened by. */
function accessOf(require: SoapOptions['require'], names: readonly string[]): Access {
  const usual = compileAccess({ require }, names)
  if (require === undefined) return { ...usual, sessions: 'count' }
  const sessions = [
    ...(require.includes(mutualTlsName) ? [sessionName] : []),
    ...(require.includes(basicName) ? [passwordSessionName] : []),
  ]
  const all = [...new Set([...require, ...sessions])]
  return { ...compileAccess({ require: all }, all), sessions: 'count' }
}

function noRoute(exchange: Exchange): void {
  sendProblem(exchange, { code: 'not_found', detail: 'No route leads to this path.' })
}

function noService(exchange: Exchange): void {
  sendProblem(exchange, { code: 'not_found', detail: 'There is no such service, or it is switched off.' })
}

function notTaken(exchange: Exchange): void {
  const detail = 'Services take POST, and GET for what changes nothing.'
  sendProblem(exchange, { code: 'method_not_allowed', detail }, { headers: { Allow: 'GET, HEAD, POST' } })
}

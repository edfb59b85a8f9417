import type { IncomingHttpHeaders } from 'node:http'
import type { Clock } from '../../clock.ts'
import type { ProblemSource } from '../../server/http/problem.ts'
import { crossOriginRefusal } from '../cross-origin.ts'
import { type AssertionIssuer, createIdentitySource, type IdentitySource } from './identity-source.ts'
import type { GatewayRouteOptions } from './options.ts'
import { createWithholding } from './request-headers.ts'

/** What is decided about a request to one route, whether we pass it on or a proxy does that asks us first. */
export interface DecidedRoute {
  readonly path: string
  /** why the request may not be passed on for anyone, undefined when it may */
  examine(request: Examined): ProblemSource | undefined
  /** who is asking, for the one behind */
  readonly identityOf: IdentitySource
  /** lower-case names that no client may send to the one behind, whatever the headers of its request */
  readonly dropped: readonly string[]
  /** whether a field of a client (lower-case name) has to be kept from the one behind: one of those, or one that speaks of identity */
  withholds(name: string): boolean
  /** whether the Authorization header goes on: it is not for us, and the route says so */
  passesAuthorization(authorization: string): boolean
}

export interface Examined {
  readonly method: string
  readonly headers: IncomingHttpHeaders
  readonly websocket: boolean
  /** what the client asked for, where that is not the Host of these headers; empty when nobody knows */
  readonly host?: string
}

export interface DecidedRouteSource {
  readonly options: GatewayRouteOptions
  /** headers by which a client names the user it acts as: for us, not for the upstream */
  readonly assertionHeaders: readonly string[]
  /** headers that only a proxy in front may send: for us as well */
  readonly proxyHeaders?: readonly string[]
  /** whether an Authorization header is for one of our authenticators: such a one is never passed on */
  claims(authorization: string): boolean
  readonly issuer: AssertionIssuer
  readonly clock: Clock
  readonly epoch: { readonly value: number }
}

export function createDecidedRoute(source: DecidedRouteSource): DecidedRoute {
  const { options, clock, epoch } = source
  const { path, upstream } = options
  const audience = options.audience ?? (upstream === undefined ? undefined : new URL(upstream).origin)
  const dropped = [...source.assertionHeaders, ...(source.proxyHeaders ?? []), ...options.dropHeaders, 'authorization']
  return {
    path,
    dropped: dropped.map(name => name.toLowerCase()),
    withholds: createWithholding({ dropped, passed: options.insecurePassHeaders }),
    passesAuthorization: authorization => options.authorization === 'forward' && !source.claims(authorization),
    identityOf: createIdentitySource({
      assertion: options.assertion === 'send' && audience !== undefined ? { ...source.issuer, audience } : undefined,
      clientCertificate: options.clientCertificate,
      clock,
      epoch,
    }),
    examine({ method, headers, websocket, host }) {
      if (method === 'TRACE' || method === 'CONNECT') {
        return { code: 'method_not_allowed', detail: `${method} is not passed on.` }
      }
      const foreign = crossOriginRefusal({ method, headers, websocket, host }, options)
      if (foreign !== undefined) return { ok: false, code: 'forbidden', detail: foreign }
      if (websocket && options.websocket === 'refuse') {
        return { code: 'not_implemented', detail: 'No WebSocket is passed on at this address.' }
      }
      return undefined
    },
  }
}

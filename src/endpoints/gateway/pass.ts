import type { Dispatcher } from 'undici'
import type { Principal } from '../../identity/authn/authenticator.ts'
import { hasBody } from '../../server/http/body.ts'
import type { Exchange } from '../../server/http/exchange.ts'
import { type ProblemSource, sendProblem } from '../../server/http/problem.ts'
import type { Events } from '../../telemetry/events/events.ts'
import type { DecidedRoute } from './decided-route.ts'
import { drainRequest } from './drain-request.ts'
import { forwardedHeaders } from './forwarded-headers.ts'
import type { Ongoing } from './kept.ts'
import type { GatewayRouteOptions } from './options.ts'
import { Relay, type RelayOutcome } from './relay.ts'
import { RequestBody } from './request-body.ts'
import { createRequestHeaderFilter } from './request-headers.ts'
import { openTunnel } from './tunnel.ts'
import type { Upstream } from './upstream.ts'
import type { UpstreamFailure } from './upstream-failure.ts'
import { createUpstreamPath } from './upstream-path.ts'

export interface GatewayRouteSource {
  readonly options: GatewayRouteOptions & { readonly upstream: string }
  readonly decided: DecidedRoute
  readonly upstream: Upstream
  /** requests and tunnels under way, to be ended with the route */
  readonly ongoing: Ongoing
  readonly events: Pick<Events, 'upstreamFailed'>
}

/** Passes the request on, and the answer back. Settles when the answer is out, or the tunnel open. */
export type Pass = (exchange: Exchange, principal: Principal) => Promise<void>

/** The way to the upstream of one route: what is the same for all its requests is made here, once. */
export function createPass(source: GatewayRouteSource): Pass {
  const { options, decided, upstream, ongoing, events } = source
  const { path, timeouts } = options
  const limits = { queue: timeouts.connect * 2, stall: timeouts.idle }
  const upstreamPath = createUpstreamPath(options)
  const filter = createRequestHeaderFilter(decided.withholds)

  async function pass(exchange: Exchange, principal: Principal): Promise<void> {
    const made = decided.identityOf(principal, exchange.peer.judgement())
    const identity = 'then' in made ? await made : made
    const request = requestFor(exchange, identity)
    let outcome = await send(exchange, request)
    // Once more when a kept connection was closed under us, and only what changes nothing and is still whole (RFC 9110 section 9.2.2).
    const repeatable = request.body === null && (request.method === 'GET' || request.method === 'HEAD')
    if (repeatable && outcome.kind === 'failed' && outcome.failure.retry === 'harmless' && !exchange.upgrade) {
      outcome = await send(exchange, request)
    }
    conclude(exchange, outcome)
  }

  function requestFor(exchange: Exchange, identity: readonly string[]): Dispatcher.DispatchOptions {
    const { headers, method, peer, upgrade } = exchange
    const lines = filter(exchange.request.rawHeaders)
    if (options.host === 'client' && headers.host !== undefined) lines.push('host', headers.host)
    const { authorization } = headers
    if (authorization !== undefined && decided.passesAuthorization(authorization)) {
      lines.push('authorization', authorization)
    }
    lines.push(...forwardedHeaders(peer.remoteAddress, headers.host), ...identity)
    let body: RequestBody | null = null
    if (hasBody(exchange)) {
      if (headers['content-length'] !== undefined) lines.push('content-length', headers['content-length'])
      body = new RequestBody(exchange.request, { limit: exchange.maxBodyBytes, idle: timeouts.idle })
    }
    return {
      method: method as Dispatcher.HttpMethod,
      path: upstreamPath(exchange.request.url ?? '/'),
      headers: lines,
      body,
      headersTimeout: timeouts.headers,
      bodyTimeout: timeouts.idle,
      ...(upgrade && { upgrade: 'websocket' }),
    }
  }

  function send(exchange: Exchange, request: Dispatcher.DispatchOptions): Promise<RelayOutcome> {
    return new Promise(resolve => {
      const relay = new Relay(exchange, limits, outcome => {
        ongoing.delete(seat)
        resolve(outcome)
      })
      const seat = ongoing.add(relay)
      upstream.dispatch(request, relay)
    })
  }

  function conclude(exchange: Exchange, outcome: RelayOutcome): void {
    switch (outcome.kind) {
      case 'answered':
      case 'gone':
        break
      case 'switched':
        openTunnel(exchange.upgrade!, outcome.switched, { idle: timeouts.websocketIdle, ongoing })
        break
      case 'faulty':
        sendProblem(exchange, faults[outcome.fault])
        drainRequest(exchange)
        break
      case 'broken':
        report(exchange, outcome.failure)
        break
      case 'failed':
        report(exchange, outcome.failure)
        sendProblem(exchange, failures[outcome.failure.code])
        drainRequest(exchange)
    }
  }

  function report({ requestId }: Exchange, { code, reason }: UpstreamFailure): void {
    if (code === 'request_invalid') return
    const status = code === 'upstream_timeout' ? 504 : 502
    events.upstreamFailed({ requestId, route: path, upstream: upstream.origin, status, reason })
  }

  return pass
}

/** The client learns what kind of failure it was, and nothing of what stands behind us. */
const failures = {
  upstream_unreachable: { code: 'bad_gateway', detail: 'The resource could not be reached.' },
  upstream_invalid: { code: 'bad_gateway', detail: 'The resource gave an answer that could not be read.' },
  request_invalid: { code: 'bad_request', detail: 'The request holds something that cannot be passed on.' },
  upstream_timeout: { code: 'gateway_timeout', detail: 'The resource did not answer in time.' },
} as const satisfies Record<string, ProblemSource>

const faults = {
  body_too_large: { code: 'payload_too_large', detail: 'The body is larger than is taken here.' },
  body_timeout: { code: 'request_timeout', detail: 'No more of the body came for too long.' },
} as const satisfies Record<string, ProblemSource>

import { isStorageFailure } from '../../../errors.ts'
import type { Log } from '../../../log.ts'
import type { Exchange, ForwardAuth, ProxiedBy } from '../../../server/http/exchange.ts'
import { problemAnswer, sendProblem } from '../../../server/http/problem.ts'
import type { Handler } from '../../../server/http/router.ts'
import type { Events } from '../../../telemetry/events/events.ts'
import { accessOf } from '../../guard.ts'
import { AskedExchange, type Reply } from '../forward-auth/asked-exchange.ts'
import { withheldFields } from '../forward-auth/withheld-fields.ts'
import { type CheckRequest, readCheckRequest } from './check-request.ts'
import { writeAdmitted, writeDenied } from './check-response.ts'
import { type GrpcFailure, grpcStatus, grpcTimeout, readGrpcMessage, sendGrpcFailure, sendGrpcMessage } from './grpc.ts'

export interface ExtAuthzSource {
  readonly decide: Handler<AskedExchange>
  readonly events: Pick<Events, 'accessRefused'>
  readonly log: Log
}

/** The address of the service: its one method stands below it. */
export const extAuthzPath = '/envoy.service.auth.v3.Authorization'

/** Envoy's external authorisation over gRPC: the same question as at `/auth/check`, and the same decision. */
export function createExtAuthz({ decide, events, log }: ExtAuthzSource): Handler {
  async function answer(exchange: Exchange): Promise<GrpcFailure | undefined> {
    const { path, proxy } = exchange
    if (path !== `${extAuthzPath}/Check`)
      return { status: grpcStatus.unimplemented, message: 'the service has the method Check' }
    if (!mayAsk(proxy)) {
      const detail =
        'Only an Envoy that has proven itself, and has forwardAuth of the form envoy-grpc, is answered here.'
      const certificate = exchange.peer.judgement()?.certificate
      events.accessRefused({ ...accessOf(exchange, certificate), code: 'proxy_not_proven', detail })
      return { status: grpcStatus.permissionDenied, message: detail }
    }
    const message = await readGrpcMessage(exchange)
    if ('status' in message) return message
    const request = readCheckRequest(message)
    if (typeof request === 'string') return { status: grpcStatus.invalidArgument, message: request }
    await check(exchange, proxy, request)
    return undefined
  }

  async function check(exchange: Exchange, proxy: Asker, { headers, ...told }: CheckRequest): Promise<void> {
    const { certificate, address, method, target, host } = told
    // Several of them identify nobody: the chain refuses them.
    const credential = one(headers.authorization)
    const peer = await proxy.clientOf({ certificate, address, credential })
    const original = proxy.forwardAuth.original({ method, path: target, headers: { host } }, proxy)
    const known = typeof peer === 'string' ? exchange.peer : peer
    const asked = (request: { method: string; path: string; host: string | undefined }) =>
      new AskedExchange(exchange, request, reply, { peer: known, headers })
    if (typeof peer !== 'string' && typeof original !== 'string') return decide(asked(original))
    const fault = typeof peer === 'string' ? peer : original
    const detail = `What the proxy ${proxy.name} asks about cannot be understood: ${fault}.`
    reply.refuse(asked({ method, path: '', host }), { code: 'bad_request', detail }, {})
  }

  return async exchange => {
    if (!('stream' in exchange.request))
      return sendProblem(exchange, { code: 'bad_request', detail: 'gRPC is spoken over HTTP/2.' })
    if (!/^application\/grpc(?:\+proto)?$/.test(exchange.headers['content-type'] ?? '')) {
      return sendProblem(exchange, { code: 'unsupported_media_type', detail: 'The type is application/grpc.' })
    }
    const deadline = grpcTimeout(one(exchange.headers['grpc-timeout']))
    const late = { status: grpcStatus.deadlineExceeded, message: 'the decision took too long' }
    // Whatever is answered later than that finds the call closed.
    const timer = deadline && setTimeout(() => sendGrpcFailure(exchange, late), Math.min(deadline, longestWait))
    try {
      const failure = await answer(exchange)
      if (failure !== undefined) sendGrpcFailure(exchange, failure)
    } catch (error) {
      const { requestId, path } = exchange
      const unasked = isStorageFailure(error)
      if (unasked)
        log.warn({ code: error.code, error: error.message, requestId, path }, 'a request waits for the database')
      else log.error({ err: error, requestId, path }, 'a request failed')
      sendGrpcFailure(exchange, unasked ? unavailable : internal)
    } finally {
      clearTimeout(timer)
    }
  }
}

type Asker = ProxiedBy & Required<Pick<ProxiedBy, 'clientOf'>> & { readonly forwardAuth: ForwardAuth }

function mayAsk(proxy: ProxiedBy | undefined): proxy is Asker {
  return proxy?.forwardAuth?.channel === 'grpc' && proxy.clientOf !== undefined
}

const reply: Reply = {
  admit(asked, route, identity) {
    sendGrpcMessage(asked.asking, writeAdmitted(identity, withheldFields(asked, route, identity)))
  },
  refuse(asked, source, options) {
    const { status, headers, body } = problemAnswer(asked, source, options)
    sendGrpcMessage(asked.asking, writeDenied({ status, headers: { 'Cache-Control': 'no-store', ...headers }, body }))
  },
}

const one = (value: string | string[] | undefined): string | undefined =>
  typeof value === 'string' ? value : undefined
const longestWait = 600_000
const unavailable = { status: grpcStatus.unavailable, message: 'The database with the users does not answer.' }
const internal = { status: grpcStatus.internal, message: 'The request could not be answered.' }

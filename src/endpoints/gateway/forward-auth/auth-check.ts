import { refuse } from '../../../refusals.ts'
import type { Exchange } from '../../../server/http/exchange.ts'
import { sendProblem } from '../../../server/http/problem.ts'
import type { Handler } from '../../../server/http/router.ts'
import type { Events } from '../../../telemetry/events/events.ts'
import { accessOf } from '../../guard.ts'
import { AskedExchange, type Reply } from './asked-exchange.ts'

export interface AuthCheckSource {
  readonly decide: Handler<AskedExchange>
  readonly reply: Reply
  readonly events: Pick<Events, 'accessRefused'>
}

/**
 * `/auth/check`: a proxy asks whether the request that it holds back is let in. It is answered to proxies that proved themselves and may ask.
 * To anybody else a yes would say nothing of what is asked about, only of whoever asks: nginx's own certificate may be somebody's.
 */
export function createAuthCheck({ decide, reply, events }: AuthCheckSource): Handler {
  return exchange => {
    const { proxy } = exchange
    if (proxy?.forwardAuth?.channel !== 'http') {
      const refusal = refuse('proxy_not_proven', proxy === undefined ? notProven : mayNotAsk(proxy.name))
      const { code, detail } = refusal
      events.accessRefused({ ...accessOf(exchange, exchange.peer.judgement()?.certificate), code, detail })
      return sendProblem(exchange, refusal)
    }
    const original = proxy.forwardAuth.original(exchange, proxy)
    if (typeof original !== 'string') return decide(new AskedExchange(exchange, original, reply))
    const detail = `What the proxy ${proxy.name} asks about cannot be understood: ${original}.`
    reply.refuse(unreadable(exchange, reply), { code: 'bad_request', detail }, {})
  }
}

function unreadable(exchange: Exchange, reply: Reply): AskedExchange {
  return new AskedExchange(exchange, { method: exchange.method, path: exchange.path, host: undefined }, reply)
}

const notProven = 'Only a proxy that has proven itself is told here whether others are let in.'
const mayNotAsk = (name: string) =>
  `The proxy ${name} may not ask here: its configuration has no forwardAuth that says so.`

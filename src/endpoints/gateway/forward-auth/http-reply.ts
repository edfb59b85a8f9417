import type { Clock } from '../../../clock.ts'
import type { Exchange, Http1Response } from '../../../server/http/exchange.ts'
import { problemOf, sendProblem } from '../../../server/http/problem.ts'
import type { AskedExchange, Reply } from './asked-exchange.ts'
import { withheldFields } from './withheld-fields.ts'

export interface HttpReplySource {
  /** headers of a request by which a client names the user it acts as */
  readonly assertionHeaders: readonly string[]
  readonly epoch: { readonly value: number }
  readonly clock: Clock
}

/** Answers at `/auth/check`: 200 with who is asking, or the problem, which stands in the fields once more for those who throw bodies away. */
export function createHttpReply({ assertionHeaders, epoch, clock }: HttpReplySource): Reply {
  const browsers = ['origin', 'sec-fetch-site', 'sec-websocket-version']
  const judged = [...assertionHeaders.map(name => name.toLowerCase()), 'authorization', ...browsers]
  // The same headers make the same answer, which is written down once.
  const answers = new WeakMap<readonly string[], readonly string[]>()

  function answerTo(identity: readonly string[]): readonly string[] {
    const known = answers.get(identity)
    if (known !== undefined) return known
    // Frozen: what many answers share is put together once.
    const answer = Object.freeze([...identity, 'Content-Length', '0', 'Cache-Control', 'no-store'])
    answers.set(identity, answer)
    return answer
  }

  function cacheable(asked: AskedExchange, identity: readonly string[], seconds: number): string[] {
    const vary = [...(asked.proxy?.forwardAuth?.fields ?? []), ...judged].join(', ')
    const caching = ['Cache-Control', `max-age=${seconds}`, 'Vary', vary, 'Countersign-Epoch', String(epoch.value)]
    return [...identity, 'Content-Length', '0', ...caching]
  }

  /** How long a yes may be kept: never past the end of what it was made from. */
  function secondsFor({ peer, proxy }: AskedExchange): number {
    const most = proxy?.forwardAuth?.cacheSeconds ?? 0
    if (most === 0) return 0
    const validUntil = peer.judgement()?.validUntil ?? Number.POSITIVE_INFINITY
    return Math.max(0, Math.min(most, Math.floor((validUntil - clock.now()) / 1000)))
  }

  return {
    admit(asked, route, identity) {
      const seconds = secondsFor(asked)
      let fields = seconds === 0 ? answerTo(identity) : cacheable(asked, identity, seconds)
      if (asked.proxy?.forwardAuth?.removesFields) {
        fields = [...fields, 'X-Envoy-Auth-Headers-To-Remove', withheldFields(asked, route, identity).join(', ')]
      }
      // Both kinds of response take the same arguments here; a union of overloads does not say so.
      const response = asked.response as Http1Response
      // Envoy takes nothing but 200 for a yes.
      response.writeHead(200, fields as string[])
      response.end()
    },
    refuse(asked, source, options) {
      const problem = problemOf(source, asked.requestId)
      const { status } = problem
      const folded = asked.proxy?.forwardAuth?.statuses === '401-403' && status !== 401
      const document = fieldText({ ...problem, detail: cut(problem.detail) })
      const headers = {
        ...options.headers,
        'Countersign-Problem': document,
        'Countersign-Problem-Code': problem.code,
        'Countersign-Problem-Type': problem.type,
      }
      const answered: Exchange = asked.asking
      sendProblem(answered, source, { ...options, headers, status: folded ? 403 : status })
    },
  }
}

/** JSON in ASCII, which holds neither line ends nor anything else that a field cannot: a proxy can send it on as a body. */
function fieldText(document: object): string {
  return JSON.stringify(document).replace(
    /[\u007f-\uffff]/g,
    unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** nginx has room for 4 KB of fields, unless it is told otherwise. */
const cut = (detail: string): string => (detail.length > 400 ? `${detail.slice(0, 400)}…` : detail)

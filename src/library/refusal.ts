import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Exchange } from '../server/http/exchange.ts'
import { prefersHtml } from '../server/http/prefers-html.ts'
import {
  type Problem,
  type ProblemOptions,
  type ProblemSource,
  problemOf,
  sendProblem,
} from '../server/http/problem.ts'
import { answerRaw } from '../server/tls/answer-raw.ts'

/** A refusal on its way to the client. */
export interface Told {
  readonly problem: Problem
  /** WWW-Authenticate, Retry-After: to be sent along */
  readonly headers: Readonly<Record<string, string | readonly string[]>>
  /** the client is a person's browser */
  readonly page: boolean
}

/** Answers with a refusal in the application's own words. It has to end the response. */
export type RefuseWith = (told: Told, response: ServerResponse, request: IncomingMessage) => void

/** Tells a refusal: as a problem document, as a page, or as the application wants to. */
export function tellRefusal(
  exchange: Exchange,
  source: ProblemSource,
  options: ProblemOptions,
  refuseWith: RefuseWith | undefined,
): void {
  if (refuseWith === undefined) return void sendProblem(exchange, source, options)
  const problem = problemOf(source, exchange.requestId)
  const { challenges = [], headers } = options
  const told = {
    problem,
    headers: {
      ...(problem.status === 401 && challenges.length > 0 ? { 'WWW-Authenticate': challenges } : {}),
      ...('retryAfterSeconds' in source ? { 'Retry-After': String(source.retryAfterSeconds) } : {}),
      ...headers,
    },
    page: prefersHtml(exchange.headers.accept),
  }
  // Those of HTTP/2 have the same methods.
  refuseWith(told, exchange.response as ServerResponse, exchange.request as IncomingMessage)
}

/** The same on a connection that an application has taken over already, to speak another protocol. */
export function tellUpgraded({ request }: Exchange, source: ProblemSource): void {
  answerRaw(request.socket, source)
}

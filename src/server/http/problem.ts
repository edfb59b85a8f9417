import { type Refusal, type RefusalCode, refusals } from '../../refusals.ts'
import { sendAnswer } from './answer.ts'
import type { Answer, Exchange } from './exchange.ts'
import { type HttpProblemCode, httpProblems } from './http-problems.ts'
import { prefersHtml } from './prefers-html.ts'

/** A problem document (RFC 9457): members in the order they are sent. */
export interface Problem {
  /** `/problems/certificate-expired` */
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  readonly code: ProblemCode
  readonly remedy: string
  readonly requestId: string
}

export type ProblemCode = RefusalCode | HttpProblemCode

/** What to tell: a refusal, or something of the second list. */
export type ProblemSource = Refusal | { readonly code: HttpProblemCode; readonly detail: string }

export interface ProblemOptions {
  /** WWW-Authenticate, one for each way to sign in; sent with 401 only (RFC 9110 section 11.6.1) */
  readonly challenges?: readonly string[]
  /** for readers who take some statuses only; the document keeps its own */
  readonly status?: number
  /** further fields: Allow, Retry-After */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>
}

/** Answers with the problem: as JSON, or as a page when a person's browser asks. */
export function sendProblem(exchange: Exchange, source: ProblemSource, options: ProblemOptions = {}): void {
  sendAnswer(exchange, problemAnswer(exchange, source, options))
}

/** The same as a value. */
export function problemAnswer(
  exchange: Pick<Exchange, 'requestId' | 'headers' | 'problemPage'>,
  source: ProblemSource,
  options: ProblemOptions = {},
): ProblemAnswer {
  const problem = problemOf(source, exchange.requestId)
  const { challenges = [], headers, status = problem.status } = options
  const page =
    exchange.problemPage !== undefined && prefersHtml(exchange.headers.accept) ? exchange.problemPage : undefined
  return {
    status,
    headers: {
      ...(page === undefined ? jsonFields : pageFields),
      ...(status === 401 && challenges.length > 0 ? { 'WWW-Authenticate': challenges } : {}),
      ...('retryAfterSeconds' in source ? { 'Retry-After': String(source.retryAfterSeconds) } : {}),
      ...headers,
    },
    body: page === undefined ? JSON.stringify(problem) : page(problem),
  }
}

type ProblemAnswer = Required<Answer> & { readonly body: string }

export function problemOf({ code, detail }: ProblemSource, requestId: string): Problem {
  const { status, title, remedy } = entryOf(code)
  return { type: `/problems/${code.replaceAll('_', '-')}`, title, status, detail, code, remedy, requestId }
}

function entryOf(code: ProblemCode): { status: number; title: string; remedy: string } {
  return Object.hasOwn(refusals, code) ? refusals[code as RefusalCode] : httpProblems[code as HttpProblemCode]
}

const jsonFields = { 'Content-Type': 'application/problem+json; charset=utf-8' }

const pageFields = {
  'Content-Type': 'text/html; charset=utf-8',
  'Referrer-Policy': 'no-referrer',
  'Content-Security-Policy':
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; base-uri 'none'; frame-ancestors 'none'",
}

import { sendAnswer } from '../../server/http/answer.ts'
import type { Exchange } from '../../server/http/exchange.ts'
import { type ProblemOptions, type ProblemSource, problemOf, sendProblem } from '../../server/http/problem.ts'
import { contentTypes, type Fault, fault, renderFault, type Told, type Wrapping } from './message/fault.ts'
import { soap11, soap12 } from './namespaces.ts'
import { writeFields } from './schema/write.ts'
import type { Operation, Service } from './service.ts'

/** How one request is answered: wrapped like it came, with the cookies that were set on the way. */
export interface Reply {
  readonly exchange: Exchange
  readonly wrapping: Wrapping
  readonly cookies: string[]
}

/** 200 with what the operation gave; 202 with nothing for a void one, as WSO2's products answer it. */
export function sendResult(reply: Reply, { namespace }: Service, { name, result }: Operation, value: unknown): void {
  const { exchange, wrapping } = reply
  if (result === undefined) return void sendAnswer(exchange, { status: 202, headers: cookieFields(reply) })
  const element = writeFields(namespace, `${name}Response`, [['return', result, value]])
  sendAnswer(exchange, {
    status: 200,
    headers: { 'Content-Type': contentTypes[wrapping], ...cookieFields(reply) },
    body: wrap(element, wrapping),
  })
}

export function sendFault(
  reply: Reply,
  raised: Fault,
  headers: Readonly<Record<string, string | readonly string[]>> = {},
): void {
  const { exchange, wrapping } = reply
  const { requestId } = exchange
  const told = { ...(raised.told ?? toldOf({ code: 'bad_request', detail: raised.text }, requestId)), requestId }
  const { status, contentType, body } = renderFault({ ...raised, told }, wrapping)
  sendAnswer(exchange, { status, headers: { 'Content-Type': contentType, ...headers, ...cookieFields(reply) }, body })
}

/**
 * Whoever is not let in: 401 with the challenges where a credential is missing or wrong, so that clients send one; else the fault that
 * clients of WSO2's products know. A request without an envelope gets a problem document.
 */
export function sendUnidentified(reply: Reply, problem: ProblemSource, options: ProblemOptions): void {
  const { exchange, wrapping } = reply
  if (wrapping === 'bare') return void sendProblem(exchange, problem, options)
  const { challenges = [] } = options
  const raised = fault(50977, 'Access Denied. Please login first.', { told: toldOf(problem, exchange.requestId) })
  const challenged = challenges.length > 0 && asksForCredentials(problem, exchange)
  const throttled = 'retryAfterSeconds' in problem && problem.retryAfterSeconds !== undefined
  const { body, contentType, status } = renderFault(raised, wrapping)
  sendAnswer(exchange, {
    status: challenged ? 401 : throttled ? 429 : status,
    headers: {
      'Content-Type': contentType,
      ...(challenged ? { 'WWW-Authenticate': challenges } : {}),
      ...(throttled ? { 'Retry-After': String(problem.retryAfterSeconds) } : {}),
      ...cookieFields(reply),
    },
    body,
  })
}

function asksForCredentials({ code }: ProblemSource, { headers }: Exchange): boolean {
  if (code === 'credentials_required' || code === 'certificate_required' || code === 'credentials_invalid') return true
  return (code === 'account_locked' || code === 'tenant_inactive') && headers.authorization !== undefined
}

export function toldOf(source: ProblemSource, requestId: string): Told {
  const { code, detail, remedy } = problemOf(source, requestId)
  return { code, detail, remedy, requestId }
}

function wrap(element: string, wrapping: Wrapping): string {
  if (wrapping === 'bare') return element
  const namespace = wrapping === 'soap12' ? soap12 : soap11
  return `<soapenv:Envelope xmlns:soapenv="${namespace}"><soapenv:Body>${element}</soapenv:Body></soapenv:Envelope>`
}

function cookieFields({ cookies }: Reply): Record<string, readonly string[]> {
  return cookies.length === 0 ? {} : { 'Set-Cookie': cookies }
}

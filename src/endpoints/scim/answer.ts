import { sendAnswer } from '../../server/http/answer.ts'
import type { Exchange } from '../../server/http/exchange.ts'
import { type ProblemOptions, type ProblemSource, problemOf } from '../../server/http/problem.ts'
import type { Reply } from './context.ts'
import { entityTag, isUnchanged } from './resource/entity-tag.ts'
import type { ScimType } from './scim-fault.ts'

/** Sends what an operation answers; a client that has this version already is told that alone. */
export function sendReply(exchange: Exchange, { status, body, location, version }: Reply): void {
  const reading = exchange.method === 'GET' || exchange.method === 'HEAD'
  const unchanged = reading && version !== undefined && isUnchanged(exchange.headers, version)
  const headers = {
    ...(version === undefined ? {} : { ETag: entityTag(version) }),
    ...(location === undefined ? {} : status === 201 ? { Location: location } : { 'Content-Location': location }),
  }
  if (unchanged) sendAnswer(exchange, { status: 304, headers })
  else if (body === undefined) sendAnswer(exchange, { status, headers })
  else sendAnswer(exchange, { status, headers: { ...headers, ...typeFields(exchange) }, body: JSON.stringify(body) })
}

/** Sends a refusal or a problem as an error of the standard (RFC 7644 section 3.12). */
export function sendScimError(
  exchange: Exchange,
  source: ProblemSource,
  { challenges = [], headers = {} }: ProblemOptions = {},
  scimType?: ScimType,
): void {
  const error = errorDocument(source, scimType, exchange.requestId)
  const status = Number(error.status)
  sendAnswer(exchange, {
    status,
    headers: {
      ...typeFields(exchange),
      ...(status === 401 && challenges.length > 0 ? { 'WWW-Authenticate': challenges } : {}),
      ...('retryAfterSeconds' in source ? { 'Retry-After': String(source.retryAfterSeconds) } : {}),
      ...headers,
    },
    body: JSON.stringify(error),
  })
}

/** The error of the standard, with what our problem documents have besides: code, remedy, and the identifier of the request. */
export function errorDocument(source: ProblemSource, scimType: ScimType | undefined, requestId: string) {
  const { status, detail, code, remedy } = problemOf(source, requestId)
  return {
    schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'],
    status: String(status),
    ...(scimType === undefined ? {} : { scimType }),
    detail,
    code,
    remedy,
    requestId,
  }
}

/** RFC 7644 section 3.1: `application/scim+json`, and plain JSON for those who ask for nothing else. */
function typeFields({ headers: { accept = '' } }: Exchange) {
  const plain = /application\/json/i.test(accept) && !/application\/scim\+json|\*\/\*|application\/\*/i.test(accept)
  return {
    'Content-Type': `application/${plain ? 'json' : 'scim+json'}; charset=utf-8`,
    Vary: 'Accept',
  }
}

import { readBody } from '../../server/http/body.ts'
import type { Exchange } from '../../server/http/exchange.ts'
import { sendProblem } from '../../server/http/problem.ts'
import { crossOriginRefusal } from '../cross-origin.ts'
import { accessOf } from '../guard.ts'
import { sendFault } from './answer.ts'
import { namedOperation } from './dispatch.ts'
import type { Fault, Wrapping } from './message/fault.ts'
import { type MediaType, readMediaType } from './message/media-type.ts'
import { type CallRules, type ReadCall, readCall } from './message/read-call.ts'
import { perform, type ServiceRequest } from './perform.ts'
import type { SoapSource } from './soap.ts'

/** What strangers may send before anybody knows them: sign-ins and changes of a password are short. */
const strangersBytes = 65_536

/** A POST calls an operation, in an envelope or without one. */
export async function servePost(source: SoapSource, request: ServiceRequest): Promise<void> {
  const { exchange, address, service } = request
  const { options, usernameHeader } = source
  if (isForeign(source, exchange)) return
  const media = readMediaType(exchange.headers['content-type'])
  if (!media.ok) return sendProblem(exchange, { code: 'unsupported_media_type', detail: media.detail })
  const soapAction = textOf(exchange.headers.soapaction)
  const rules: CallRules = { service, address, soapAction, limits: options.limits, usernameHeader }
  const wrapping = wrappingOf(media)
  const read = async (most: number): Promise<ReadCall | Fault | undefined> => {
    const body = await readBody(exchange, Math.min(most, exchange.maxBodyBytes))
    return body && readCall(body, media, rules)
  }
  const { maxBodyBytes } = options.limits
  if (!mayNameUser(exchange) && !maybeAnonymous(rules, media)) {
    return perform(source, request, wrapping, { ok: 'later', read: () => read(maxBodyBytes) })
  }
  const call = await read(mayNameUser(exchange) ? maxBodyBytes : Math.min(maxBodyBytes, strangersBytes))
  if (call === undefined) return
  if (!call.ok) return sendFault({ exchange, wrapping, cookies: [] }, call)
  return perform(source, request, wrapping, call)
}

/** A form, or a page's script, of another site: a browser sends certificates and cookies along with it. */
function isForeign({ options, events }: SoapSource, exchange: Exchange): boolean {
  const { method, headers } = exchange
  const { origins } = options
  const detail = crossOriginRefusal({ method, headers, websocket: false }, { crossOrigin: 'refuse', origins })
  if (detail === undefined) return false
  const certificate = exchange.peer.judgement()?.certificate
  events.accessRefused({ ...accessOf(exchange, certificate), code: 'forbidden', detail })
  sendProblem(exchange, { ok: false, code: 'forbidden', detail })
  return true
}

/** The header of the message may name the user whom a certificate acts as: that is read before anybody is let in, for trusted ones alone. */
function mayNameUser({ headers, peer }: Exchange): boolean {
  return headers.authorization === undefined && peer.judgement()?.verdict.ok === true
}

/** Whether the message may be one that nobody is asked for who they are. */
function maybeAnonymous({ service, address, soapAction }: CallRules, media: MediaType): boolean {
  const named = namedOperation(service, { action: media.action ?? soapAction, path: address.operation })
  if (named !== undefined) return 'ok' in named || named.access === 'anonymous'
  return service.operations.values().some(({ access }) => access === 'anonymous')
}

function wrappingOf({ format }: MediaType): Wrapping {
  return format === 'soap11' || format === 'soap12' ? format : 'bare'
}

function textOf(field: string | readonly string[] | undefined): string | undefined {
  return typeof field === 'string' ? field : field?.join(', ')
}

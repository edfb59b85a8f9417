import type { Address } from '../address.ts'
import { dispatch, namedOperation } from '../dispatch.ts'
import type { Operation, Service } from '../service.ts'
import type { XmlElement } from '../xml/element.ts'
import { parseXml, type XmlLimits } from '../xml/parse.ts'
import { readEnvelope } from './envelope.ts'
import { type Fault, fault } from './fault.ts'
import type { MediaType } from './media-type.ts'
import { elementOfParameters } from './parameters.ts'

/** A call that was read: which operation, with what, and whom its header names. */
export interface ReadCall {
  readonly ok: true
  readonly operation: Operation
  /** undefined: the operation has no parameters and none came */
  readonly element: XmlElement | undefined
  readonly assertedUser: string | undefined
}

export interface CallRules {
  readonly service: Service
  readonly address: Address
  /** SOAPAction, for the formats that have it */
  readonly soapAction: string | undefined
  readonly limits: XmlLimits
  readonly usernameHeader: string
}

/** Reads the body of a POST. */
export function readCall(body: Uint8Array, media: MediaType, rules: CallRules): ReadCall | Fault {
  return media.format === 'form' ? readForm(body, media, rules) : readXml(body, media, rules)
}

function readXml(body: Uint8Array, media: MediaType, rules: CallRules): ReadCall | Fault {
  const { service, limits, usernameHeader } = rules
  const { format, charset } = media
  const parsed = parseXml(body, limits, charset)
  if (!parsed.ok) return fault('client', parsed.detail)
  if (media.action !== undefined && rules.soapAction && unquoted(rules.soapAction) !== media.action) {
    return fault('client', 'The action of the Content-Type and the header SOAPAction differ.')
  }
  const names = { action: media.action ?? rules.soapAction, path: rules.address.operation }
  // The HTTP binding of the WSDLs sends the element of the call without an envelope, to the path of the operation.
  const bare = format === 'xml' || (format === 'soap11' && names.path !== undefined && parsed.root.name !== 'Envelope')
  if (format === 'xml' && names.path === undefined) {
    return fault('client', 'Without an envelope the path has to name the operation.')
  }
  const message = bare
    ? ({ ok: true, body: parsed.root, assertedUser: undefined } as const)
    : readEnvelope(parsed.root, { version: format === 'soap12' ? 'soap12' : 'soap11', usernameHeader })
  if (!message.ok) return message
  const operation = dispatch(service, { ...names, body: message.body })
  if ('ok' in operation) return operation
  return { ok: true, operation, element: message.body, assertedUser: message.assertedUser }
}

function unquoted(text: string): string {
  return text.replace(/^"(.*)"$/, '$1')
}

function readForm(body: Uint8Array, { charset }: MediaType, rules: CallRules): ReadCall | Fault {
  if (charset !== undefined && !/^utf-?8$/i.test(charset)) return fault('client', 'A form has to be in UTF-8.')
  const text = decode(body)
  if (text === undefined) return fault('client', 'The form is not UTF-8.')
  return readParameters(new URLSearchParams(text), rules)
}

/** Parameters of a form, or of the query of a GET. */
export function readParameters(
  parameters: URLSearchParams,
  { service, address, soapAction, limits }: CallRules,
): ReadCall | Fault {
  if (address.operation === undefined) return fault('client', 'Without an envelope the path has to name the operation.')
  if (parameters.size > limits.maxElements)
    return fault('client', `There are more than ${limits.maxElements} parameters.`)
  const operation = namedOperation(service, { action: soapAction, path: address.operation })
  if (operation === undefined || 'ok' in operation) return operation ?? fault('client', 'The path names no operation.')
  const element = elementOfParameters(parameters, service, operation)
  return { ok: true, operation, element, assertedUser: undefined }
}

function decode(body: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body)
  } catch {
    return undefined
  }
}

import { sendAnswer } from '../../server/http/answer.ts'
import { sendProblem } from '../../server/http/problem.ts'
import { sendFault } from './answer.ts'
import { readParameters } from './message/read-call.ts'
import { perform, type ServiceRequest } from './perform.ts'
import type { SoapSource } from './soap.ts'
import { renderWsdl } from './wsdl/wsdl.ts'

/**
 * A GET asks for the WSDL, or calls an operation that changes nothing with its query (CVE-2025-6670: the original changed things by GET, and
 * a browser sends those for any page).
 */
export async function serveGet(source: SoapSource, request: ServiceRequest): Promise<void> {
  const { exchange, address, service } = request
  const { options, usernameHeader } = source
  if (address.operation === undefined) return serveDescription(options.wsdl, request)
  const operation = service.operations.get(address.operation)
  if (operation === undefined) {
    return sendProblem(exchange, { code: 'not_found', detail: 'The service has no such operation.' })
  }
  if (operation.effect === 'changes') {
    const detail = `${operation.name} changes something, so it is not called by GET.`
    return sendProblem(exchange, { code: 'method_not_allowed', detail }, { headers: { Allow: 'POST' } })
  }
  const { limits } = options
  const call = readParameters(new URLSearchParams(exchange.query), {
    service,
    address,
    soapAction: undefined,
    limits,
    usernameHeader,
  })
  if (!call.ok) return sendFault({ exchange, wrapping: 'bare', cookies: [] }, call)
  return perform(source, request, 'bare', call)
}

function serveDescription(wsdl: 'hidden' | 'shown', { exchange, address, service }: ServiceRequest): void {
  if (exchange.query.toLowerCase() !== 'wsdl') {
    const detail = 'A service is called by POST, or by GET with the operation in the path.'
    return void sendProblem(exchange, { code: 'not_found', detail })
  }
  if (wsdl === 'hidden') {
    const detail = 'The WSDLs of this server are not shown (soap.wsdl: shown).'
    return void sendProblem(exchange, { code: 'not_found', detail })
  }
  sendAnswer(exchange, {
    status: 200,
    headers: { 'Content-Type': 'text/xml; charset=utf-8' },
    body: renderWsdl(service, `https://${exchange.headers.host ?? 'localhost'}${address.base}`),
  })
}

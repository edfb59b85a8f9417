import { exceptionElements, exceptionOf } from '../exception.ts'
import type { Operation, Service } from '../service.ts'
import { escapeXml } from '../xml/write.ts'
import { createPrefixes, renderSchemas } from './schemas.ts'

/**
 * The WSDL 1.1 of a service, made from the same table that answers calls: with the names, types and actions of WSO2's own, so that one
 * stub serves both. `base` is the address in front of the service: `https://localhost:9443/services`.
 */
export function renderWsdl(service: Service, base: string): string {
  const prefixes = createPrefixes()
  const target = service.wsdlNamespace ?? service.namespace
  const all = [...service.operations.values()]
  const own = prefixes.of(target)
  const elements = prefixes.of(service.namespace)
  const schemas = renderSchemas(service, prefixes)
  const messages = [
    ...all.map(operation => renderMessages(operation, elements)),
    ...exceptionElements(service).map(({ element }) => renderMessage(element, elements, element)),
  ]
  const operations = all.map(operation => renderOperation(service, operation, own))
  const bindings = soapVersions.map(version =>
    renderBinding(
      service,
      version,
      own,
      all.map(operation => renderSoapOperation(service, operation, version)).join(''),
    ),
  )
  return (
    '<?xml version="1.0" encoding="UTF-8"?>\n' +
    `<wsdl:definitions xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" xmlns:xs="http://www.w3.org/2001/XMLSchema"` +
    ` xmlns:wsaw="http://www.w3.org/2006/05/addressing/wsdl" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/"` +
    ` xmlns:soap12="http://schemas.xmlsoap.org/wsdl/soap12/" xmlns:http="http://schemas.xmlsoap.org/wsdl/http/"` +
    ` xmlns:mime="http://schemas.xmlsoap.org/wsdl/mime/"${prefixes.declarations} targetNamespace="${escapeXml(target)}">` +
    `<wsdl:documentation>${service.name}</wsdl:documentation><wsdl:types>${schemas}</wsdl:types>${messages.join('')}` +
    `<wsdl:portType name="${service.name}PortType">${operations.join('')}</wsdl:portType>` +
    `${bindings.join('')}${renderHttpBinding(service, own, all)}${renderPorts(service, own, base)}</wsdl:definitions>\n`
  )
}

const soapVersions = [
  { prefix: 'soap', name: 'Soap11' },
  { prefix: 'soap12', name: 'Soap12' },
] as const

type SoapVersion = (typeof soapVersions)[number]

/** Whether an operation has an answer for the WSDL: a void one has none, or in some WSDLs an empty one. */
function answers({ result, shape }: Operation): boolean {
  return result !== undefined || shape === 'empty-answer'
}

function renderMessages({ name, result, shape }: Operation, elements: string): string {
  const asked = renderMessage(`${name}Request`, elements, shape === 'no-request-part' ? undefined : name)
  if (shape === 'empty-answer') return `${asked}${renderMessage(`${name}Response`, elements, undefined)}`
  return result === undefined ? asked : `${asked}${renderMessage(`${name}Response`, elements, `${name}Response`)}`
}

function renderMessage(name: string, elements: string, element: string | undefined): string {
  const part = element === undefined ? '' : `<wsdl:part name="parameters" element="${elements}:${element}"/>`
  return `<wsdl:message name="${name}">${part}</wsdl:message>`
}

function renderOperation(service: Service, operation: Operation, own: string): string {
  const { name } = operation
  const exception = exceptionOf(service, name)?.element
  const message = (direction: string, of: string, action: string, more = '') =>
    `<wsdl:${direction} message="${own}:${of}"${more} wsaw:Action="urn:${action}"/>`
  return (
    `<wsdl:operation name="${name}">${message('input', `${name}Request`, name)}` +
    (answers(operation) ? message('output', `${name}Response`, `${name}Response`) : '') +
    (exception === undefined ? '' : message('fault', exception, `${name}${exception}`, ` name="${exception}"`)) +
    '</wsdl:operation>'
  )
}

function renderBinding(
  { name }: Service,
  { prefix, name: version }: SoapVersion,
  own: string,
  content: string,
): string {
  return (
    `<wsdl:binding name="${name}${version}Binding" type="${own}:${name}PortType">` +
    `<${prefix}:binding transport="http://schemas.xmlsoap.org/soap/http" style="document"/>${content}</wsdl:binding>`
  )
}

function renderSoapOperation(service: Service, operation: Operation, { prefix }: SoapVersion): string {
  const { name } = operation
  const exception = exceptionOf(service, name)?.element
  const body = `<${prefix}:body use="literal"/>`
  return (
    `<wsdl:operation name="${name}"><${prefix}:operation soapAction="urn:${name}" style="document"/>` +
    `<wsdl:input>${body}</wsdl:input>${answers(operation) ? `<wsdl:output>${body}</wsdl:output>` : ''}` +
    (exception === undefined
      ? ''
      : `<wsdl:fault name="${exception}"><${prefix}:fault use="literal" name="${exception}"/></wsdl:fault>`) +
    '</wsdl:operation>'
  )
}

function renderHttpBinding({ name }: Service, own: string, all: readonly Operation[]): string {
  const content = '<mime:content type="application/xml" part="parameters"/>'
  const operations = all.map(
    operation =>
      `<wsdl:operation name="${operation.name}"><http:operation location="${operation.name}"/>` +
      `<wsdl:input>${content}</wsdl:input>${answers(operation) ? `<wsdl:output>${content}</wsdl:output>` : ''}</wsdl:operation>`,
  )
  return (
    `<wsdl:binding name="${name}HttpBinding" type="${own}:${name}PortType"><http:binding verb="POST"/>` +
    `${operations.join('')}</wsdl:binding>`
  )
}

function renderPorts({ name }: Service, own: string, base: string): string {
  const port = (kind: string, binding: string, prefix: string) =>
    `<wsdl:port name="${name}Https${kind}Endpoint" binding="${own}:${name}${binding}Binding">` +
    `<${prefix}:address location="${escapeXml(`${base}/${name}.${name}Https${kind}Endpoint/`)}"/></wsdl:port>`
  return (
    `<wsdl:service name="${name}">${port('Soap11', 'Soap11', 'soap')}${port('Soap12', 'Soap12', 'soap12')}` +
    `${port('', 'Http', 'http')}</wsdl:service>`
  )
}

import type { Operation, Service } from '../service.ts'
import type { XmlElement } from '../xml/element.ts'

/** Parameters of a form or a query as the element that a message would have held: the same rules then hold for both. */
export function elementOfParameters(parameters: URLSearchParams, service: Service, operation: Operation): XmlElement {
  const children = [...parameters].map(([name, text]) => ({
    namespace: service.namespace,
    name,
    attributes: [],
    children: [],
    text,
  }))
  return { namespace: service.namespace, name: operation.name, attributes: [], children, text: '' }
}

import { type Fault, fault } from './message/fault.ts'
import type { Operation, Service } from './service.ts'
import { describeName, type XmlElement } from './xml/element.ts'

/** Everything in a request that may name the operation. */
export interface Names {
  /** SOAPAction, or the action of SOAP 1.2 */
  readonly action?: string | undefined
  /** the last segment of the path */
  readonly path?: string | undefined
  /** the element in the body */
  readonly body?: XmlElement | undefined
}

/** Which operation a request is for. What names two is refused: whoever looked at one of the names only would see another call. */
export function dispatch(service: Service, names: Names): Operation | Fault {
  const named = namedOperation(service, names)
  if (named !== undefined && 'ok' in named) return named
  const { body } = names
  if (body === undefined) {
    if (named === undefined) return fault('client', 'The request names no operation and its body is empty.')
    // Some WSDLs have no element for calls without parameters.
    return Object.keys(named.request).length === 0
      ? named
      : fault('client', `The body is empty: it has to hold ${named.name} in the namespace ${service.namespace}.`)
  }
  const called = service.operations.get(body.name)
  if (called === undefined || body.namespace !== service.namespace) {
    return fault('client', `The body holds ${describeName(body)}, which is no operation of ${service.name}.`)
  }
  if (named !== undefined && named !== called) {
    return fault('client', `The request names the operation ${named.name}, and its body another: ${called.name}.`)
  }
  return called
}

/** What is known without the body; undefined: nothing. */
export function namedOperation(service: Service, { action, path }: Omit<Names, 'body'>): Operation | Fault | undefined {
  const byAction = action === undefined ? undefined : operationOfAction(service, action)
  if (byAction !== undefined && 'ok' in byAction) return byAction
  const byPath = path === undefined ? undefined : (service.operations.get(path) ?? unknown(service, path))
  if (byPath !== undefined && 'ok' in byPath) return byPath
  if (byAction !== undefined && byPath !== undefined && byAction !== byPath) {
    return fault('client', `The action names the operation ${byAction.name}, and the path another: ${byPath.name}.`)
  }
  return byAction ?? byPath
}

/** An empty action says nothing (SOAP 1.1 section 6.1.1). */
function operationOfAction(service: Service, action: string): Operation | Fault | undefined {
  const text = action.trim().replace(/^"(.*)"$/, '$1')
  if (text === '') return undefined
  const name = text.startsWith('urn:') ? text.slice(4) : text
  return service.operations.get(name) ?? unknown(service, name)
}

function unknown(service: Service, name: string): Fault {
  return fault('client', `The service ${service.name} has no operation ${JSON.stringify(name.slice(0, 100))}.`)
}

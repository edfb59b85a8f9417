import { anyType, type ComplexType, complex, string } from './schema/type.ts'
import { writeFields } from './schema/write.ts'
import type { Service } from './service.ts'

export interface ExceptionElement {
  readonly element: string
  readonly child: string
  readonly type: ComplexType
  /** undefined: of all operations */
  readonly operation: string | undefined
}

/** The exceptions that a service declares: one for all its operations, or one for each of some. */
export function exceptionElements({ exception }: Service): ExceptionElement[] {
  const { element, child, perOperation } = exception
  const type = exceptionType(exception.type)
  if (perOperation === undefined) return [{ element, child, type, operation: undefined }]
  return perOperation.map(operation => ({ element: `${operation}${element}`, child, type, operation }))
}

/** The element that an operation of the service declares. */
export function exceptionOf(service: Service, operation: string): ExceptionElement | undefined {
  return exceptionElements(service).find(each => each.operation === undefined || each.operation === operation)
}

/** The exception as stubs read it out of a fault. */
export function renderException(service: Service, operation: string, text: string): string | undefined {
  const declared = exceptionOf(service, operation)
  if (declared === undefined) return undefined
  const { message } = service.exception.type
  const value = message === undefined ? {} : { [message]: text }
  return writeFields(service.namespace, declared.element, [[declared.child, declared.type, value]])
}

function exceptionType({ namespace, name, message, messageType, base }: Service['exception']['type']): ComplexType {
  const fields = message === undefined ? {} : { [message]: messageType === 'anyType' ? anyType : string }
  return complex(namespace, name, fields, base === undefined ? {} : { base: complex(base, name, {}) })
}

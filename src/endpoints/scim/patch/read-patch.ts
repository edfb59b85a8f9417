import { isComplex } from '../resource/resource.ts'
import { badRequest, ScimFault } from '../scim-fault.ts'

export interface PatchOperation {
  readonly op: 'add' | 'remove' | 'replace'
  readonly path: string | undefined
  readonly value: unknown
}

export const patchSchema = 'urn:ietf:params:scim:api:messages:2.0:PatchOp'

/** The operations of a PATCH (RFC 7644 section 3.5.2). Operators in upper or lower case, as some clients send them. Throws ScimFault. */
export function readPatch(body: unknown, most: number): readonly PatchOperation[] {
  if (!isComplex(body)) throw badRequest('invalidSyntax', 'The body is no JSON object.')
  const { schemas, operations } = lowerCaseNames(body)
  if (!Array.isArray(schemas) || !schemas.includes(patchSchema))
    throw badRequest('invalidSyntax', `schemas does not name ${patchSchema}.`)
  if (!Array.isArray(operations) || operations.length === 0)
    throw badRequest('invalidSyntax', 'Operations is a list of at least one operation.')
  if (operations.length > most)
    throw new ScimFault({ code: 'payload_too_large', detail: `There are more than ${most} operations.` })
  return operations.map(readOperation)
}

function readOperation(operation: unknown): PatchOperation {
  if (!isComplex(operation)) throw badRequest('invalidSyntax', 'An operation is no JSON object.')
  const { op, path, value } = lowerCaseNames(operation)
  const name = typeof op === 'string' ? op.toLowerCase() : undefined
  if (name !== 'add' && name !== 'remove' && name !== 'replace')
    throw badRequest('invalidSyntax', 'The op of an operation is add, remove or replace.')
  if (path !== undefined && path !== null && typeof path !== 'string')
    throw badRequest('invalidPath', 'The path of an operation is text.')
  if (name !== 'remove' && value === undefined) throw badRequest('invalidValue', `An operation ${name} has no value.`)
  // No path at all and an empty one are the same to many clients.
  return { op: name, path: path || undefined, value }
}

/** The members of an object by their names in lower case, as far as anyone asks for them. */
export function lowerCaseNames(object: object): Readonly<Record<string, unknown>> {
  const named: Record<string, unknown> = Object.create(null)
  for (const [name, value] of Object.entries(object)) {
    const lower = name.toLowerCase()
    if (lower in named) throw badRequest('invalidSyntax', `${JSON.stringify(name.slice(0, 80))} is given twice.`)
    named[lower] = value
  }
  return named
}

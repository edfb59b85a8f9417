import type { Method } from '../operation.ts'
import { lowerCaseNames } from '../patch/read-patch.ts'
import { isComplex } from '../resource/resource.ts'
import { badRequest, ScimFault } from '../scim-fault.ts'

export interface BulkRequest {
  /** errors after which nothing more is done; undefined: everything is */
  readonly failOnErrors: number | undefined
  readonly operations: readonly BulkOperation[]
}

export interface BulkOperation {
  readonly method: Exclude<Method, 'GET'>
  readonly bulkId: string | undefined
  readonly resource: 'Users' | 'Groups'
  /** undefined for POST; may be `bulkId:…` */
  readonly id: string | undefined
  readonly version: string | undefined
  readonly data: unknown
}

export const bulkSchema = 'urn:ietf:params:scim:api:messages:2.0:BulkRequest'

/** What a bulk request asks for (RFC 7644 section 3.7). A malformed one is refused whole. Throws ScimFault. */
export function readBulk(body: unknown, most: number): BulkRequest {
  if (!isComplex(body)) throw badRequest('invalidSyntax', 'The body is no JSON object.')
  const { schemas, failonerrors, operations } = lowerCaseNames(body)
  if (!Array.isArray(schemas) || !schemas.includes(bulkSchema))
    throw badRequest('invalidSyntax', `schemas does not name ${bulkSchema}.`)
  if (!Array.isArray(operations)) throw badRequest('invalidSyntax', 'Operations is a list.')
  if (operations.length > most)
    throw new ScimFault({ code: 'payload_too_large', detail: `There are more than ${most} operations.` })
  if (failonerrors !== undefined && !(Number.isSafeInteger(failonerrors) && Number(failonerrors) > 0))
    throw badRequest('invalidValue', 'failOnErrors is a whole number from 1 on.')
  const read = operations.map(readOperation)
  const ids = read.flatMap(({ method, bulkId }) => (method === 'POST' && bulkId !== undefined ? [bulkId] : []))
  if (new Set(ids).size < ids.length) throw badRequest('invalidValue', 'Two operations have the same bulkId.')
  return { failOnErrors: failonerrors as number | undefined, operations: read }
}

// Compared as it is: what is encoded, or has anything but an identifier in it, is no path of ours.
const target = /^\/(Users|Groups)(?:\/([A-Za-z0-9:_-]{1,200}))?$/

function readOperation(operation: unknown): BulkOperation {
  if (!isComplex(operation)) throw badRequest('invalidSyntax', 'An operation is no JSON object.')
  const { method, bulkid, path, version, data } = lowerCaseNames(operation)
  if (method !== 'POST' && method !== 'PUT' && method !== 'PATCH' && method !== 'DELETE')
    throw badRequest('invalidSyntax', 'The method of an operation is POST, PUT, PATCH or DELETE.')
  const [, resource, id] = (typeof path === 'string' ? target.exec(path) : null) ?? []
  if (resource === undefined)
    throw badRequest('invalidPath', 'The path of an operation is /Users, /Groups, or one of them with an id.')
  if ((method === 'POST') !== (id === undefined))
    throw badRequest('invalidPath', `The path of ${method} ${method === 'POST' ? 'has no id' : 'has an id'}.`)
  if (bulkid !== undefined && (typeof bulkid !== 'string' || bulkid === '' || bulkid.length > 200))
    throw badRequest('invalidValue', 'A bulkId is text of at most 200 characters.')
  if (method === 'POST' && bulkid === undefined) throw badRequest('invalidValue', 'An operation POST has a bulkId.')
  if (version !== undefined && typeof version !== 'string') throw badRequest('invalidValue', 'A version is text.')
  return { method, bulkId: bulkid, resource: resource as 'Users' | 'Groups', id, version, data }
}

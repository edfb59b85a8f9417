import { lowerCaseNames } from '../patch/read-patch.ts'
import { isComplex } from '../resource/resource.ts'
import { badRequest } from '../scim-fault.ts'
import { type Query, readList } from './query.ts'

/** What a client looks for (RFC 7644 sections 3.4.2 and 3.4.3). */
export interface SearchRequest {
  readonly filter: string | undefined
  readonly sortBy: string | undefined
  readonly descending: boolean
  /** from 1 */
  readonly startIndex: number
  /** undefined: the client does not say */
  readonly count: number | undefined
  readonly attributes: readonly string[] | undefined
  readonly excludedAttributes: readonly string[] | undefined
}

export const searchSchema = 'urn:ietf:params:scim:api:messages:2.0:SearchRequest'

/** Throws ScimFault. */
export function searchOfQuery(query: Query): SearchRequest {
  return {
    filter: query.get('filter'),
    sortBy: query.get('sortBy'),
    descending: isDescending(query.get('sortOrder')),
    startIndex: Math.max(1, wholeNumber('startIndex', query.get('startIndex')) ?? 1),
    count: wholeNumber('count', query.get('count')),
    attributes: readList(query, 'attributes'),
    excludedAttributes: readList(query, 'excludedAttributes'),
  }
}

/** Throws ScimFault. */
export function searchOfBody(body: unknown): SearchRequest {
  if (!isComplex(body)) throw badRequest('invalidSyntax', 'The body is no JSON object.')
  const { schemas, filter, sortby, sortorder, startindex, count, attributes, excludedattributes } = lowerCaseNames(body)
  if (!Array.isArray(schemas) || !schemas.includes(searchSchema))
    throw badRequest('invalidSyntax', `schemas does not name ${searchSchema}.`)
  return {
    filter: optionalText('filter', filter),
    sortBy: optionalText('sortBy', sortby),
    descending: isDescending(optionalText('sortOrder', sortorder)),
    startIndex: Math.max(1, wholeNumber('startIndex', startindex) ?? 1),
    count: wholeNumber('count', count),
    attributes: optionalList('attributes', attributes),
    excludedAttributes: optionalList('excludedAttributes', excludedattributes),
  }
}

function isDescending(order: string | undefined): boolean {
  const word = order?.toLowerCase() ?? 'ascending'
  if (word !== 'ascending' && word !== 'descending')
    throw badRequest('invalidValue', 'sortOrder is ascending or descending.')
  return word === 'descending'
}

/** Negative numbers are taken for 0, as the standard has it. */
function wholeNumber(name: string, value: unknown): number | undefined {
  if (value === undefined || value === null) return undefined
  const text = String(value)
  if ((typeof value !== 'string' && typeof value !== 'number') || !/^-?\d{1,9}$/.test(text))
    throw badRequest('invalidValue', `${name} is a whole number of at most nine digits.`)
  return Math.max(0, Number(text))
}

function optionalText(name: string, value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'string') throw badRequest('invalidValue', `${name} is text.`)
  return value
}

function optionalList(name: string, value: unknown): readonly string[] | undefined {
  if (value === undefined || value === null) return undefined
  if (!Array.isArray(value) || value.some(each => typeof each !== 'string') || value.length > 100)
    throw badRequest('invalidValue', `${name} is a list of at most 100 texts.`)
  return value.length === 0 ? undefined : value
}

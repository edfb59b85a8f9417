import type { Attribute } from '../schema/attribute.ts'
import { subAttributesOf } from '../schema/find-attribute.ts'
import { badRequest, type ScimFault } from '../scim-fault.ts'
import { readDateTime } from './date-time.ts'
import type { Complex, Simple } from './resource.ts'

/** The most values of one attribute, members of groups aside. */
const mostValues = 1000

/**
 * What a client gives as the value of an attribute, checked against its schema; undefined: unassigned (null, or no values). Parts that the
 * schema does not have, and those that only this server sets, are left out. Throws ScimFault (invalidValue).
 */
export function readValue(
  attribute: Attribute,
  value: unknown,
  most = mostValues,
): Simple | Complex | Complex[] | undefined {
  if (value === null || value === undefined) return undefined
  if (!attribute.multiValued) return readOne(attribute, value, attribute.name)
  if (!Array.isArray(value)) throw invalid(attribute.name, 'is a list')
  if (value.length > most) throw invalid(attribute.name, `has more than ${most} values`)
  const values = withoutRepetition(readItems(attribute, value))
  checkPrimary(attribute, values)
  return values.length === 0 ? undefined : values
}

/** Values of an attribute with several; empty ones are left out. Throws ScimFault (invalidValue). */
export function readItems(attribute: Attribute, values: readonly unknown[]): Complex[] {
  return values.map(each => readItem(attribute, each)).filter(each => each !== undefined)
}

/** One value of an attribute with several. Throws ScimFault (invalidValue). */
export function readItem(attribute: Attribute, value: unknown): Complex | undefined {
  const item = readComplex(attribute, value, attribute.name)
  if (item === undefined) return undefined
  if (subAttributesOf(attribute).has('value') && item.value === undefined)
    throw invalid(`${attribute.name}.value`, 'is missing')
  return item
}

/** At most one value is the primary one (RFC 7643 section 2.4). Throws ScimFault (invalidValue). */
export function checkPrimary({ name }: Attribute, values: readonly Complex[]): void {
  if (values.filter(({ primary }) => primary === true).length > 1)
    throw invalid(name, 'has more than one primary value')
}

/** The value of a sub-attribute. Throws ScimFault (invalidValue). */
export function readSub(attribute: Attribute, sub: Attribute, value: unknown): Simple | undefined {
  return value === null || value === undefined ? undefined : readSimple(sub, value, `${attribute.name}.${sub.name}`)
}

function readOne(attribute: Attribute, value: unknown, path: string): Simple | Complex | undefined {
  if (attribute.type !== 'complex') return readSimple(attribute, value, path)
  // Some clients send the identifier of the manager alone.
  const parts = subAttributesOf(attribute)
  if (typeof value === 'string' && parts.has('value')) return value === '' ? undefined : { value }
  return readComplex(attribute, value, path)
}

function readComplex(attribute: Attribute, value: unknown, path: string): Complex | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid(path, 'has parts')
  const parts = subAttributesOf(attribute)
  const read: Complex = {}
  for (const [name, given] of Object.entries(value)) {
    const part = parts.get(name.toLowerCase())
    if (part === undefined || part.mutability === 'readOnly' || given === null) continue
    if (read[part.name] !== undefined) throw invalid(`${path}.${part.name}`, 'is given twice')
    read[part.name] = readSimple(part, given, `${path}.${part.name}`)
  }
  return Object.keys(read).length === 0 ? undefined : read
}

function readSimple(attribute: Attribute, value: unknown, path: string): Simple | undefined {
  switch (attribute.type) {
    case 'boolean':
      return readTruth(value, path)
    case 'dateTime':
      if (typeof value !== 'string' || readDateTime(value) === undefined) throw invalid(path, 'is a time')
      return value
    default: {
      if (typeof value !== 'string') throw invalid(path, 'is text')
      if (value === '') return undefined
      return attribute.canonicalValues?.find(word => word.toLowerCase() === value.toLowerCase()) ?? value
    }
  }
}

// Some clients write "True" and "False" where they mean true and false.
function readTruth(value: unknown, path: string): boolean {
  if (typeof value === 'boolean') return value
  const word = typeof value === 'string' ? value.toLowerCase() : ''
  if (word !== 'true' && word !== 'false') throw invalid(path, 'is true or false')
  return word === 'true'
}

/** RFC 7643 section 2.4: the same value with the same type stands there once. */
function withoutRepetition(values: readonly Complex[]): Complex[] {
  const seen = new Set<string>()
  return values.filter(value => {
    const key = JSON.stringify(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))
    return !seen.has(key) && seen.add(key)
  })
}

function invalid(path: string, why: string): ScimFault {
  return badRequest('invalidValue', `${path} ${why}.`)
}

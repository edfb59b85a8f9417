import { readDateTime } from '../resource/date-time.ts'
import type { Attribute } from '../schema/attribute.ts'
import { badRequest } from '../scim-fault.ts'
import type { CompareValue, Comparison } from './filter.ts'

/** A comparison whose operator and value fit the attribute: `null` only to tell whether it is there. */
export interface Checked {
  readonly comparison: Comparison
  readonly value: string | boolean | null
}

/** RFC 7644 section 3.4.2.2: what cannot be compared is an invalid filter. Throws ScimFault. */
export function checkComparison(
  { type }: Attribute,
  path: string,
  comparison: Comparison,
  value: CompareValue,
): Checked {
  if (value === null) {
    if (comparison === 'eq' || comparison === 'ne') return { comparison, value }
    throw unfit(path, `cannot be compared with null by ${comparison}`)
  }
  switch (type) {
    case 'complex':
      throw unfit(path, 'has parts: name the one that is meant')
    case 'boolean': {
      if (comparison !== 'eq' && comparison !== 'ne')
        throw unfit(path, `is true or false, which ${comparison} is not for`)
      const truth = typeof value === 'string' ? truths.get(value.toLowerCase()) : value
      if (typeof truth !== 'boolean') throw unfit(path, 'is true or false')
      return { comparison, value: truth }
    }
    case 'dateTime': {
      if (comparison === 'co' || comparison === 'sw' || comparison === 'ew')
        throw unfit(path, `is a time, which ${comparison} is not for`)
      if (typeof value !== 'string' || readDateTime(value) === undefined)
        throw unfit(path, 'is compared with a time such as "2011-05-13T04:42:34Z"')
      return { comparison, value }
    }
    default:
      if (typeof value !== 'string') throw unfit(path, 'is text: put the value in quotation marks')
      return { comparison, value }
  }
}

// Some clients write "True" where they mean true.
const truths: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['false', false],
])

export function unfit(path: string, why: string) {
  return badRequest('invalidFilter', `${path} ${why}.`)
}

import { checkComparison, unfit } from '../filter/check-comparison.ts'
import { compares } from '../filter/compares.ts'
import type { ScimFilter } from '../filter/filter.ts'
import { subOf } from '../filter/sub-of.ts'
import { readDateTime } from '../resource/date-time.ts'
import type { Complex, Simple } from '../resource/resource.ts'
import type { Attribute } from '../schema/attribute.ts'

/** Whether one value of an attribute meets what stands in the brackets of a path. Throws ScimFault (invalidFilter). */
export function matches(attribute: Attribute, filter: ScimFilter, value: Complex): boolean {
  switch (filter.op) {
    case 'and':
      return filter.of.every(each => matches(attribute, each, value))
    case 'or':
      return filter.of.some(each => matches(attribute, each, value))
    case 'not':
      return !matches(attribute, filter.of, value)
    case 'present':
      return value[subOf(attribute, filter.path).name] !== undefined
    case 'compare': {
      const sub = subOf(attribute, filter.path)
      const checked = checkComparison(sub, filter.path, filter.comparison, filter.value)
      const actual = value[sub.name] ?? (sub.type === 'boolean' ? false : undefined)
      if (checked.value === null) return (actual === undefined) === (checked.comparison === 'eq')
      if (actual === undefined) return checked.comparison === 'ne'
      return compares(checked.comparison, comparable(sub, actual), comparable(sub, checked.value))
    }
    case 'values':
      throw unfit(filter.path, 'has brackets within brackets')
  }
}

function comparable({ type, caseExact }: Attribute, value: Simple): string | number {
  if (type === 'dateTime') return readDateTime(String(value)) ?? Number.NaN
  const text = String(value).normalize('NFC')
  return caseExact ? text : text.toLowerCase()
}

import { checkComparison, unfit } from '../filter/check-comparison.ts'
import type { Comparison, ScimFilter } from '../filter/filter.ts'
import { readDateTime } from '../resource/date-time.ts'
import type { Complex, Simple } from '../resource/resource.ts'
import type { Attribute } from '../schema/attribute.ts'
import { subAttributesOf } from '../schema/find-attribute.ts'

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
      return meets(sub, actual, checked.comparison, checked.value)
    }
    case 'values':
      throw unfit(filter.path, 'has brackets within brackets')
  }
}

export function subOf(attribute: Attribute, name: string): Attribute {
  const sub = subAttributesOf(attribute).get(name.toLowerCase())
  if (sub === undefined) throw unfit(name, `is no part of ${attribute.name}`)
  return sub
}

function meets(sub: Attribute, actual: Simple, comparison: Comparison, wanted: Simple): boolean {
  const [left, right] = [comparable(sub, actual), comparable(sub, wanted)]
  switch (comparison) {
    case 'eq':
      return left === right
    case 'ne':
      return left !== right
    case 'gt':
      return left > right
    case 'ge':
      return left >= right
    case 'lt':
      return left < right
    case 'le':
      return left <= right
    case 'co':
      return String(left).includes(String(right))
    case 'sw':
      return String(left).startsWith(String(right))
    case 'ew':
      return String(left).endsWith(String(right))
  }
}

function comparable({ type, caseExact }: Attribute, value: Simple): string | number {
  if (type === 'dateTime') return readDateTime(String(value)) ?? Number.NaN
  const text = String(value).normalize('NFC')
  return caseExact ? text : text.toLowerCase()
}

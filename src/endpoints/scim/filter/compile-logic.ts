import type { Attribute } from '../schema/attribute.ts'
import { type Checked, checkComparison } from './check-comparison.ts'
import { all, any, type Condition, not } from './condition.ts'
import type { ScimFilter } from './filter.ts'

type Logic = Extract<ScimFilter, { op: 'and' | 'or' | 'not' }>

/** The filter with each of its leaves as `leaf` has it. */
export function compileLogic(filter: ScimFilter, leaf: (part: Exclude<ScimFilter, Logic>) => Condition): Condition {
  const compile = (part: ScimFilter): Condition => {
    switch (part.op) {
      case 'and':
        return all(part.of.map(compile))
      case 'or':
        return any(part.of.map(compile))
      case 'not':
        return not(compile(part.of))
      default:
        return leaf(part)
    }
  }
  return compile(filter)
}

/** A comparison of an attribute; with null it asks whether there is none. */
export function compileComparison<T>(
  attribute: Attribute,
  place: T,
  { path, comparison, value }: Extract<ScimFilter, { op: 'compare' }>,
  lookup: { present(place: T): Condition; compare(place: T, checked: Checked): Condition },
): Condition {
  const checked = checkComparison(attribute, path, comparison, value)
  if (checked.value !== null) return lookup.compare(place, checked)
  const present = lookup.present(place)
  return comparison === 'eq' ? not(present) : present
}

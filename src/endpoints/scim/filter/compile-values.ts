import type { Field } from '../../../identity/users/directory.ts'
import type { Attribute } from '../schema/attribute.ts'
import { subAttributesOf } from '../schema/find-attribute.ts'
import { type Checked, checkComparison, unfit } from './check-comparison.ts'
import { all, any, type Condition, not } from './condition.ts'
import type { ScimFilter } from './filter.ts'

/** How one sub-attribute of one value is found. */
export interface ValueLookup {
  present(sub: Attribute): Condition
  compare(sub: Attribute, checked: Checked): Condition
}

/** What stands in brackets, for one value. `path` is that of the attribute. Throws ScimFault (invalidFilter). */
export function compileValues(attribute: Attribute, path: string, filter: ScimFilter, lookup: ValueLookup): Condition {
  const locate = (name: string): Attribute => {
    const sub = subAttributesOf(attribute).get(name.toLowerCase())
    if (sub === undefined) throw unfit(name, `is no part of ${path}`)
    return sub
  }
  const compile = (part: ScimFilter): Condition => {
    switch (part.op) {
      case 'and':
        return all(part.of.map(compile))
      case 'or':
        return any(part.of.map(compile))
      case 'not':
        return not(compile(part.of))
      case 'present':
        return lookup.present(locate(part.path))
      case 'compare': {
        const sub = locate(part.path)
        const checked = checkComparison(sub, part.path, part.comparison, part.value)
        if (checked.value !== null) return lookup.compare(sub, checked)
        return part.comparison === 'eq' ? not(lookup.present(sub)) : lookup.present(sub)
      }
      case 'values':
        throw unfit(part.path, 'has brackets within brackets')
    }
  }
  return compile(filter)
}

/** A comparison that the directory makes. */
export function comparison(field: Field, { comparison, value }: Checked, caseExact: boolean): Condition {
  return { op: 'compare', field, comparison, value: value!, caseExact }
}

/** A comparison with what is known already. Text is compared in lower case: what is compared here is a word of ours. */
export function known(actual: string, { comparison, value }: Checked): boolean {
  const [left, right] = [actual.toLowerCase(), String(value).toLowerCase()]
  switch (comparison) {
    case 'eq':
      return left === right
    case 'ne':
      return left !== right
    case 'co':
      return left.includes(right)
    case 'sw':
      return left.startsWith(right)
    case 'ew':
      return left.endsWith(right)
    case 'gt':
      return left > right
    case 'ge':
      return left >= right
    case 'lt':
      return left < right
    case 'le':
      return left <= right
  }
}

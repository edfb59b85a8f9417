import type { Filter } from '../../../identity/users/directory.ts'
import type { ResourceType } from '../schema/attribute.ts'
import { type Found, findAttribute, subAttributesOf } from '../schema/find-attribute.ts'
import { type Checked, checkComparison, unfit } from './check-comparison.ts'
import { all, any, type Condition, filterOf, not } from './condition.ts'
import type { ScimFilter } from './filter.ts'

/** How the attributes of a type of resource are found in the directory. */
export interface Lookup {
  readonly type: ResourceType
  present(found: Found, path: string): Condition
  /** `checked.value` is no null. */
  compare(found: Found, path: string, checked: Checked): Condition
  /** One value of the attribute meets all of `filter`, whose paths are names of its sub-attributes. */
  values(found: Found, path: string, filter: ScimFilter): Condition
}

/** The filter as one for the directory; undefined: everything. Throws ScimFault (invalidFilter). */
export function compileFilter(filter: ScimFilter, lookup: Lookup): Filter | undefined {
  const compile = (part: ScimFilter): Condition => {
    switch (part.op) {
      case 'and':
        return all(part.of.map(compile))
      case 'or':
        return any(part.of.map(compile))
      case 'not':
        return not(compile(part.of))
      case 'present':
        return lookup.present(locate(lookup.type, part.path), part.path)
      case 'compare':
        return compare(lookup, locate(lookup.type, part.path), part)
      case 'values':
        return lookup.values(locate(lookup.type, part.path), part.path, part.of)
    }
  }
  return filterOf(compile(filter))
}

function locate(type: ResourceType, path: string): Found {
  const found = findAttribute(type, path)
  if (found === undefined) throw unfit(path, `is no attribute of a ${type.name}`)
  // What is never told is not told by asking for it, either.
  if (found.attribute?.returned === 'never') throw unfit(path, 'cannot be searched for')
  return found
}

function compare(
  lookup: Lookup,
  found: Found,
  { path, comparison, value }: Extract<ScimFilter, { op: 'compare' }>,
): Condition {
  const checked = checkComparison(comparedAttribute(found, path), path, comparison, value)
  if (checked.value !== null) return lookup.compare(found, path, checked)
  const present = lookup.present(found, path)
  return comparison === 'eq' ? not(present) : present
}

// `emails co "@example.com"` is about the values.
function comparedAttribute({ attribute, sub }: Found, path: string) {
  if (attribute === undefined) throw unfit(path, 'is a schema')
  const value = sub ?? (attribute.multiValued ? subAttributesOf(attribute).get('value') : undefined)
  return value ?? attribute
}

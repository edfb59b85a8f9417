import type { Filter } from '../../../identity/users/directory.ts'
import type { ResourceType } from '../schema/attribute.ts'
import { type Found, findAttribute, subAttributesOf } from '../schema/find-attribute.ts'
import { type Checked, unfit } from './check-comparison.ts'
import { compileComparison, compileLogic } from './compile-logic.ts'
import { type Condition, filterOf } from './condition.ts'
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
  const condition = compileLogic(filter, part => {
    const { path } = part
    const found = locate(lookup.type, path)
    if (part.op === 'values') return lookup.values(found, path, part.of)
    if (part.op === 'present') return lookup.present(found, path)
    return compileComparison(comparedAttribute(found, path), found, part, {
      present: () => lookup.present(found, path),
      compare: (_found, checked) => lookup.compare(found, path, checked),
    })
  })
  return filterOf(condition)
}

function locate(type: ResourceType, path: string): Found {
  const found = findAttribute(type, path)
  if (found === undefined) throw unfit(path, `is no attribute of a ${type.name}`)
  // What is never told is not told by asking for it, either.
  if (found.attribute?.returned === 'never') throw unfit(path, 'cannot be searched for')
  return found
}

// `emails co "@example.com"` is about the values.
function comparedAttribute({ attribute, sub }: Found, path: string) {
  if (attribute === undefined) throw unfit(path, 'is a schema')
  const value = sub ?? (attribute.multiValued ? subAttributesOf(attribute).get('value') : undefined)
  return value ?? attribute
}

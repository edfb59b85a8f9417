import type { Field } from '../../../identity/users/directory.ts'
import type { Found } from '../schema/find-attribute.ts'
import { groupSchema, groupType } from '../schema/group.ts'
import { type Checked, unfit } from './check-comparison.ts'
import type { Lookup } from './compile-filter.ts'
import { comparison, compileValues, known } from './compile-values.ts'
import type { Condition } from './condition.ts'
import type { ScimFilter } from './filter.ts'
import { metaFieldOf } from './meta-field.ts'
import { referenceLookup } from './reference-lookup.ts'

/** Where the attributes of a group are in the directory. */
export const groupLookup: Lookup = { type: groupType, present, compare, values }

export function groupFieldOf({ attribute, sub }: Found): Field | undefined {
  switch (attribute!.name) {
    case 'id':
      return { kind: 'id' }
    case 'displayName':
      return { kind: 'name' }
    case 'meta':
      return metaFieldOf(sub)
    default:
      return undefined
  }
}

const members = referenceLookup({
  name: 'members',
  id: { kind: 'member-id' },
  display: { kind: 'member-name' },
  type: 'User',
})

function present({ attribute, sub }: Found): Condition {
  return attribute!.name === 'members' ? members.present(sub) : true
}

function compare(found: Found, path: string, checked: Checked): Condition {
  const { attribute, sub } = found
  if (attribute!.name === 'members') return members.compare(sub, checked)
  if (attribute!.name === 'schemas') return known(groupSchema.id, checked)
  if (attribute!.name === 'meta' && sub?.name === 'resourceType') return known(groupType.name, checked)
  const field = groupFieldOf(found)
  if (field === undefined) throw unfit(path, 'cannot be searched for')
  return comparison(field, checked, (sub ?? attribute!).caseExact)
}

function values({ attribute }: Found, path: string, filter: ScimFilter): Condition {
  if (attribute!.name !== 'members') throw unfit(path, 'has no values for brackets to choose from')
  return compileValues(attribute!, path, filter, members.within(filter))
}

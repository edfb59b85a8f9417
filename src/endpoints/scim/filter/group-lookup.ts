import type { Field } from '../../../identity/users/directory.ts'
import type { Attribute } from '../schema/attribute.ts'
import type { Found } from '../schema/find-attribute.ts'
import { groupSchema, groupType } from '../schema/group.ts'
import { type Checked, unfit } from './check-comparison.ts'
import type { Lookup } from './compile-filter.ts'
import { comparison, compileValues, known } from './compile-values.ts'
import { all, type Condition } from './condition.ts'
import type { ScimFilter } from './filter.ts'

/** Where the attributes of a group are in the directory. */
export const groupLookup: Lookup = { type: groupType, present, compare, values }

export function groupFieldOf({ attribute, sub }: Found): Field | undefined {
  switch (attribute!.name) {
    case 'id':
      return { kind: 'id' }
    case 'displayName':
      return { kind: 'name' }
    case 'meta':
      return sub?.name === 'created'
        ? { kind: 'created' }
        : sub?.name === 'lastModified'
          ? { kind: 'modified' }
          : undefined
    default:
      return undefined
  }
}

function present({ attribute, sub }: Found): Condition {
  return attribute!.name === 'members' ? { op: 'present', field: memberField(sub) } : true
}

function compare(found: Found, path: string, checked: Checked): Condition {
  const { attribute, sub } = found
  if (attribute!.name === 'members') return compareMember(sub, checked)
  if (attribute!.name === 'schemas') return known(groupSchema.id, checked)
  if (attribute!.name === 'meta' && sub?.name === 'resourceType') return known(groupType.name, checked)
  const field = groupFieldOf(found)
  if (field === undefined) throw unfit(path, 'cannot be searched for')
  return comparison(field, checked, (sub ?? attribute!).caseExact)
}

function values({ attribute }: Found, path: string, filter: ScimFilter): Condition {
  if (attribute!.name !== 'members') throw unfit(path, 'has no values for brackets to choose from')
  // The directory looks at one thing of one member at a time.
  if (filter.op === 'and' || filter.op === 'not')
    throw unfit('members[…]', 'can be asked for one thing: value, display or type')
  return compileValues(attribute!, path, filter, {
    present: sub => ({ op: 'present', field: memberField(sub) }),
    compare: compareMember,
  })
}

function compareMember(sub: Attribute | undefined, checked: Checked): Condition {
  if (sub?.name === 'type') return all([{ op: 'present', field: { kind: 'member-id' } }, known('User', checked)])
  return comparison(memberField(sub), checked, sub?.name !== 'display')
}

function memberField(sub: Attribute | undefined): Field {
  if (sub?.name === '$ref') throw unfit('members.$ref', 'cannot be searched for')
  return sub?.name === 'display' ? { kind: 'member-name' } : { kind: 'member-id' }
}

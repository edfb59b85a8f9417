import type { Field } from '../../../identity/users/directory.ts'
import { claimOf, mainAddress, type Source, sourcesOf } from '../resource/user-claims.ts'
import type { Attribute } from '../schema/attribute.ts'
import { type Found, subAttributesOf } from '../schema/find-attribute.ts'
import { enterpriseUser, userSchema, userType } from '../schema/user.ts'
import { type Checked, unfit } from './check-comparison.ts'
import type { Lookup } from './compile-filter.ts'
import { comparison, compileValues, known, type ValueLookup } from './compile-values.ts'
import { all, any, type Condition, not } from './condition.ts'
import type { ScimFilter } from './filter.ts'
import { metaFieldOf } from './meta-field.ts'
import { referenceLookup } from './reference-lookup.ts'

/** Where the attributes of a user are in the directory. */
export const userLookup: Lookup = { type: userType, present, compare, values }

/** For sorting, too: the field of an attribute that is one field. */
export function fieldOf({ extension, attribute, sub }: Found): Field | undefined {
  const name = attribute!.name
  switch (name) {
    case 'id':
      return { kind: 'id' }
    case 'userName':
      return { kind: 'name' }
    case 'meta':
      return metaFieldOf(sub)
    default: {
      const scim = `${extension === undefined ? '' : `${extension}:`}${name}`
      // The manager is kept by the identifier alone.
      const part = sub === undefined || name === 'manager' ? '' : `.${sub.name}`
      const claim = claimOf(`${scim}${part}`)
      return claim === undefined ? undefined : { kind: 'attribute', name: claim }
    }
  }
}

const groups = referenceLookup({
  name: 'groups',
  id: { kind: 'role-id' },
  display: { kind: 'role-name' },
  type: 'direct',
})

function present(found: Found, path: string): Condition {
  const { attribute, sub } = found
  if (attribute === undefined) return any(claimsBelow(found).map(claim => has({ kind: 'attribute', name: claim })))
  if (attribute.name === 'active' || attribute.name === 'schemas' || attribute.name === 'meta') return true
  if (attribute.name === 'groups') return groups.present(sub)
  if (attribute.multiValued) {
    if (sub === undefined) return anyValueOf(attribute, lookup => lookup.exists)
    return anyValueOf(attribute, lookup => all([lookup.exists, lookup.present(sub)]))
  }
  const field = fieldOf(found)
  if (field !== undefined) return has(field)
  if (sub === undefined && attribute.type === 'complex')
    return any(claimsBelow(found).map(claim => has({ kind: 'attribute', name: claim })))
  throw unfit(path, 'cannot be searched for')
}

function compare(found: Found, path: string, checked: Checked): Condition {
  const { attribute, sub } = found
  switch (attribute!.name) {
    case 'active':
      return comparison({ kind: 'state' }, { ...checked, value: checked.value === true ? 'active' : 'locked' }, true)
    case 'schemas':
      return compareSchemas(checked, path)
    case 'groups':
      return groups.compare(sub, checked)
    case 'meta':
      if (sub?.name === 'resourceType') return known(userType.name, checked)
  }
  if (attribute!.multiValued)
    return compareSeveral(attribute!, sub ?? subAttributesOf(attribute!).get('value')!, checked)
  const field = fieldOf(found)
  if (field === undefined) throw unfit(path, 'cannot be searched for')
  return comparison(field, checked, (sub ?? attribute!).caseExact)
}

function values({ attribute, sub }: Found, path: string, filter: ScimFilter): Condition {
  if (attribute === undefined || sub !== undefined || !attribute.multiValued || attribute.type !== 'complex')
    throw unfit(path, 'has no values for brackets to choose from')
  if (attribute.name === 'groups') return compileValues(attribute, path, filter, groups.within(filter))
  return anyValueOf(attribute, lookup => all([lookup.exists, compileValues(attribute, path, filter, lookup)]))
}

// RFC 7644 section 3.4.2.2: `ne` is met by what is not there as well.
function compareSeveral(attribute: Attribute, sub: Attribute, checked: Checked): Condition {
  const some = anyValueOf(attribute, lookup => all([lookup.exists, lookup.compare(sub, checked)]))
  if (checked.comparison !== 'ne') return some
  return any([not(anyValueOf(attribute, lookup => lookup.exists)), some])
}

interface PlaceLookup extends ValueLookup {
  /** whether there is a value at all, where that is not said by asking inside of one */
  readonly exists: Condition
}

/** One value, in whichever of its places, meets the condition. */
function anyValueOf(attribute: Attribute, condition: (lookup: PlaceLookup) => Condition): Condition {
  const places = sourcesOf(attribute.name).map(source => {
    const inside = condition(insideOf(source))
    const { claim } = source
    if (inside === false) return false
    if (inside === true) return has({ kind: 'attribute', name: claim })
    return { op: 'anyValue', attribute: claim, of: inside } as const
  })
  return any(attribute.name === 'addresses' ? [condition(inMainAddress), ...places] : places)
}

function insideOf({ type }: Source): PlaceLookup {
  const fieldIn = ({ name }: Attribute): Field => (name === 'value' ? { kind: 'value' } : { kind: 'part', part: name })
  return {
    exists: true,
    present: sub => (sub.name === 'value' || (sub.name === 'type' && type !== undefined) ? true : has(fieldIn(sub))),
    compare(sub, checked) {
      if (sub.name === 'type' && type !== undefined) return known(type, checked)
      return comparePart(fieldIn(sub), sub, checked)
    },
  }
}

// Each part of it is a claim, and carries what belongs to the whole.
const inMainAddress: PlaceLookup = {
  exists: any([...mainAddress.values()].map(claim => has({ kind: 'attribute', name: claim }))),
  present: sub => overMainAddress(sub, has),
  compare: (sub, checked) => {
    const positive = { ...checked, comparison: checked.comparison === 'ne' ? ('eq' as const) : checked.comparison }
    const met = overMainAddress(sub, field => comparePart(field, sub, positive))
    return checked.comparison === 'ne' ? not(met) : met
  },
}

function overMainAddress({ name }: Attribute, condition: (field: Field) => Condition): Condition {
  const claim = mainAddress.get(name)
  if (claim !== undefined) return condition({ kind: 'attribute', name: claim })
  return any([...mainAddress.values()].map(each => condition({ kind: 'attribute', name: each, part: name })))
}

// A value that does not say that it is the primary one is not.
function comparePart(field: Field, sub: Attribute, checked: Checked): Condition {
  if (sub.type !== 'boolean') return comparison(field, checked, sub.caseExact)
  const wanted = checked.comparison === 'eq' ? checked.value : !checked.value
  const isTrue = comparison(field, { comparison: 'eq', value: true }, true)
  return wanted === true ? isTrue : not(isTrue)
}

function compareSchemas(checked: Checked, path: string): Condition {
  if (checked.comparison !== 'eq') throw unfit(path, 'can be compared by eq')
  if (known(userSchema.id, checked)) return true
  if (!known(enterpriseUser.id, checked)) return false
  return present({ extension: enterpriseUser.id, attribute: undefined, sub: undefined }, path)
}

function claimsBelow({ extension, attribute }: Found): readonly string[] {
  const { attributes } = extension === undefined ? userSchema : enterpriseUser
  const scim = extension === undefined ? '' : `${extension}:`
  const names =
    attribute === undefined
      ? attributes.map(({ name }) => name)
      : (attribute.subAttributes ?? []).map(({ name }) => `${attribute.name}.${name}`)
  return names.flatMap(name => claimOf(`${scim}${name}`) ?? [])
}

function has(field: Field): Condition {
  return { op: 'present', field }
}

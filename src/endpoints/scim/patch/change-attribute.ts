import type { ScimFilter } from '../filter/filter.ts'
import { subOf } from '../filter/sub-of.ts'
import { readItem, readItems, readSub, readValue } from '../resource/read-value.ts'
import { type Complex, isComplex, type Resource, type Simple } from '../resource/resource.ts'
import type { Attribute } from '../schema/attribute.ts'
import { badRequest } from '../scim-fault.ts'
import { addValues, identityOf, setPrimary } from './change-values.ts'
import { matches } from './matches.ts'
import type { PatchOperation } from './read-patch.ts'

/** Sets, merges or takes away an attribute with one value, or a part of it. Throws ScimFault. */
export function changeSingle(
  section: Resource,
  attribute: Attribute,
  sub: Attribute | undefined,
  op: PatchOperation['op'],
  value: unknown,
): void {
  const { name } = attribute
  const before = section[name]
  const after =
    sub === undefined
      ? op === 'remove'
        ? undefined
        : mergedWith(before, readValue(attribute, value))
      : withSub(isComplex(before) ? before : {}, sub, op === 'remove' ? undefined : readSub(attribute, sub, value))
  if (after !== undefined) section[name] = after
  else if (attribute.mutability === 'writeOnly' || attribute.type === 'boolean')
    throw badRequest('mutability', `${name} cannot be taken away.`)
  else delete section[name]
}

// RFC 7644 section 3.5.2.3: of an attribute with parts, those that are not given stay.
function mergedWith(before: Resource[string], given: ReturnType<typeof readValue>): Resource[string] {
  return isComplex(before) && isComplex(given) ? { ...before, ...given } : given
}

function withSub(value: Complex, { name }: Attribute, part: Simple | undefined): Complex | undefined {
  const { [name]: _, ...others } = value
  const changed = part === undefined ? others : { ...others, [name]: part }
  return Object.keys(changed).length === 0 ? undefined : changed
}

/** All values, or those that the operation names. Throws ScimFault. */
export function changeAll(
  attribute: Attribute,
  values: Complex[],
  op: PatchOperation['op'],
  value: unknown,
): Complex[] {
  const given = value === undefined || value === null ? [] : Array.isArray(value) ? value : [value]
  if (op === 'remove') {
    // Some clients name the values to take away here instead of in the path.
    if (given.length === 0) return []
    const gone = new Set(readItems(attribute, given).map(each => identityOf(attribute, each)))
    return values.filter(each => !gone.has(identityOf(attribute, each)))
  }
  return addValues(attribute, op === 'replace' ? [] : values, readItems(attribute, given))
}

/** The values that the brackets of the path mean (all, where there are none), or a part of each. Throws ScimFault. */
export function changeSome(
  attribute: Attribute,
  values: Complex[],
  filter: ScimFilter | undefined,
  sub: Attribute | undefined,
  op: PatchOperation['op'],
  value: unknown,
): Complex[] {
  const meant = (each: Complex) => filter === undefined || matches(attribute, filter, each)
  if (op === 'remove') {
    return values.flatMap(each => (meant(each) ? withoutSub(attribute, each, sub) : [each]))
  }
  const given = sub === undefined ? readParts(attribute, value) : { [sub.name]: readSub(attribute, sub, value) }
  const chosen = values.filter(meant)
  if (chosen.length === 0) {
    // A client that adds the value of its one address of a type means an address of that type.
    const made = op === 'add' && filter !== undefined ? equalitiesOf(attribute, filter) : undefined
    const item = made && readItem(attribute, { ...made, ...given })
    if (item === undefined) throw badRequest('noTarget', `No value of ${attribute.name} is meant by the path.`)
    return addValues(attribute, values, [item])
  }
  checkImmutable(attribute, given)
  const changed = new Map(chosen.map(each => [each, { ...each, ...given }]))
  const all = values.map(each => changed.get(each) ?? each)
  return given.primary === true ? setPrimary(all, new Set(changed.values())) : all
}

function withoutSub(attribute: Attribute, value: Complex, sub: Attribute | undefined): Complex[] {
  if (sub === undefined || sub.name === 'value') return []
  checkImmutable(attribute, { [sub.name]: undefined })
  const rest = withSub(value, sub, undefined)
  return rest === undefined ? [] : [rest]
}

function readParts(attribute: Attribute, value: unknown): Complex {
  const one = Array.isArray(value) && value.length === 1 ? value[0] : value
  if (!isComplex(one)) throw badRequest('invalidValue', `A value of ${attribute.name} has parts.`)
  const parts: Complex = {}
  for (const [name, each] of Object.entries(one)) {
    const sub = (attribute.subAttributes ?? []).find(part => part.name.toLowerCase() === name.toLowerCase())
    if (sub !== undefined && sub.mutability !== 'readOnly') parts[sub.name] = readSub(attribute, sub, each)
  }
  return parts
}

function checkImmutable(attribute: Attribute, parts: Complex): void {
  const fixed = (attribute.subAttributes ?? []).find(
    ({ name, mutability }) => mutability === 'immutable' && name in parts,
  )
  if (fixed !== undefined)
    throw badRequest('mutability', `${attribute.name}.${fixed.name} stays as it is: remove the value and add another.`)
}

/** The parts that a filter of nothing but equalities spells out. */
function equalitiesOf(attribute: Attribute, filter: ScimFilter): Complex | undefined {
  if (filter.op === 'and') {
    const all = filter.of.map(each => equalitiesOf(attribute, each))
    return all.includes(undefined) ? undefined : Object.assign({}, ...all)
  }
  if (filter.op !== 'compare' || filter.comparison !== 'eq' || filter.value === null) return undefined
  const sub = subOf(attribute, filter.path)
  return { [sub.name]: readSub(attribute, sub, filter.value) }
}

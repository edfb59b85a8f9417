import type { Attribute as Stored } from '../../../identity/users/directory.ts'
import type { Attribute } from '../schema/attribute.ts'
import { externalId } from '../schema/common.ts'
import { subAttributesOf } from '../schema/find-attribute.ts'
import { enterpriseUser, userSchema } from '../schema/user.ts'
import { type Complex, isComplex, type Resource, sectionOf } from './resource.ts'
import { claimOf, mainAddress, type Source, scimClaims, sourcesOf } from './user-claims.ts'

/** The attributes of a user as SCIM shows them: by their names, those of the extension below its schema. */
export function shownAttributes(stored: readonly Stored[]): Resource {
  const shown: Resource = {}
  for (const attribute of [externalId, ...userSchema.attributes]) {
    const value = shownValue(attribute, '', stored)
    if (value !== undefined) shown[attribute.name] = value
  }
  const extension: Resource = {}
  for (const attribute of enterpriseUser.attributes) {
    const value = shownValue(attribute, `${enterpriseUser.id}:`, stored)
    if (value !== undefined) extension[attribute.name] = value
  }
  if (Object.keys(extension).length > 0) shown[enterpriseUser.id] = extension as Resource[string]
  return shown
}

/** The attributes of a user as they are kept when SCIM gives these; what SCIM does not show stays as it was. */
export function keptAttributes(resource: Resource, before: readonly Stored[]): Stored[] {
  const kept = before.filter(({ name }) => !scimClaims.has(name))
  for (const attribute of [externalId, ...userSchema.attributes]) kept.push(...keptValue(attribute, '', resource))
  const extension = sectionOf(resource, enterpriseUser.id)
  for (const attribute of enterpriseUser.attributes)
    kept.push(...keptValue(attribute, `${enterpriseUser.id}:`, extension))
  return kept
}

function shownValue(attribute: Attribute, prefix: string, stored: readonly Stored[]): Resource[string] {
  const { name, type, multiValued } = attribute
  const first = (scim: string) => {
    const claim = claimOf(scim)
    return claim === undefined ? undefined : stored.find(each => each.name === claim)?.value
  }
  if (multiValued) return several(attribute, stored)
  if (type !== 'complex') return first(`${prefix}${name}`)
  // The manager is kept by the identifier alone.
  const value = first(`${prefix}${name}`)
  if (value !== undefined) return { value }
  const parts = (attribute.subAttributes ?? []).flatMap(part => {
    const found = first(`${prefix}${name}.${part.name}`)
    return found === undefined ? [] : [[part.name, found] as const]
  })
  return parts.length === 0 ? undefined : Object.fromEntries(parts)
}

function several(attribute: Attribute, stored: readonly Stored[]): readonly Complex[] | undefined {
  const sources = new Map(sourcesOf(attribute.name).map(source => [source.claim, source]))
  const values = stored.flatMap(({ name, value, parts = {} }) => {
    const source = sources.get(name)
    if (source === undefined) return []
    const known = knownParts(attribute, parts)
    if (attribute.name === 'addresses') return [isAddress(known) ? known : { ...known, formatted: value }]
    return [{ value, ...known, ...(source.type === undefined ? {} : { type: source.type }) }]
  })
  const main = attribute.name === 'addresses' ? shownMainAddress(attribute, stored) : undefined
  const all = main === undefined ? values : [main, ...values]
  return all.length === 0 ? undefined : all
}

function shownMainAddress(attribute: Attribute, stored: readonly Stored[]): Complex | undefined {
  const address: Complex = {}
  let carried: Stored['parts']
  for (const [part, claim] of mainAddress) {
    const found = stored.find(({ name }) => name === claim)
    if (found === undefined) continue
    address[part] = found.value
    carried ??= found.parts
  }
  return Object.keys(address).length === 0 ? undefined : { ...address, ...knownParts(attribute, carried ?? {}) }
}

function knownParts(attribute: Attribute, parts: NonNullable<Stored['parts']>): Complex {
  const known = subAttributesOf(attribute)
  return Object.fromEntries(
    Object.entries(parts).filter(([part]) => part !== 'value' && known.get(part.toLowerCase())?.name === part),
  )
}

function isAddress(parts: Complex): boolean {
  return [...mainAddress.keys()].some(part => parts[part] !== undefined)
}

function keptValue(attribute: Attribute, prefix: string, section: Resource): Stored[] {
  const { name, multiValued } = attribute
  const value = section[name]
  if (value === undefined) return []
  if (multiValued) {
    const values = value as readonly Complex[]
    if (name === 'addresses') return keptAddresses(values)
    return sourcesOf(name).length === 0 ? [] : values.map(each => keptItem(name, each))
  }
  const keep = (scim: string, one: unknown): Stored[] => {
    const claim = claimOf(scim)
    return claim === undefined || typeof one !== 'string' ? [] : [{ name: claim, value: one }]
  }
  if (!isComplex(value)) return keep(`${prefix}${name}`, value)
  const manager = keep(`${prefix}${name}`, value.value)
  return manager.length > 0
    ? manager
    : Object.entries(value).flatMap(([part, one]) => keep(`${prefix}${name}.${part}`, one))
}

/** All email addresses stand under one claim, which every client of WSO2's products reads; other values under one for their type. */
function keptItem(name: string, { value, type, display, primary }: Complex): Stored {
  const sources = sourcesOf(name)
  const own = name === 'emails' ? undefined : sources.find(source => source.type !== undefined && source.type === type)
  const source: Source = own ?? sources[0]!
  const parts = partsOf({ display, primary, ...(own === undefined ? { type } : {}) })
  return { name: source.claim, value: String(value), ...(parts && { parts }) }
}

function keptAddresses(addresses: readonly Complex[]): Stored[] {
  const main = addresses.find(({ primary }) => primary === true) ?? addresses[0]!
  const { type, primary } = main
  const carried = partsOf({ type, primary })
  const kept = [...mainAddress].flatMap(([part, claim]): Stored[] => {
    const value = main[part]
    return typeof value === 'string' ? [{ name: claim, value, ...(carried && { parts: carried }) }] : []
  })
  const claim = sourcesOf('addresses')[0]!.claim
  const others = kept.length === 0 ? addresses : addresses.filter(each => each !== main)
  return [...kept, ...others.flatMap(address => keptAddress(claim, address))]
}

function keptAddress(claim: string, address: Complex): Stored[] {
  const lines = [...mainAddress.keys()].flatMap(part => (typeof address[part] === 'string' ? [address[part]] : []))
  // An address of which nothing is told but its type.
  if (lines.length === 0) return []
  const value = typeof address.formatted === 'string' ? address.formatted : lines.join('\n')
  return [{ name: claim, value, parts: partsOf(address)! }]
}

function partsOf({ primary, ...parts }: Complex): Record<string, string | boolean> | undefined {
  const told = Object.entries(parts).filter((entry): entry is [string, string] => typeof entry[1] === 'string')
  const all = [...told, ...(primary === true ? [['primary', true] as const] : [])]
  return all.length === 0 ? undefined : Object.fromEntries(all)
}

import type { Complex } from '../resource/resource.ts'
import type { Attribute } from '../schema/attribute.ts'

/** Adds the values that are not there yet. When one of them is the primary one, no other is any more (RFC 7644 section 3.5.2). */
export function addValues(attribute: Attribute, values: readonly Complex[], added: readonly Complex[]): Complex[] {
  const all = new Map(values.map(each => [identityOf(attribute, each), each]))
  for (const value of added) {
    const key = identityOf(attribute, value)
    all.set(key, { ...all.get(key), ...value })
  }
  const primary = added.filter(each => each.primary === true)
  const merged = [...all.values()]
  if (primary.length !== 1) return merged
  const key = identityOf(attribute, primary[0]!)
  return setPrimary(merged, new Set([all.get(key)!]))
}

/** Those and no others are primary. */
export function setPrimary(values: readonly Complex[], chosen: ReadonlySet<Complex>): Complex[] {
  return values.map(each => {
    if (chosen.has(each) || each.primary === undefined) return each
    const { primary: _, ...rest } = each
    return rest
  })
}

/** What makes two values the same one. */
export function identityOf({ name, subAttributes = [] }: Attribute, value: Complex): string {
  if (name === 'members') return String(value.value)
  if (subAttributes.some(sub => sub.name === 'value')) return JSON.stringify([value.value, value.type ?? null])
  const { primary: _, ...parts } = value
  return JSON.stringify(Object.entries(parts).toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

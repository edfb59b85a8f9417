import type { Field, Filter } from '../../../identity/users/directory.ts'
import { givenName } from './names.ts'

/** What a filter of names asks for: a search that finds all that match, and perhaps more, and the test that they really do. */
export interface NamePattern {
  readonly filter: Filter | undefined
  matches(name: string): boolean
}

/** Wildcards beyond these are refused by finding nothing: nobody searches by them. */
const maxWildcards = 10

/**
 * Reads a filter such as `al*`: `*` stands for any text, upper and lower case are one, and without a wildcard it is the whole name, as in
 * WSO2's stores. An empty one is `*`.
 */
export function readNamePattern(sent: string | undefined, field: Field): NamePattern {
  const pattern = givenName(sent?.trim() || '*')
  const parts = pattern.split('*')
  if (parts.length > maxWildcards + 1) return { filter: compare(field, 'eq', pattern), matches: () => false }
  const first = parts[0]!
  const last = parts.at(-1)!
  if (parts.length === 1) return { filter: compare(field, 'eq', first), matches: name => same(name, first) }
  const middle = parts.slice(1, -1).filter(part => part !== '')
  const filters = [
    ...(first === '' ? [] : [compare(field, 'sw', first)]),
    ...middle.map(part => compare(field, 'co', part)),
    ...(last === '' ? [] : [compare(field, 'ew', last)]),
  ]
  const filter = filters.length < 2 ? filters[0] : ({ op: 'and', of: filters } as const)
  return { filter, matches: name => matchesParts(folded(name), folded(first), middle.map(folded), folded(last)) }
}

function compare(field: Field, comparison: 'eq' | 'sw' | 'co' | 'ew', value: string): Filter {
  return { op: 'compare', field, comparison, value, caseExact: false }
}

/** From the left, each part at the first place where it stands: there is no going back, so the work is that of looking once. */
function matchesParts(name: string, first: string, middle: readonly string[], last: string): boolean {
  if (name.length < first.length + last.length || !name.startsWith(first) || !name.endsWith(last)) return false
  const end = name.length - last.length
  let at = first.length
  for (const part of middle) {
    const found = name.indexOf(part, at)
    if (found === -1 || found + part.length > end) return false
    at = found + part.length
  }
  return true
}

function same(name: string, other: string): boolean {
  return folded(name) === folded(other)
}

function folded(text: string): string {
  return text.toLowerCase()
}

import type { Directory, DirectoryUser, Filter, Found, Role, Search } from '../../../identity/users/directory.ts'
import { readNamePattern } from './name-pattern.ts'

export interface NameSearch {
  readonly tenant: string
  /** with `*` as a wildcard; undefined: all */
  readonly pattern?: string | undefined
  /** what they have to meet besides */
  readonly filter?: Filter | undefined
  /** as the client sent it; below zero or left out: as many as `most` */
  readonly limit?: number | undefined
  readonly most: number
}

export interface Listed<T> {
  readonly entries: readonly T[]
  /** there are more that match */
  readonly more: boolean
}

export function listUsers(directory: Directory, search: NameSearch): Promise<Listed<DirectoryUser>> {
  return listNamed(search, asked => directory.users.search(search.tenant, asked))
}

export function listRoles(directory: Directory, search: NameSearch): Promise<Listed<Role>> {
  return listNamed(search, asked => directory.roles.search(search.tenant, asked))
}

/** Everything that is looked at beyond what is answered: a pattern that finds little costs no more than this many pages. */
const maxPages = 20
const maxPage = 1000

async function listNamed<T extends { readonly name: string }>(
  { pattern, filter, limit = -1, most }: NameSearch,
  find: (search: Search) => Promise<Found<T>>,
): Promise<Listed<T>> {
  const wanted = limit < 0 ? most : Math.min(limit, most)
  if (wanted === 0) return { entries: [], more: false }
  const named = readNamePattern(pattern, { kind: 'name' })
  const filters = [named.filter, filter].filter(each => each !== undefined)
  const all: Filter | undefined = filters.length < 2 ? filters[0] : { op: 'and', of: filters }
  const page = Math.min(maxPage, wanted + 1)
  const entries: T[] = []
  for (let at = 0; at < maxPages; at++) {
    const found = await find({ filter: all, offset: at * page, limit: page })
    entries.push(...found.entries.filter(({ name }) => named.matches(name)))
    if (entries.length > wanted) return { entries: entries.slice(0, wanted), more: true }
    if (found.entries.length < page) break
  }
  return { entries, more: false }
}

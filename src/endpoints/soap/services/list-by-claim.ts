import { claims } from '../../../identity/users/claims.ts'
import type { DirectoryUser, Field, Filter } from '../../../identity/users/directory.ts'
import type { Call } from '../call.ts'
import type { Fault } from '../message/fault.ts'
import type { ClaimValue } from './claims.ts'
import { type Listed, listUsers } from './list-names.ts'
import { failure } from './refusals.ts'

export interface ClaimSearch {
  /** of the names of the users, with `*` */
  readonly pattern?: string | undefined
  readonly limit?: number | undefined
}

/** The users who have this value of a claim; `*` at its ends stands for any text. A user's name is a claim as well. */
export async function listUsersByClaim(
  call: Call,
  claim: string,
  value: string,
  { pattern, limit }: ClaimSearch = {},
): Promise<Listed<DirectoryUser>> {
  const { directory, tenant, limits } = call
  const search = { tenant, pattern, limit, most: limits.maxListedUsers }
  const from = claims.find(({ uri }) => uri === claim)?.from ?? 'attribute'
  const field = fieldOf(from, claim)
  // Of claims that nobody can look for nobody has a value.
  if (field === undefined) return { entries: [], more: false }
  return listUsers(directory, { ...search, filter: valueFilter(field, value) })
}

/** The same for a claim and value as they came. */
export function listClaimants(
  call: Call,
  { claimURI, value }: ClaimValue = {},
  search: ClaimSearch = {},
): Promise<Listed<DirectoryUser>> | Fault {
  return claimURI && value !== undefined ? listUsersByClaim(call, claimURI, value, search) : noClaim
}

const noClaim = failure('No claim and value to look for came.', 'ERR_SEARCH_INVALID', 'Send claimURI and value.')

function fieldOf(from: (typeof claims)[number]['from'], claim: string): Field | undefined {
  switch (from) {
    case 'attribute':
      return { kind: 'attribute', name: claim }
    case 'id':
    case 'name':
      return { kind: from }
    case 'roles':
      return { kind: 'role-name' }
    default:
      return undefined
  }
}

function valueFilter(field: Field, value: string): Filter {
  if (value === '*') return { op: 'present', field }
  const begins = value.endsWith('*')
  const ends = value.startsWith('*')
  const comparison = begins && ends ? 'co' : begins ? 'sw' : ends ? 'ew' : 'eq'
  const text = value.slice(ends ? 1 : 0, begins ? -1 : undefined).normalize('NFC')
  return { op: 'compare', field, comparison, value: text, caseExact: true }
}

import type { Field, Found, Search } from '../../identity/users/directory.ts'
import type { Context, Reply } from './context.ts'
import { compileFilter, type Lookup } from './filter/compile-filter.ts'
import { groupFieldOf, groupLookup } from './filter/group-lookup.ts'
import { parseFilter } from './filter/parse-filter.ts'
import { fieldOf, userLookup } from './filter/user-lookup.ts'
import { describeGroups } from './groups/describe-groups.ts'
import type { SearchRequest } from './request/search-request.ts'
import { type Projection, readProjection } from './resource/projection.ts'
import { sourcesOf } from './resource/user-claims.ts'
import { type Found as FoundAttribute, findAttribute } from './schema/find-attribute.ts'
import { badRequest } from './scim-fault.ts'
import { describeUsers } from './users/describe-users.ts'

const listSchema = 'urn:ietf:params:scim:api:messages:2.0:ListResponse'

export function searchUsers(context: Context, request: SearchRequest): Promise<Reply> {
  return search(context, request, userLookup, userOrder, (asked, projection) =>
    page(context.directory.users.search(context.tenant, asked), users => describeUsers(context, users, projection)),
  )
}

export function searchGroups(context: Context, request: SearchRequest): Promise<Reply> {
  return search(context, request, groupLookup, groupFieldOf, (asked, projection) =>
    page(context.directory.roles.search(context.tenant, asked), roles => describeGroups(context, roles, projection)),
  )
}

/** One page of what the filter finds (RFC 7644 section 3.4.2). Throws ScimFault, and what the directory throws. */
async function search(
  { limits }: Context,
  { filter, sortBy, descending, startIndex, count = limits.pageSize, ...shown }: SearchRequest,
  lookup: Lookup,
  order: (found: FoundAttribute) => Field | undefined,
  look: (search: Search, projection: Projection) => Promise<Found<object>>,
): Promise<Reply> {
  const projection = readProjection(lookup.type, shown.attributes, shown.excludedAttributes)
  const asked: Search = {
    filter: filter === undefined ? undefined : compileFilter(parseFilter(filter), lookup),
    sortBy: sortBy === undefined ? undefined : orderOf(sortBy, lookup, order),
    descending,
    offset: startIndex - 1,
    limit: Math.min(count, limits.maxPageSize),
  }
  const { total, entries } = await look(asked, projection)
  return {
    status: 200,
    body: {
      schemas: [listSchema],
      totalResults: total,
      startIndex,
      itemsPerPage: entries.length,
      Resources: entries,
    },
  }
}

async function page<T>(found: Promise<Found<T>>, describe: (entries: readonly T[]) => Promise<object[]>) {
  const { total, entries } = await found
  return { total, entries: await describe(entries) }
}

function orderOf(sortBy: string, { type }: Lookup, order: (found: FoundAttribute) => Field | undefined): Field {
  const found = findAttribute(type, sortBy)
  const field = found?.attribute === undefined ? undefined : order(found)
  if (field === undefined) throw badRequest('invalidValue', `sortBy: ${sortBy.slice(0, 80)} is nothing to sort by.`)
  return field
}

/** Of an attribute with several values the primary one counts, or else the first; of the place where most are kept. */
function userOrder(found: FoundAttribute): Field | undefined {
  const { attribute, sub } = found
  if (!attribute!.multiValued) return fieldOf(found)
  const [source] = sourcesOf(attribute!.name)
  if (source === undefined || attribute!.name === 'addresses') return undefined
  const part = sub === undefined || sub.name === 'value' ? {} : { part: sub.name }
  return { kind: 'attribute', name: source.claim, ...part }
}

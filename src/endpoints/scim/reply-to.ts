import type { Exchange } from '../../server/http/exchange.ts'
import { performBulk, type TellFailure } from './bulk/perform-bulk.ts'
import type { Context, Reply } from './context.ts'
import { groups } from './groups/groups.ts'
import { type Method, perform, type Resources } from './operation.ts'
import { type Query, readList, readQuery } from './request/query.ts'
import { readJson } from './request/read-json.ts'
import { searchOfBody, searchOfQuery } from './request/search-request.ts'
import { ifMatchOf } from './resource/entity-tag.ts'
import { readProjection } from './resource/projection.ts'
import { searchGroups, searchUsers } from './search.ts'
import type { Target } from './target.ts'
import { ownId, users } from './users/users.ts'

/** Does what an identified user asks for, who may. Throws ScimFault, what the directory throws, and ERR_REQUEST_ABORTED. */
export async function replyTo(
  exchange: Exchange,
  method: Method,
  target: Exclude<Target, { kind: 'discovery' }>,
  context: Context,
  tellFailure: TellFailure,
): Promise<Reply> {
  const { limits } = context
  const query = readQuery(exchange.query)
  switch (target.kind) {
    case 'bulk':
      return performBulk(context, await readJson(exchange, limits.maxBulkBytes), tellFailure)
    case 'search': {
      const request = searchOfBody(await readJson(exchange, limits.maxBodyBytes))
      return target.resource === 'Users' ? searchUsers(context, request) : searchGroups(context, request)
    }
    case 'collection': {
      if (method !== 'GET') return performOn(exchange, method, context, query, target.resource, undefined)
      const request = searchOfQuery(query)
      return target.resource === 'Users' ? searchUsers(context, request) : searchGroups(context, request)
    }
    case 'resource':
      return performOn(exchange, method, context, query, target.resource, target.id)
    case 'me':
      return performOn(exchange, method, context, query, 'Me', await ownId(context))
  }
}

async function performOn(
  exchange: Exchange,
  method: Method,
  context: Context,
  query: Query,
  resource: 'Users' | 'Groups' | 'Me',
  id: string | undefined,
): Promise<Reply> {
  const resources: Resources = resource === 'Groups' ? groups : users
  const attributes = readList(query, 'attributes')
  const projection = readProjection(resources.type, attributes, readList(query, 'excludedAttributes'))
  const withBody = method !== 'GET' && method !== 'DELETE'
  return perform(resources, context, method, id, {
    projection,
    body: withBody ? await readJson(exchange, context.limits.maxBodyBytes) : undefined,
    ifMatch: ifMatchOf(exchange.headers),
    self: resource === 'Me',
  })
}

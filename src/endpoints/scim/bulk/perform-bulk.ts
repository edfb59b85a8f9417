import type { Context, Reply } from '../context.ts'
import { groups } from '../groups/groups.ts'
import { perform } from '../operation.ts'
import { entityTag } from '../resource/entity-tag.ts'
import { readProjection } from '../resource/projection.ts'
import { badRequest, ScimFault } from '../scim-fault.ts'
import { users } from '../users/users.ts'
import { type BulkOperation, readBulk } from './read-bulk.ts'
import { bulkIdOf, referencesIn, resolveReferences } from './references.ts'

/** How an operation that failed is told; what is no fault of the client's is put down in the log. */
export type TellFailure = (error: unknown) => { readonly status: string }

/** How long a chain of operations may be that wait for each other. */
const longestChain = 100

/**
 * Does one operation after the other (RFC 7644 section 3.7), those first that others refer to by their bulkId. Each is one transaction and
 * asked about by itself in the access table. Throws ScimFault for a request that is malformed.
 */
export async function performBulk(context: Context, body: unknown, tellFailure: TellFailure): Promise<Reply> {
  const { failOnErrors = Number.POSITIVE_INFINITY, operations } = readBulk(body, context.limits.maxBulkOperations)
  const makers = new Map(operations.flatMap((each, i) => (each.method === 'POST' ? [[each.bulkId!, i] as const] : [])))
  const made = new Map<string, string>()
  const results: (object | undefined)[] = operations.map(() => undefined)
  const begun = new Set<number>()
  let errors = 0

  async function run(i: number, chain: number): Promise<void> {
    if (begun.has(i) || errors >= failOnErrors) return
    begun.add(i)
    const operation = operations[i]!
    try {
      if (chain > longestChain) throw entangled()
      await runMakers(operation, chain)
      if (errors < failOnErrors) results[i] = await runOne(operation)
    } catch (error) {
      errors += 1
      const response = tellFailure(error)
      results[i] = { ...head(operation), status: response.status, response }
    }
  }

  /** Those that make what the operation refers to. */
  async function runMakers({ id, data }: BulkOperation, chain: number): Promise<void> {
    const referred = bulkIdOf(id)
    for (const bulkId of [...(referred === undefined ? [] : [referred]), ...referencesIn(data)]) {
      const maker = makers.get(bulkId)
      if (maker === undefined) throw badRequest('invalidValue', `No operation makes bulkId:${bulkId}.`)
      await run(maker, chain + 1)
      if (made.has(bulkId)) continue
      if (errors >= failOnErrors) return
      throw results[maker] === undefined ? entangled() : badRequest('invalidValue', `bulkId:${bulkId} was not made.`)
    }
  }

  async function runOne(operation: BulkOperation): Promise<object> {
    const { method, resource, bulkId, version, data } = operation
    const id = made.get(bulkIdOf(operation.id) ?? '') ?? operation.id
    const refusal = await context.examine(method, `/${resource}${id === undefined ? '' : `/${id}`}`)
    if (refusal !== undefined) throw new ScimFault(refusal)
    const resources = resource === 'Users' ? users : groups
    const reply = await perform(resources, context, method, id, {
      body: resolveReferences(data, made),
      ifMatch: version,
      projection: readProjection(resources.type, ['id'], undefined),
      self: false,
    })
    if (method === 'POST') made.set(bulkId!, (reply.body as { id: string }).id)
    return {
      ...head(operation),
      ...(reply.version === undefined ? {} : { version: entityTag(reply.version) }),
      location: reply.location ?? `${context.base}/${resource}/${id}`,
      status: String(reply.status),
    }
  }

  for (let i = 0; i < operations.length; i++) await run(i, 0)
  return {
    status: 200,
    body: {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:BulkResponse'],
      Operations: results.filter(result => result !== undefined),
    },
  }
}

function head({ method, bulkId }: BulkOperation) {
  return { method, ...(bulkId === undefined ? {} : { bulkId }) }
}

function entangled(): ScimFault {
  return new ScimFault({
    code: 'conflict',
    detail: 'Operations wait for each other, by their bulkIds, without an end.',
  })
}

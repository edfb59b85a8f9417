import { type Kysely, type RawBuilder, sql } from 'kysely'
import type { Schema } from '../../../storage/schema.ts'
import type { Field, Found, Search } from '../directory.ts'
import { always, type Condition, invalidSearch } from './comparison.ts'
import { conditionOf, type Subject } from './condition.ts'

const largestPage = 1000

/** The ids of one page of what the search finds in the tenant, in its order. Throws ERR_SEARCH_INVALID. */
export async function searchIds(
  db: Kysely<Schema>,
  subject: Subject,
  tenant: string,
  { filter, sortBy = { kind: 'name' }, descending = false, offset = 0, limit }: Search,
): Promise<Found<string>> {
  const table = sql.ref(subject)
  const condition: Condition = filter === undefined ? always : conditionOf(subject, filter)
  const found = sql`from ${table} where ${table}.tenant = ${tenant} and ${condition}`
  const order = orderOf(subject, sortBy, descending)
  const counted = await sql<{ total: number }>`select count(*) as total ${found}`.execute(db)
  const total = Number(counted.rows[0]?.total ?? 0)
  const size = Math.min(limit, largestPage)
  if (size <= 0 || offset >= total) return { total, entries: [] }
  const page = await sql<{
    id: string
  }>`select ${table}.id as id ${found} order by ${order} limit ${size} offset ${Math.max(0, offset)}`.execute(db)
  return { total, entries: page.rows.map(row => row.id) }
}

// RFC 7644 section 3.4.2.3: who lacks the attribute comes last, or first when the order is turned round. The name decides the rest.
function orderOf(subject: Subject, field: Field, descending: boolean): RawBuilder<unknown> {
  const direction = descending ? sql`desc` : sql`asc`
  const name = sql`${sql.ref(`${subject}.folded`)} ${direction}, ${sql.ref(`${subject}.name`)} ${direction}`
  switch (field.kind) {
    case 'name':
      return name
    case 'id':
    case 'created':
    case 'modified':
      return sql`${sql.ref(`${subject}.${field.kind}`)} ${direction}, ${name}`
    case 'state':
      if (subject === 'users') return sql`users.state ${direction}, ${name}`
      break
    case 'attribute':
      if (subject === 'users') {
        const value = firstValue(field.name, field.part)
        return sql`case when ${value} is null then 1 else 0 end ${direction}, ${value} ${direction}, ${name}`
      }
      break
  }
  throw invalidSearch(`${subject} cannot be put in the order of "${field.kind}"`)
}

/** Of several values the primary one, else the first. */
function firstValue(name: string, part: string | undefined): RawBuilder<unknown> {
  const primary = sql`(select 1 from user_attribute_parts as p where p.user_id = a.user_id and p.position = a.position and p.part = 'primary' and p.value = 'true')`
  const first = sql`case when exists ${primary} then 0 else 1 end, a.position limit 1`
  if (part === undefined) {
    return sql`(select a.folded from user_attributes as a where a.user_id = users.id and a.name = ${name} order by ${first})`
  }
  return sql`(select q.folded from user_attributes as a join user_attribute_parts as q on q.user_id = a.user_id and q.position = a.position and q.part = ${part} where a.user_id = users.id and a.name = ${name} order by ${first})`
}

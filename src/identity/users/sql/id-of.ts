import type { Kysely } from 'kysely'
import type { Schema } from '../../../storage/schema.ts'

/** The id of the user or role of that name; undefined: the tenant has none. */
export async function idOf(
  db: Kysely<Schema>,
  table: 'users' | 'roles',
  tenant: string,
  name: string,
): Promise<string | undefined> {
  const row = await db
    .selectFrom(table)
    .select('id')
    .where('tenant', '=', tenant)
    .where('name', '=', name)
    .executeTakeFirst()
  return row?.id
}

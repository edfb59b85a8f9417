import type { Kysely } from 'kysely'

/** Certificates that an administrator locked. */
export async function locks(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('locks')
    .addColumn('kind', 'text', column => column.notNull())
    .addColumn('value', 'text', column => column.notNull())
    .addColumn('label', 'text', column => column.notNull())
    .addColumn('reason', 'text', column => column.notNull())
    .addColumn('created', 'bigint', column => column.notNull())
    .addPrimaryKeyConstraint('locks_key', ['kind', 'value'])
    .execute()
}

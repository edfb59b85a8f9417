import type { Kysely } from 'kysely'

/** What session tickets are sealed with, where several servers share it: sealed itself. */
export async function ticketSecrets(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('ticket_secrets')
    .addColumn('key_id', 'text', column => column.primaryKey())
    .addColumn('sealed', 'text', column => column.notNull())
    .addColumn('changed', 'bigint', column => column.notNull())
    .execute()
}

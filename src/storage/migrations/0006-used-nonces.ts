import type { Kysely } from 'kysely'

/** What counts once, for as long as it could be used again. */
export async function usedNonces(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('used_nonces')
    .addColumn('nonce', 'text', column => column.primaryKey())
    .addColumn('expires', 'bigint', column => column.notNull())
    .execute()
  await db.schema.createIndex('used_nonces_expires').on('used_nonces').column('expires').execute()
}

import type { Kysely } from 'kysely'

/** The same certificate, name or anchor can be bound in each tenant. SQLite changes no constraint of a table: a new one takes its place. */
export async function bindingsOfTenants(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('bindings').renameTo('bindings_before').execute()
  await db.schema
    .createTable('bindings')
    .addColumn('id', 'text', column => column.primaryKey())
    .addColumn('tenant', 'text', column => column.notNull())
    .addColumn('kind', 'text', column => column.notNull())
    .addColumn('value', 'text', column => column.notNull())
    .addColumn('anchor', 'text', column => column.notNull().defaultTo(''))
    .addColumn('options', 'text', column => column.notNull())
    .addColumn('created', 'bigint', column => column.notNull())
    .addUniqueConstraint('bindings_kind_value_anchor_tenant', ['kind', 'value', 'anchor', 'tenant'])
    .execute()
  const columns = ['id', 'tenant', 'kind', 'value', 'anchor', 'options', 'created'] as const
  const old = db as Kysely<Record<'bindings' | 'bindings_before', Record<(typeof columns)[number], string>>>
  await old
    .insertInto('bindings')
    .columns([...columns])
    .expression(old.selectFrom('bindings_before').select([...columns]))
    .execute()
  await db.schema.dropTable('bindings_before').execute()
}

import { type Kysely, sql } from 'kysely'
import { fold } from '../fold.ts'

/** Attributes of users, permissions of roles, versions of both; tenants with a number, a state and whom to ask. */
export async function directory(db: Kysely<unknown>): Promise<void> {
  await createAttributes(db)
  await db.schema
    .createTable('role_permissions')
    .addColumn('role_id', 'text', column => column.notNull().references('roles.id').onDelete('cascade'))
    .addColumn('resource', 'text', column => column.notNull())
    .addColumn('action', 'text', column => column.notNull())
    .addColumn('effect', 'text', column => column.notNull())
    .addPrimaryKeyConstraint('role_permissions_key', ['role_id', 'resource', 'action'])
    .execute()
  for (const table of ['users', 'roles'] as const) {
    // SQLite adds one column at a time.
    await db.schema
      .alterTable(table)
      .addColumn('folded', 'text', column => column.notNull().defaultTo(''))
      .execute()
    await db.schema
      .alterTable(table)
      .addColumn('modified', 'bigint', column => column.notNull().defaultTo(0))
      .execute()
    await db.schema
      .alterTable(table)
      .addColumn('version', 'bigint', column => column.notNull().defaultTo(1))
      .execute()
    await foldNames(db as Kysely<Named>, table)
    await db.schema.createIndex(`${table}_tenant_folded`).on(table).columns(['tenant', 'folded', 'name']).execute()
  }
  await growTenants(db)
}

async function createAttributes(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('user_attributes')
    .addColumn('user_id', 'text', column => column.notNull().references('users.id').onDelete('cascade'))
    .addColumn('position', 'bigint', column => column.notNull())
    .addColumn('name', 'text', column => column.notNull())
    .addColumn('value', 'text', column => column.notNull())
    .addColumn('folded', 'text', column => column.notNull())
    .addColumn('lookup', 'text', column => column.notNull())
    .addPrimaryKeyConstraint('user_attributes_key', ['user_id', 'position'])
    .execute()
  await db.schema.createIndex('user_attributes_lookup').on('user_attributes').columns(['name', 'lookup']).execute()
  await db.schema
    .createTable('user_attribute_parts')
    .addColumn('user_id', 'text', column => column.notNull())
    .addColumn('position', 'bigint', column => column.notNull())
    .addColumn('part', 'text', column => column.notNull())
    .addColumn('kind', 'text', column => column.notNull())
    .addColumn('value', 'text', column => column.notNull())
    .addColumn('folded', 'text', column => column.notNull())
    .addPrimaryKeyConstraint('user_attribute_parts_key', ['user_id', 'position', 'part'])
    .addForeignKeyConstraint(
      'user_attribute_parts_attribute',
      ['user_id', 'position'],
      'user_attributes',
      ['user_id', 'position'],
      constraint => constraint.onDelete('cascade'),
    )
    .execute()
}

async function growTenants(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .alterTable('tenants')
    .addColumn('number', 'bigint', column => column.notNull().defaultTo(0))
    .execute()
  await db.schema
    .alterTable('tenants')
    .addColumn('state', 'text', column => column.notNull().defaultTo('active'))
    .execute()
  for (const name of ['admin', 'email', 'first_name', 'last_name']) {
    await db.schema.alterTable('tenants').addColumn(name, 'text').execute()
  }
  const tenants = db as Kysely<Tenants>
  const names = await tenants.selectFrom('tenants').select('name').orderBy('created').orderBy('name').execute()
  const others = names.filter(({ name }) => name !== 'default')
  await tenants.updateTable('tenants').set({ number: -1234 }).where('name', '=', 'default').execute()
  for (const [index, { name }] of others.entries()) {
    const number = index + 1
    await tenants.updateTable('tenants').set({ number }).where('name', '=', name).execute()
  }
  await db.schema.createIndex('tenants_number').on('tenants').column('number').unique().execute()
  await db.schema
    .createTable('counters')
    .addColumn('name', 'text', column => column.primaryKey())
    .addColumn('value', 'bigint', column => column.notNull())
    .execute()
  await sql`insert into counters (name, value) values ('tenant', ${others.length})`.execute(db)
}

interface Named {
  users: { id: string; name: string; folded: string; modified: number; created: number }
  roles: Named['users']
}

interface Tenants {
  tenants: { name: string; number: number; created: number }
}

const page = 1000

async function foldNames(db: Kysely<Named>, table: 'users' | 'roles'): Promise<void> {
  await db
    .updateTable(table)
    .set(({ ref }) => ({ modified: ref('created') }))
    .execute()
  for (let after = ''; ; ) {
    const rows = await db
      .selectFrom(table)
      .select(['id', 'name'])
      .where('id', '>', after)
      .orderBy('id')
      .limit(page)
      .execute()
    for (const { id, name } of rows) {
      await db
        .updateTable(table)
        .set({ folded: fold(name) })
        .where('id', '=', id)
        .execute()
    }
    if (rows.length < page) return
    after = rows.at(-1)!.id
  }
}

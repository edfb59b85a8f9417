import { type Kysely, sql } from 'kysely'
import { systemClock } from '../../clock.ts'

/** Tenants, users with roles and credentials, bindings, password throttling, and what others watch for changes. */
export async function usersAndBindings(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('tenants')
    .addColumn('name', 'text', column => column.primaryKey())
    .addColumn('created', 'bigint', column => column.notNull())
    .execute()
  await db.schema
    .createTable('users')
    .addColumn('id', 'text', column => column.primaryKey())
    .addColumn('tenant', 'text', column => column.notNull().references('tenants.name'))
    .addColumn('name', 'text', column => column.notNull())
    .addColumn('state', 'text', column => column.notNull())
    .addColumn('created', 'bigint', column => column.notNull())
    .addUniqueConstraint('users_tenant_name', ['tenant', 'name'])
    .execute()
  await db.schema
    .createTable('roles')
    .addColumn('id', 'text', column => column.primaryKey())
    .addColumn('tenant', 'text', column => column.notNull().references('tenants.name'))
    .addColumn('name', 'text', column => column.notNull())
    .addColumn('created', 'bigint', column => column.notNull())
    .addUniqueConstraint('roles_tenant_name', ['tenant', 'name'])
    .execute()
  await db.schema
    .createTable('user_roles')
    .addColumn('user_id', 'text', column => column.notNull().references('users.id').onDelete('cascade'))
    .addColumn('role_id', 'text', column => column.notNull().references('roles.id').onDelete('cascade'))
    .addPrimaryKeyConstraint('user_roles_key', ['user_id', 'role_id'])
    .execute()
  await db.schema.createIndex('user_roles_role').on('user_roles').column('role_id').execute()
  await db.schema
    .createTable('credentials')
    .addColumn('user_id', 'text', column => column.notNull().references('users.id').onDelete('cascade'))
    .addColumn('kind', 'text', column => column.notNull())
    .addColumn('secret', 'text', column => column.notNull())
    .addColumn('changed', 'bigint', column => column.notNull())
    .addPrimaryKeyConstraint('credentials_key', ['user_id', 'kind'])
    .execute()
  await db.schema
    .createTable('bindings')
    .addColumn('id', 'text', column => column.primaryKey())
    .addColumn('tenant', 'text', column => column.notNull())
    .addColumn('kind', 'text', column => column.notNull())
    .addColumn('value', 'text', column => column.notNull())
    .addColumn('anchor', 'text', column => column.notNull().defaultTo(''))
    .addColumn('options', 'text', column => column.notNull())
    .addColumn('created', 'bigint', column => column.notNull())
    .addUniqueConstraint('bindings_kind_value_anchor', ['kind', 'value', 'anchor'])
    .execute()
  await db.schema
    .createTable('throttle')
    .addColumn('bucket', 'text', column => column.primaryKey())
    .addColumn('subject', 'text', column => column.notNull())
    .addColumn('failures', 'bigint', column => column.notNull())
    .addColumn('counted', 'bigint', column => column.notNull())
    .addColumn('blocked_until', 'bigint', column => column.notNull())
    .addColumn('expires', 'bigint', column => column.notNull())
    .execute()
  await db.schema.createIndex('throttle_expires').on('throttle').column('expires').execute()
  await db.schema.createIndex('throttle_subject').on('throttle').column('subject').execute()
  await db.schema
    .createTable('changes')
    .addColumn('area', 'text', column => column.primaryKey())
    .addColumn('version', 'bigint', column => column.notNull())
    .execute()
  await sql`insert into tenants (name, created) values ('default', ${systemClock.now()})`.execute(db)
}

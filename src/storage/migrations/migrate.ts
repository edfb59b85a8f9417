import type { Kysely, Transaction } from 'kysely'
import { systemClock } from '../../clock.ts'
import { CodedError } from '../../errors.ts'
import type { Schema } from '../schema.ts'
import { usersAndBindings } from './0001-users-and-bindings.ts'
import { locks } from './0002-locks.ts'
import { directory } from './0003-directory.ts'
import { ticketSecrets } from './0004-ticket-secrets.ts'
import { bindingsOfTenants } from './0005-bindings-of-tenants.ts'
import { usedNonces } from './0006-used-nonces.ts'

interface Migration {
  readonly name: string
  up(db: Kysely<unknown>): Promise<void>
}

/** In the order of their numbers, which count from 1. One that was released is never changed: what comes after is appended. */
export const migrations: readonly Migration[] = [
  { name: 'users-and-bindings', up: usersAndBindings },
  { name: 'locks', up: locks },
  { name: 'directory', up: directory },
  { name: 'ticket-secrets', up: ticketSecrets },
  { name: 'bindings-of-tenants', up: bindingsOfTenants },
  { name: 'used-nonces', up: usedNonces },
]

interface Place {
  /** what errors call the database */
  readonly name: string
  /** the only schema that is ours, where databases have several */
  readonly schema?: string
}

interface Applied {
  schema_migrations: { number: number; name: string; applied: number }
}

/**
 * Brings the schema forward, in one transaction, which `exclusively` opens in such a way that a second starter waits for the first.
 * Throws ERR_STORAGE_FOREIGN when the tables are not ours, ERR_STORAGE_NEWER when a later version of Countersign has been here: its data may mean what we do not know.
 */
export async function migrate(
  db: Kysely<Schema>,
  { name, schema }: Place,
  exclusively: (work: (transaction: Transaction<Schema>) => Promise<void>) => Promise<void>,
): Promise<void> {
  if ((await appliedMigrations(db, name, schema)) === migrations.length) return
  await exclusively(async transaction => {
    // Counted again: whoever had the lock before us may have done the work.
    const applied = await appliedMigrations(transaction, name, schema)
    if (applied > migrations.length) throw newer(name, applied)
    if (applied === 0) await createRecord(transaction)
    for (const [index, migration] of migrations.entries()) {
      if (index < applied) continue
      await migration.up(transaction as unknown as Kysely<unknown>)
      const row = { number: index + 1, name: migration.name, applied: systemClock.now() }
      await recorded(transaction).insertInto('schema_migrations').values(row).execute()
    }
  })
}

async function appliedMigrations(db: Kysely<Schema>, name: string, schema: string | undefined): Promise<number> {
  const all = await db.introspection.getTables()
  const tables = schema === undefined ? all : all.filter(table => table.schema === schema)
  if (tables.length === 0) return 0
  if (!tables.some(table => table.name === 'schema_migrations')) throw foreign(name)
  const { last } = await recorded(db)
    .selectFrom('schema_migrations')
    .select(({ fn }) => fn.max('number').as('last'))
    .executeTakeFirstOrThrow()
  return Number(last ?? 0)
}

async function createRecord(transaction: Transaction<Schema>): Promise<void> {
  await transaction.schema
    .createTable('schema_migrations')
    .addColumn('number', 'bigint', column => column.primaryKey())
    .addColumn('name', 'text', column => column.notNull())
    .addColumn('applied', 'bigint', column => column.notNull())
    .execute()
}

function recorded(db: Kysely<Schema>): Kysely<Applied> {
  return db as unknown as Kysely<Applied>
}

function foreign(name: string): CodedError {
  return new CodedError('ERR_STORAGE_FOREIGN', `${name} is the database of another program`, {
    remedy: 'Name a file or schema that does not exist yet, or one that Countersign made.',
  })
}

function newer(name: string, applied: number): CodedError {
  return new CodedError(
    'ERR_STORAGE_NEWER',
    `${name} was made by a newer version of Countersign (schema ${applied}, this version knows ${migrations.length})`,
    { remedy: 'Start that version, or restore a copy that was made before it. A schema never goes back.' },
  )
}

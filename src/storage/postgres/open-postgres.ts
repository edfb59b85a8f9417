import { setTimeout as sleep } from 'node:timers/promises'
import { Kysely, sql, type Transaction } from 'kysely'
import { isCoded } from '../../errors.ts'
import { migrate } from '../migrations/migrate.ts'
import type { Area, Schema } from '../schema.ts'
import type { Storage } from '../storage.ts'
import { ChangeWatch, channel } from './change-watch.ts'
import { ExactText } from './exact-text.ts'
import { createPool } from './pool.ts'
import { postgresDialect } from './postgres-dialect.ts'
import { nameOf, type PostgresOptions } from './postgres-options.ts'

type Work<T> = (transaction: Transaction<Schema>) => Promise<T>

/** Keys of advisory locks, beside that of the schema: "csmi" and "cswr". They are held until the end of the transaction. */
const locks = { migration: 0x63736d69, writing: 0x63737772 }

/**
 * Tables in a schema of a PostgreSQL server, for any number of servers at a time. Throws ERR_STORAGE_UNREACHABLE, _LOGIN, _TLS,
 * _UNWRITABLE, _FOREIGN, _NEWER.
 *
 * What SQLite gives by itself, that one writes at a time, is had by locks: changes of an area wait for each other at the row that holds its
 * version, and counters, which nobody watches, at one of their own.
 */
export async function openPostgres(options: PostgresOptions): Promise<Storage> {
  const name = nameOf(options)
  const pool = createPool(options)
  const early = new Kysely<Schema>({ dialect: postgresDialect({ pool, name, gate: () => undefined }) })
  let watch: ChangeWatch | undefined
  const db = new Kysely<Schema>({ dialect: postgresDialect({ pool, name, gate: () => watch?.gate }) })
  try {
    await patiently(options.patience, () => bringForward(early, options))
    const changes = await ChangeWatch.open({ options, onVoid: () => pool.cut() })
    watch = changes
    return {
      kind: 'postgres',
      db,
      early,
      async change(area, work) {
        const versions = new Map<Area, number>()
        const result = await db.transaction().execute(async transaction => {
          // In one order, so that no two wait for each other.
          for (const each of [area].flat().toSorted()) versions.set(each, await raise(transaction, each))
          const done = await work(transaction)
          await sql`select pg_notify(${channel}, ${options.schema})`.execute(transaction)
          return done
        })
        await changes.made(versions)
        return result
      },
      write: work =>
        db.transaction().execute(async transaction => {
          await sql`set local synchronous_commit = off`.execute(transaction)
          await lock(transaction, locks.writing, options)
          return work(transaction)
        }),
      changes,
      async close() {
        await changes.close()
        await Promise.all([db.destroy(), early.destroy()])
        await pool.close()
      },
    }
  } catch (error) {
    await pool.close()
    throw error
  }
}

async function bringForward(db: Kysely<Schema>, options: PostgresOptions): Promise<void> {
  const { schema } = options
  await migrate(db, { name: nameOf(options), schema }, (work: Work<void>) =>
    db.transaction().execute(async transaction => {
      await sql`set local statement_timeout = 0`.execute(transaction)
      await lock(transaction, locks.migration, options)
      // "if not exists" asks for the right to make one even where it does.
      const found = await sql`select 1 from pg_namespace where nspname = ${schema}`.execute(transaction)
      if (found.rows.length === 0) await transaction.schema.createSchema(schema).execute()
      await work(transaction.withPlugin(new ExactText()))
    }),
  )
}

async function lock(transaction: Transaction<Schema>, key: number, { schema }: PostgresOptions): Promise<void> {
  await sql`select pg_advisory_xact_lock(${key}, hashtext(${schema}))`.execute(transaction)
}

async function raise(transaction: Transaction<Schema>, area: Area): Promise<number> {
  const { version } = await transaction
    .insertInto('changes')
    .values({ area, version: 1 })
    .onConflict(conflict => conflict.column('area').doUpdateSet({ version: sql`changes.version + 1` }))
    .returning('version')
    .executeTakeFirstOrThrow()
  return version
}

/** A server that starts together with its database waits for it; what waiting does not mend is told at once. */
async function patiently(patience: number, work: () => Promise<void>): Promise<void> {
  const deadline = performance.now() + patience
  for (let pause = 100; ; pause = Math.min(pause * 2, 2_000)) {
    try {
      return await work()
    } catch (error) {
      if (!isCoded(error, 'ERR_STORAGE_UNREACHABLE') || performance.now() + pause > deadline) throw error
    }
    await sleep(pause)
  }
}

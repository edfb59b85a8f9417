import { DatabaseSync } from 'node:sqlite'
import { Kysely, sql, type Transaction } from 'kysely'
import { migrate } from '../migrations/migrate.ts'
import type { Area, Schema } from '../schema.ts'
import type { Storage } from '../storage.ts'
import { ChangeWatch } from './change-watch.ts'
import { ensurePrivateFile } from './private-file.ts'
import { sqliteDialect } from './sqlite-dialect.ts'
import { storageFailure } from './storage-failure.ts'

/** Milliseconds that SQLite itself waits for a lock, which stops the event loop: longer waiting is done by the driver. */
const busyTimeout = 10

/**
 * A database file, in WAL mode: readers and one writer, of any number of processes, do not wait for each other.
 *
 * Between `synchronous` NORMAL and FULL both are right, for different things. NORMAL leaves the file whole after a power cut but may
 * lose the last transactions; FULL costs a wait for the disk at each commit. A lock or a binding that was removed must not come back,
 * so `change` commits with FULL. A failed password attempt is counted with NORMAL: a crash or restart of the process loses nothing
 * either way, and whoever guesses passwords cannot make the event loop wait for the disk.
 */
export async function openSqlite(file: string): Promise<Storage> {
  const db = new Kysely<Schema>({ dialect: sqliteDialect(openFile(file), file) })
  const exclusively = <T>(work: (transaction: Transaction<Schema>) => Promise<T>) => db.transaction().execute(work)
  const durably = <T>(work: (transaction: Transaction<Schema>) => Promise<T>) =>
    db.connection().execute(async connection => {
      await sql`pragma synchronous = full`.execute(connection)
      try {
        return await connection.transaction().execute(work)
      } finally {
        await sql`pragma synchronous = normal`.execute(connection)
      }
    })
  try {
    // Both read the file, which another process that starts may hold for a moment.
    await sql`pragma synchronous = normal`.execute(db)
    await sql`pragma journal_mode = wal`.execute(db)
    await migrate(db, { name: file }, durably)
    const changes = new ChangeWatch(connect(file), file)
    return {
      kind: 'sqlite',
      db,
      early: db,
      async change(area, work) {
        const result = await durably(async transaction => {
          const done = await work(transaction)
          for (const each of [area].flat()) await raise(transaction, each)
          return done
        })
        await changes.look()
        return result
      },
      write: exclusively,
      changes,
      async close() {
        changes.close()
        await db.destroy()
      },
    }
  } catch (error) {
    await db.destroy()
    throw error
  }
}

function openFile(file: string): DatabaseSync {
  try {
    ensurePrivateFile(file)
    return connect(file)
  } catch (error) {
    throw storageFailure(error, file)
  }
}

function connect(file: string): DatabaseSync {
  const database = new DatabaseSync(file, { timeout: busyTimeout, defensive: true })
  // A file that somebody else prepared must not run functions by its views and triggers.
  database.exec('pragma trusted_schema = off')
  return database
}

async function raise(transaction: Transaction<Schema>, area: Area): Promise<void> {
  await transaction
    .insertInto('changes')
    .values({ area, version: 1 })
    .onConflict(conflict => conflict.column('area').doUpdateSet({ version: sql`changes.version + 1` }))
    .execute()
}

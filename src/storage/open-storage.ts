import { openSqlite } from './sqlite/open-sqlite.ts'
import type { Storage, StorageOptions } from './storage.ts'

/** Opens the database, makes it when there is none, and brings its schema up to date. */
export async function openStorage(options: StorageOptions): Promise<Storage> {
  if (options.kind === 'sqlite') return openSqlite(options.file)
  // Only who has one pays for the driver.
  const { openPostgres } = await import('./postgres/open-postgres.ts')
  return openPostgres(options)
}

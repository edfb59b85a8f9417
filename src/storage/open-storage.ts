import { openSqlite } from './sqlite/open-sqlite.ts'
import type { Storage, StorageOptions } from './storage.ts'

/** Opens the database, makes it when there is none, and brings its schema up to date. */
export function openStorage(options: StorageOptions): Promise<Storage> {
  return openSqlite(options.file)
}

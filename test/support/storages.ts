import { join } from 'node:path'
import { openStorage } from '../../src/storage/open-storage.ts'
import type { Storage } from '../../src/storage/storage.ts'
import type { PostgresServer } from './postgres.ts'
import { scratchFolder } from './scratch.ts'

/** Gives a database that is empty; each call of the answer opens it once more, as another process would. */
export type FreshDatabase = () => () => Promise<Storage>

export function sqliteDatabases(): FreshDatabase {
  const folder = scratchFolder()
  let count = 0
  return () => {
    const file = join(folder, `${++count}.db`)
    return () => openStorage({ kind: 'sqlite', file })
  }
}

export function postgresDatabases(server: PostgresServer): FreshDatabase {
  return () => {
    const options = server.options()
    return () => openStorage(options)
  }
}

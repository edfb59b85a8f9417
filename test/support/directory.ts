// A directory in a file of its own, whose hashes cost nothing.
import { join } from 'node:path'
import { after } from 'node:test'
import { systemClock } from '../../src/clock.ts'
import type { Directory } from '../../src/identity/users/directory.ts'
import { createPasswordHasher } from '../../src/identity/users/password/password-hasher.ts'
import { createSqlDirectory } from '../../src/identity/users/sql/create-sql-directory.ts'
import { openStorage } from '../../src/storage/open-storage.ts'
import { scratchFolder } from './scratch.ts'

/** Call it at the top of the file: it ends when the file's tests are done. */
export async function openDirectory(): Promise<Directory> {
  const storage = await openStorage({ kind: 'sqlite', file: join(scratchFolder(), 'users.db') })
  after(() => storage.close())
  const hasher = createPasswordHasher(async (message, { salt }, length) =>
    Buffer.concat([Buffer.from(message), salt], length),
  )
  return createSqlDirectory({ storage, hasher, clock: systemClock })
}

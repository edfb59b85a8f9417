import { after } from 'node:test'
import { systemClock } from '../../../src/clock.ts'
import { createPasswordHasher } from '../../../src/identity/users/password/password-hasher.ts'
import { createSqlDirectory } from '../../../src/identity/users/sql/create-sql-directory.ts'
import { createSqlUserStore } from '../../../src/identity/users/sql-user-store.ts'
import { openStorage } from '../../../src/storage/open-storage.ts'
import { directoryContract } from '../../contract/directory.ts'
import { userStoreContract } from '../../contract/user-store.ts'
import { startPostgres } from '../../support/postgres.ts'

const server = await startPostgres()
after(() => server.stop('immediate'))

async function open(hasher = createPasswordHasher()) {
  const options = server.options()
  const storage = await openStorage(options)
  const elsewhere = await openStorage(options)
  return {
    directory: createSqlDirectory({ storage, hasher, clock: systemClock }),
    store: createSqlUserStore({ storage, hasher }),
    other: createSqlUserStore({ storage: elsewhere, hasher }),
    async close() {
      await storage.close()
      await elsewhere.close()
    },
  }
}

userStoreContract('postgres', open)

const quickHasher = createPasswordHasher(async (message, { salt }, length) =>
  Buffer.concat([Buffer.from(message), salt], length),
)
directoryContract('postgres', () => open(quickHasher))

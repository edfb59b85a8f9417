import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { systemClock } from '../../../src/clock.ts'
import { createSqlBindingStore } from '../../../src/identity/bindings/sql-binding-store.ts'
import { createPasswordHasher } from '../../../src/identity/users/password/password-hasher.ts'
import { createSqlDirectory } from '../../../src/identity/users/sql/create-sql-directory.ts'
import { createSqlUserStore } from '../../../src/identity/users/sql-user-store.ts'
import { openStorage } from '../../../src/storage/open-storage.ts'
import { directoryContract } from '../../contract/directory.ts'
import { scratchFolder } from '../../support/scratch.ts'

const folder = scratchFolder()
let count = 0

async function open() {
  const storage = await openStorage({ kind: 'sqlite', file: join(folder, `${++count}.db`) })
  const elsewhere = await openStorage({ kind: 'sqlite', file: join(folder, `${count}.db`) })
  const hasher = createPasswordHasher(async (message, { salt }, length) =>
    Buffer.concat([Buffer.from(message), salt], length),
  )
  return {
    storage,
    directory: createSqlDirectory({ storage, hasher, clock: systemClock }),
    store: createSqlUserStore({ storage, hasher }),
    other: createSqlUserStore({ storage: elsewhere, hasher }),
    async close() {
      await storage.close()
      await elsewhere.close()
    },
  }
}

directoryContract('sqlite', open)

test('with a tenant go its bindings, and whoever reads bindings is told', async () => {
  const { storage, directory, close } = await open()
  const bindings = createSqlBindingStore(storage, systemClock)
  const binding = { users: ['alice'], insecureAnyUser: false }
  await directory.tenants.add('partner.example')
  await bindings.add({ ...binding, thumbprint: 'ab'.repeat(32), tenant: 'partner.example' })
  await bindings.add({ ...binding, thumbprint: 'cd'.repeat(32), tenant: 'default' })
  const told: string[] = []
  storage.changes.subscribe('bindings', () => void told.push('bindings'))
  await directory.tenants.remove('partner.example')
  assert.deepEqual(told, ['bindings'])
  assert.deepEqual(
    (await bindings.list()).map(({ options }) => options.tenant),
    ['default'],
  )
  await close()
})

test('a role has more members than one statement takes values', async () => {
  const { storage, directory, close } = await open()
  const ids = Array.from({ length: 2500 }, (_, i) => `user ${String(i).padStart(4, '0')}`)
  await storage.change('users', async transaction => {
    for (const id of ids) {
      const row = { id, tenant: 'default', name: id, state: 'active' as const, created: 1 }
      await transaction.insertInto('users').values(row).execute()
    }
  })
  const { id } = await directory.roles.add({ tenant: 'default', name: 'all', members: ids })
  assert.deepEqual(
    (await directory.roles.members('default', id)).map(member => member.id),
    ids,
  )
  assert.equal((await directory.users.search('default', { limit: 5000 })).entries.length, 1000, 'a page is no longer')
  await directory.roles.change('default', id, ({ members }) => ({ members: members.slice(0, 3).map(each => each.id) }))
  assert.equal((await directory.roles.members('default', id)).length, 3)
  await close()
})

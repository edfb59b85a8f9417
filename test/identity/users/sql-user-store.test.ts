import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { createPasswordHasher, type DeriveKey } from '../../../src/identity/users/password/password-hasher.ts'
import { createSqlUserStore } from '../../../src/identity/users/sql-user-store.ts'
import { openStorage } from '../../../src/storage/open-storage.ts'
import { userStoreContract } from '../../contract/user-store.ts'
import { scratchFolder } from '../../support/scratch.ts'

const folder = scratchFolder()
let count = 0

async function open(deriveKey?: DeriveKey) {
  const storage = await openStorage({ kind: 'sqlite', file: join(folder, `${++count}.db`) })
  const other = await openStorage({ kind: 'sqlite', file: join(folder, `${count}.db`) })
  const hasher = createPasswordHasher(deriveKey)
  return {
    storage,
    store: createSqlUserStore({ storage, hasher }),
    other: createSqlUserStore({ storage: other, hasher }),
    async close() {
      await storage.close()
      await other.close()
    },
  }
}

userStoreContract('sqlite', open)

const tenant = 'default'

test('a hash that came from elsewhere opens, and is renewed with the next login, without anybody being told', async () => {
  const { storage, store, close } = await open()
  const { id } = await store.add({ tenant, name: 'alice' })
  // made by the reference implementation: printf 'correct horse' | argon2 countersign-salt -id -k 64 -t 1 -p 1 -l 16 -e
  const phc = '$argon2id$v=19$m=64,t=1,p=1$Y291bnRlcnNpZ24tc2FsdA$hpgM0ORZ57H1L9axtd9Jhw'
  const secret = async () =>
    (await storage.db.selectFrom('credentials').select('secret').executeTakeFirstOrThrow()).secret
  await storage.change('users', transaction =>
    transaction.insertInto('credentials').values({ user_id: id, kind: 'password', secret: phc, changed: 1 }).execute(),
  )
  const { version } = store
  assert.equal((await store.checkPassword(tenant, 'alice', 'wrong horse')).kind, 'wrong')
  assert.equal(await secret(), phc)
  assert.equal((await store.checkPassword(tenant, 'alice', 'correct horse')).kind, 'right')
  assert.match(await secret(), /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
  assert.equal((await store.checkPassword(tenant, 'alice', 'correct horse')).kind, 'right')
  assert.equal(store.version, version)
  await close()
})

test('who is locked, removed or given another password while the hash is computed does not slip in', async () => {
  const gate: { hold: Promise<void> } = { hold: Promise.resolve() }
  const { storage, store, close } = await open(async (message, { salt }, length) => {
    await gate.hold
    return Buffer.concat([Buffer.from(message), salt], length)
  })
  for (const [what, change, expected] of [
    ['locked', () => store.setState(tenant, 'locked', 'locked'), 'locked'],
    ['removed', () => store.remove(tenant, 'removed'), 'wrong'],
    [
      'changed',
      () =>
        storage.change('users', transaction => transaction.updateTable('credentials').set({ secret: '' }).execute()),
      'wrong',
    ],
  ] as const) {
    await store.add({ tenant, name: what, password: 'right password' })
    assert.equal((await store.checkPassword(tenant, what, 'right password')).kind, 'right')
    const release = Promise.withResolvers<void>()
    gate.hold = release.promise
    const check = store.checkPassword(tenant, what, 'right password')
    await change()
    release.resolve()
    assert.equal((await check).kind, expected, what)
  }
  await close()
})

test('a user who is known costs no query, and what was read before a change is not kept after it', async () => {
  const { storage, store, close } = await open()
  await store.add({ tenant, name: 'alice' })
  const first = await store.find(tenant, 'alice')
  assert.equal(await store.find(tenant, 'alice'), first, 'the same object')
  // A find that began before the change and ends after it
  await store.setRoles(tenant, 'alice', ['before'])
  const [early] = await Promise.all([store.find(tenant, 'alice'), store.setState(tenant, 'alice', 'locked')])
  assert.ok(early)
  assert.equal((await store.find(tenant, 'alice'))?.state, 'locked')
  await storage.close()
  assert.equal((await store.find(tenant, 'alice'))?.state, 'locked', 'from memory')
  await close().catch(() => {})
})

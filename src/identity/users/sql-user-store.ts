import { randomUUID } from 'node:crypto'
import type { Transaction } from 'kysely'
import { type Clock, systemClock } from '../../clock.ts'
import { isCoded } from '../../errors.ts'
import { fold } from '../../storage/fold.ts'
import type { Schema } from '../../storage/schema.ts'
import type { Storage } from '../../storage/storage.ts'
import { checkTenantName, checkUserName } from './names.ts'
import type { PasswordHasher } from './password/password-hasher.ts'
import { newPasswordText, passwordText } from './password/password-text.ts'
import { createUserReader, readPage, readSecret } from './read-users.ts'
import { unknownUser, userExists } from './sql/directory-errors.ts'
import { idOf } from './sql/id-of.ts'
import { normalRoles, replaceRolesOf, roleIds } from './sql/memberships.ts'
import { storeSecret } from './sql/passwords.ts'
import { insertTenant, readTenant, requireTenant } from './sql/tenant-rows.ts'
import { isId, isRoleOf, touchRoles, touchUsers } from './sql/versions.ts'
import type { NewUser, PasswordCheck, UserPage, UserStore } from './user.ts'
import { createUserCache } from './user-cache.ts'

const largestPage = 1000

export interface SqlUserStoreSource {
  readonly storage: Storage
  readonly hasher: PasswordHasher
  readonly clock?: Clock
}

/** Users in the tables of `storage`. */
export function createSqlUserStore({ storage, hasher, clock = systemClock }: SqlUserStoreSource): UserStore {
  const { db } = storage
  const cache = createUserCache()
  const readUser = createUserReader(db)
  const listeners = new Set<() => void>()
  storage.changes.subscribe('users', () => {
    cache.clear()
    for (const listener of [...listeners]) listener()
  })

  /** What everyone is told of, on one user. Throws ERR_USER_UNKNOWN. */
  function changeUser(
    tenant: string,
    name: string,
    work: (transaction: Transaction<Schema>, id: string, now: number) => Promise<unknown>,
  ) {
    return storage.change('users', async transaction => {
      const id = await idOf(transaction, 'users', tenant, name)
      if (id === undefined) throw unknownUser(tenant, name)
      const now = clock.now()
      await touchUsers(transaction, isId(id), now)
      await work(transaction, id, now)
    })
  }

  return {
    get version() {
      return cache.version
    },

    onChange(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },

    async find(tenant, name) {
      const known = cache.get(tenant, name)
      if (known !== undefined) return known
      const { version } = cache
      const user = await readUser({ tenant, name })
      if (user !== undefined) cache.set(user, version)
      return user
    },

    async list(tenant, { after, limit = 100 } = {}): Promise<UserPage> {
      const size = Math.min(Math.max(1, limit), largestPage)
      const rows = await readPage(db, tenant, after, size + 1)
      const users = rows.slice(0, size)
      return { users, next: rows.length > size ? users.at(-1)?.name : undefined }
    },

    async checkPassword(tenant, name, password): Promise<PasswordCheck> {
      const text = passwordText(password)
      if (text === undefined) return { kind: 'wrong' }
      // Never from the cache: what is quick for known users only would tell who is known.
      const secret = await readSecret(db, tenant, name)
      const result = await hasher.verify(text, secret)
      if (result !== 'right') return { kind: result }
      // Read when the hash is done: who was locked, removed or given another password meanwhile does not slip in.
      const user = await readUser({ tenant, name })
      if (user === undefined || secret === undefined || (await readSecret(db, tenant, name)) !== secret)
        return { kind: 'wrong' }
      if (user.tenantState !== 'active') return { kind: 'locked', what: 'tenant' }
      if (user.state !== 'active') return { kind: 'locked', what: 'account' }
      if (hasher.isOutdated(secret)) await renewHash(storage, user.id, secret, await hasher.hash(text))
      return { kind: 'right', user }
    },

    async add({ tenant, name, roles = [], password }: NewUser) {
      checkUserName(name)
      const secret = password === undefined ? undefined : await hasher.hash(newPasswordText(password))
      const wanted = normalRoles(roles)
      return storage.change('users', async transaction => {
        const { state: tenantState } = await requireTenant(transaction, tenant)
        const [id, state, now] = [randomUUID(), 'active' as const, clock.now()]
        const { numInsertedOrUpdatedRows: inserted } = await transaction
          .insertInto('users')
          .values({ id, tenant, name, folded: fold(name), state, created: now, modified: now })
          .onConflict(conflict => conflict.columns(['tenant', 'name']).doNothing())
          .executeTakeFirstOrThrow()
        if (inserted === 0n) throw userExists(tenant, name)
        await replaceRolesOf(transaction, id, await roleIds(transaction, tenant, wanted, 'make', now), now)
        if (secret !== undefined) await storeSecret(transaction, id, secret, now)
        return { id, tenant, name, roles: wanted, state, tenantState }
      })
    },

    remove: (tenant, name) =>
      changeUser(tenant, name, async (transaction, id, now) => {
        await touchRoles(transaction, isRoleOf(id), now)
        await transaction.deleteFrom('users').where('id', '=', id).execute()
      }),

    async setPassword(tenant, name, password) {
      const secret = await hasher.hash(newPasswordText(password))
      await changeUser(tenant, name, (transaction, id, now) => storeSecret(transaction, id, secret, now))
    },

    setState: (tenant, name, state) =>
      changeUser(tenant, name, (transaction, id) =>
        transaction.updateTable('users').set({ state }).where('id', '=', id).execute(),
      ),

    async setRoles(tenant, name, roles) {
      const wanted = normalRoles(roles)
      await changeUser(tenant, name, async (transaction, id, now) => {
        await replaceRolesOf(transaction, id, await roleIds(transaction, tenant, wanted, 'make', now), now)
      })
    },

    async addTenant(tenant) {
      checkTenantName(tenant)
      // Nobody is told when nothing changes.
      if ((await readTenant(db, tenant)) !== undefined) return false
      return storage.change('users', transaction => insertTenant(transaction, tenant, {}, clock.now()))
    },
  }
}

/** Unless the password was changed meanwhile. It stays the same password, so nobody has to be told. */
async function renewHash(storage: Storage, id: string, before: string, secret: string): Promise<void> {
  const renewed = storage.write(transaction =>
    transaction
      .updateTable('credentials')
      .set({ secret })
      .where('user_id', '=', id)
      .where('kind', '=', 'password')
      .where('secret', '=', before)
      .execute(),
  )
  // No reason to turn away somebody who knows the password: the next login tries again.
  await renewed.catch(error => {
    if (!isCoded(error)) throw error
  })
}

import { randomUUID } from 'node:crypto'
import type { Transaction } from 'kysely'
import { type Clock, systemClock } from '../../clock.ts'
import { CodedError, isCoded } from '../../errors.ts'
import type { Schema } from '../../storage/schema.ts'
import type { Storage } from '../../storage/storage.ts'
import { checkRoleName, checkTenantName, checkUserName } from './names.ts'
import type { PasswordHasher } from './password/password-hasher.ts'
import { newPasswordText, passwordText } from './password/password-text.ts'
import { readPage, readSecret, readUser } from './read-users.ts'
import type { NewUser, PasswordCheck, User, UserPage, UserStore } from './user.ts'
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
  const listeners = new Set<() => void>()
  storage.changes.subscribe('users', () => {
    cache.clear()
    for (const listener of [...listeners]) listener()
  })

  /** What everyone is told of, on one user. Throws ERR_USER_UNKNOWN. */
  function changeUser(
    tenant: string,
    name: string,
    work: (transaction: Transaction<Schema>, id: string) => Promise<unknown>,
  ) {
    return storage.change('users', async transaction => {
      const user = await transaction
        .selectFrom('users')
        .select('id')
        .where('tenant', '=', tenant)
        .where('name', '=', name)
        .executeTakeFirst()
      if (user === undefined) throw unknownUser(tenant, name)
      await work(transaction, user.id)
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
      const user = await readUser(db, tenant, name)
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
      const user = await readUser(db, tenant, name)
      if (user === undefined || secret === undefined || (await readSecret(db, tenant, name)) !== secret)
        return { kind: 'wrong' }
      if (user.state === 'locked') return { kind: 'locked' }
      if (hasher.isOutdated(secret)) await renewHash(storage, user.id, secret, await hasher.hash(text))
      return { kind: 'right', user }
    },

    async add({ tenant, name, roles = [], password }: NewUser) {
      checkUserName(name)
      const secret = password === undefined ? undefined : await hasher.hash(newPasswordText(password))
      const user: User = { id: randomUUID(), tenant, name, roles: normalRoles(roles), state: 'active' }
      const created = clock.now()
      await storage.change('users', async transaction => {
        await requireTenant(transaction, tenant)
        const { numInsertedOrUpdatedRows: inserted } = await transaction
          .insertInto('users')
          .values({ id: user.id, tenant, name, state: user.state, created })
          .onConflict(conflict => conflict.columns(['tenant', 'name']).doNothing())
          .executeTakeFirstOrThrow()
        if (inserted === 0n) throw userExists(tenant, name)
        await giveRoles(transaction, user, created)
        if (secret !== undefined) await storeSecret(transaction, user.id, secret, created)
      })
      return user
    },

    remove: (tenant, name) =>
      changeUser(tenant, name, (transaction, id) => transaction.deleteFrom('users').where('id', '=', id).execute()),

    async setPassword(tenant, name, password) {
      const secret = await hasher.hash(newPasswordText(password))
      await changeUser(tenant, name, (transaction, id) => storeSecret(transaction, id, secret, clock.now()))
    },

    setState: (tenant, name, state) =>
      changeUser(tenant, name, (transaction, id) =>
        transaction.updateTable('users').set({ state }).where('id', '=', id).execute(),
      ),

    async setRoles(tenant, name, roles) {
      const wanted = normalRoles(roles)
      await changeUser(tenant, name, async (transaction, id) => {
        await transaction.deleteFrom('user_roles').where('user_id', '=', id).execute()
        await giveRoles(transaction, { id, tenant, roles: wanted }, clock.now())
      })
    },

    async addTenant(tenant) {
      checkTenantName(tenant)
      const known = await db.selectFrom('tenants').select('name').where('name', '=', tenant).executeTakeFirst()
      if (known !== undefined) return false
      await storage.change('users', transaction =>
        transaction
          .insertInto('tenants')
          .values({ name: tenant, created: clock.now() })
          .onConflict(conflict => conflict.doNothing())
          .execute(),
      )
      return true
    },
  }
}

async function giveRoles(
  transaction: Transaction<Schema>,
  { id, tenant, roles }: Pick<User, 'id' | 'tenant' | 'roles'>,
  now: number,
): Promise<void> {
  for (const name of roles) {
    await transaction
      .insertInto('roles')
      .values({ id: randomUUID(), tenant, name, created: now })
      .onConflict(conflict => conflict.columns(['tenant', 'name']).doNothing())
      .execute()
    await transaction
      .insertInto('user_roles')
      .columns(['user_id', 'role_id'])
      .expression(({ selectFrom, val }) =>
        selectFrom('roles')
          .select([val(id).as('user_id'), 'roles.id as role_id'])
          .where('tenant', '=', tenant)
          .where('name', '=', name),
      )
      .execute()
  }
}

async function storeSecret(transaction: Transaction<Schema>, id: string, secret: string, now: number): Promise<void> {
  await transaction
    .insertInto('credentials')
    .values({ user_id: id, kind: 'password', secret, changed: now })
    .onConflict(conflict => conflict.columns(['user_id', 'kind']).doUpdateSet({ secret, changed: now }))
    .execute()
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

async function requireTenant(transaction: Transaction<Schema>, tenant: string): Promise<void> {
  const found = await transaction.selectFrom('tenants').select('name').where('name', '=', tenant).executeTakeFirst()
  if (found !== undefined) return
  throw new CodedError('ERR_TENANT_UNKNOWN', `there is no tenant ${JSON.stringify(tenant)}`, {
    remedy: 'Check the name of the tenant.',
  })
}

function normalRoles(roles: readonly string[]): string[] {
  for (const role of roles) checkRoleName(role)
  return [...new Set(roles)].sort()
}

function unknownUser(tenant: string, name: string): CodedError {
  return new CodedError('ERR_USER_UNKNOWN', `there is no user ${JSON.stringify(name)} in the tenant ${tenant}`, {
    remedy: '`countersign user list` shows who there is. Names are compared exactly; case counts.',
  })
}

function userExists(tenant: string, name: string): CodedError {
  return new CodedError('ERR_USER_EXISTS', `there is a user ${JSON.stringify(name)} in the tenant ${tenant} already`, {
    remedy:
      'Choose another name, or change the one who is there (`countersign user password`, `countersign user unlock`).',
  })
}

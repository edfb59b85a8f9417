import { randomUUID } from 'node:crypto'
import type { Transaction } from 'kysely'
import { fold } from '../../../storage/fold.ts'
import type { Schema } from '../../../storage/schema.ts'
import { isStorable } from '../../../storage/storable.ts'
import type { Directory, DirectoryUser, UserChange } from '../directory.ts'
import { checkUserName } from '../names.ts'
import { newPasswordText } from '../password/password-text.ts'
import { normalAttributes, replaceAttributes } from './attributes.ts'
import type { SqlDirectorySource } from './create-sql-directory.ts'
import { unknownUser, userExists } from './directory-errors.ts'
import { idOf } from './id-of.ts'
import { normalRoles, replaceRolesOf, roleIds } from './memberships.ts'
import { storeSecret } from './passwords.ts'
import { searchIds } from './search.ts'
import { requireTenant } from './tenant-rows.ts'
import { readDirectoryUser, readDirectoryUsers } from './user-rows.ts'
import { isId, isRoleOf, touchRoles, touchUsers } from './versions.ts'

/** How often a change is decided anew because the user changed while its password was hashed. */
const mostAttempts = 10

export function createDirectoryUsers({ storage, hasher, clock }: SqlDirectorySource): Directory['users'] {
  const { db } = storage

  async function find(tenant: string, name: string): Promise<DirectoryUser | undefined> {
    if (!isStorable(name)) return undefined
    const id = await idOf(db, 'users', tenant, name)
    return id === undefined ? undefined : readDirectoryUser(db, tenant, id)
  }

  async function findById(tenant: string, id: string): Promise<DirectoryUser | undefined> {
    return isStorable(id) ? readDirectoryUser(db, tenant, id) : undefined
  }

  return {
    find,
    findById,

    async search(tenant, search) {
      const { total, entries } = await searchIds(db, 'users', tenant, search)
      return { total, entries: await readDirectoryUsers(db, tenant, entries) }
    },

    async add({ tenant, name, roles = [], password, attributes = [], state = 'active' }) {
      checkUserName(name)
      const [wanted, kept] = [normalRoles(roles), normalAttributes(attributes)]
      const secret = password === undefined ? undefined : await hasher.hash(newPasswordText(password))
      return storage.change('users', async transaction => {
        await requireTenant(transaction, tenant)
        if ((await idOf(transaction, 'users', tenant, name)) !== undefined) throw userExists(tenant, name)
        const [id, now] = [randomUUID(), clock.now()]
        const row = { id, tenant, name, folded: fold(name), state, created: now, modified: now }
        await transaction.insertInto('users').values(row).execute()
        await replaceRolesOf(transaction, id, await roleIds(transaction, tenant, wanted, 'refuse', now), now)
        await replaceAttributes(transaction, id, kept)
        if (secret !== undefined) await storeSecret(transaction, id, secret, now)
        return (await readDirectoryUser(transaction, tenant, id))!
      })
    },

    async change(tenant, id, decide) {
      for (let attempt = 0; attempt < mostAttempts; attempt += 1) {
        const before = await findById(tenant, id)
        if (before === undefined) throw unknownUser(tenant, id)
        const change = checkedChange(decide(before))
        if (Object.keys(change).length === 0) return before
        // A hash takes long, so no transaction waits for it.
        const secret = change.password === undefined ? undefined : await hasher.hash(newPasswordText(change.password))
        const changed = await storage.change('users', async transaction => {
          const now = await readDirectoryUser(transaction, tenant, id)
          if (now === undefined) throw unknownUser(tenant, id)
          const last = now.version === before.version ? change : checkedChange(decide(now))
          if (last.password !== change.password) return undefined
          await apply(transaction, now, last, secret, clock.now())
          return readDirectoryUser(transaction, tenant, id)
        })
        if (changed !== undefined) return changed
      }
      throw new Error('a change of a user gives another password each time it is decided')
    },

    remove: (tenant, id, check) =>
      storage.change('users', async transaction => {
        const user = await readDirectoryUser(transaction, tenant, id)
        if (user === undefined) throw unknownUser(tenant, id)
        check?.(user)
        await touchRoles(transaction, isRoleOf(id), clock.now())
        await transaction.deleteFrom('users').where('id', '=', id).execute()
      }),
  }
}

function checkedChange({ name, roles, attributes, ...rest }: UserChange): UserChange {
  if (name !== undefined) checkUserName(name)
  return {
    ...rest,
    ...(name === undefined ? {} : { name }),
    ...(roles === undefined ? {} : { roles: normalRoles(roles) }),
    ...(attributes === undefined ? {} : { attributes: normalAttributes(attributes) }),
  }
}

async function apply(
  transaction: Transaction<Schema>,
  { id, tenant, name: before }: DirectoryUser,
  { name = before, state, roles, attributes }: UserChange,
  secret: string | undefined,
  now: number,
): Promise<void> {
  if (name !== before) {
    if ((await idOf(transaction, 'users', tenant, name)) !== undefined) throw userExists(tenant, name)
    await transaction
      .updateTable('users')
      .set({ name, folded: fold(name) })
      .where('id', '=', id)
      .execute()
    await touchRoles(transaction, isRoleOf(id), now)
  }
  if (state !== undefined) await transaction.updateTable('users').set({ state }).where('id', '=', id).execute()
  if (roles !== undefined) {
    await replaceRolesOf(transaction, id, await roleIds(transaction, tenant, roles, 'refuse', now), now)
  }
  if (attributes !== undefined) await replaceAttributes(transaction, id, attributes)
  if (secret !== undefined) await storeSecret(transaction, id, secret, now)
  await touchUsers(transaction, isId(id), now)
}

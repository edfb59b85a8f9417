import type { Clock } from '../../../clock.ts'
import { fold } from '../../../storage/fold.ts'
import type { Storage } from '../../../storage/storage.ts'
import type { Directory } from '../directory.ts'
import { checkRoleName } from '../names.ts'
import { roleExists, unknownRole } from './directory-errors.ts'
import { insertRole, replaceMembersOf } from './memberships.ts'
import { checkPermission, setPermission } from './permissions.ts'
import { readMembers, readPermissions, readRole, readRoleById, readRolesById } from './role-rows.ts'
import { searchIds } from './search.ts'
import { requireTenant } from './tenant-rows.ts'
import { hasRole, isId, touchRoles, touchUsers } from './versions.ts'

export function createDirectoryRoles(storage: Storage, clock: Clock): Directory['roles'] {
  const { db } = storage
  return {
    find: (tenant, name) => readRole(db, tenant, name),
    findById: (tenant, id) => readRoleById(db, tenant, id),

    async search(tenant, search) {
      const { total, entries } = await searchIds(db, 'roles', tenant, search)
      return { total, entries: await readRolesById(db, tenant, entries) }
    },

    add({ tenant, name, members = [], permissions = [] }) {
      return storage.change('users', async transaction => {
        checkRoleName(name)
        for (const each of permissions) checkPermission(each)
        await requireTenant(transaction, tenant)
        if ((await readRole(transaction, tenant, name)) !== undefined) throw roleExists(tenant, name)
        const now = clock.now()
        const id = await insertRole(transaction, tenant, name, now)
        await replaceMembersOf(transaction, { id, tenant }, members, now)
        for (const each of permissions) await setPermission(transaction, id, each, each.effect)
        return (await readRoleById(transaction, tenant, id))!
      })
    },

    change(tenant, id, decide) {
      return storage.change('users', async transaction => {
        const role = await readRoleById(transaction, tenant, id)
        if (role === undefined) throw unknownRole(tenant, id)
        const { name = role.name, members } = decide({ ...role, members: await readMembers(transaction, tenant, id) })
        const now = clock.now()
        if (name !== role.name) {
          checkRoleName(name)
          if ((await readRole(transaction, tenant, name)) !== undefined) throw roleExists(tenant, name)
          const renamed = transaction.updateTable('roles').set({ name, folded: fold(name) })
          await renamed.where('id', '=', id).execute()
          await touchUsers(transaction, hasRole(id), now)
        }
        if (members !== undefined) await replaceMembersOf(transaction, role, members, now)
        await touchRoles(transaction, isId(id), now)
        return (await readRoleById(transaction, tenant, id))!
      })
    },

    remove: (tenant, id, check) =>
      storage.change('users', async transaction => {
        const role = await readRoleById(transaction, tenant, id)
        if (role === undefined) throw unknownRole(tenant, id)
        check?.(role)
        await touchUsers(transaction, hasRole(id), clock.now())
        await transaction.deleteFrom('roles').where('id', '=', id).execute()
      }),

    members: (tenant, id) => readMembers(db, tenant, id),

    async permissions(tenant, name) {
      const role = await readRole(db, tenant, name)
      return role === undefined ? [] : readPermissions(db, role.id)
    },

    permit(tenant, name, permission, effect) {
      return storage.change('users', async transaction => {
        checkPermission(permission)
        const role = await readRole(transaction, tenant, name)
        if (role === undefined) throw unknownRole(tenant, name)
        await setPermission(transaction, role.id, permission, effect)
        await touchRoles(transaction, isId(role.id), clock.now())
      })
    },
  }
}

import type { Kysely } from 'kysely'
import type { Schema } from '../../../storage/schema.ts'
import { isStorable } from '../../../storage/storable.ts'
import type { Member, Permission, Role } from '../directory.ts'
import { chunks } from './chunks.ts'

const columns = ['id', 'tenant', 'name', 'created', 'modified', 'version'] as const

export async function readRole(db: Kysely<Schema>, tenant: string, name: string): Promise<Role | undefined> {
  if (!isStorable(name)) return undefined
  const roles = db.selectFrom('roles').select(columns).where('tenant', '=', tenant)
  const row = await roles.where('name', '=', name).executeTakeFirst()
  return row && { ...row }
}

export async function readRoleById(db: Kysely<Schema>, tenant: string, id: string): Promise<Role | undefined> {
  const [role] = isStorable(id) ? await readRolesById(db, tenant, [id]) : []
  return role
}

/** In the order of the ids. */
export async function readRolesById(db: Kysely<Schema>, tenant: string, ids: readonly string[]): Promise<Role[]> {
  const roles = new Map<string, Role>()
  for (const some of chunks(ids)) {
    const rows = await db
      .selectFrom('roles')
      .select(columns)
      .where('tenant', '=', tenant)
      .where('id', 'in', some)
      .execute()
    for (const row of rows) roles.set(row.id, { ...row })
  }
  return ids.flatMap(id => roles.get(id) ?? [])
}

export async function readMembers(db: Kysely<Schema>, tenant: string, roleId: string): Promise<Member[]> {
  const rows = await db
    .selectFrom('user_roles')
    .innerJoin('users', 'users.id', 'user_roles.user_id')
    .select(['users.id', 'users.name'])
    .where('user_roles.role_id', '=', roleId)
    .where('users.tenant', '=', tenant)
    .orderBy('users.name')
    .execute()
  return rows.map(row => ({ ...row }))
}

export async function readPermissions(db: Kysely<Schema>, roleId: string): Promise<Permission[]> {
  const rows = await db
    .selectFrom('role_permissions')
    .select(['resource', 'action', 'effect'])
    .where('role_id', '=', roleId)
    .orderBy('resource')
    .orderBy('action')
    .execute()
  return rows.map(row => ({ ...row }))
}

import type { Kysely } from 'kysely'
import type { Schema } from '../../../storage/schema.ts'
import type { DirectoryUser } from '../directory.ts'
import { readAttributes } from './attributes.ts'
import { chunks } from './chunks.ts'

/** The users with these ids who are in the tenant, in the order of the ids. */
export async function readDirectoryUsers(
  db: Kysely<Schema>,
  tenant: string,
  ids: readonly string[],
): Promise<DirectoryUser[]> {
  const users: DirectoryUser[] = []
  for (const some of chunks(ids)) users.push(...(await readChunk(db, tenant, some)))
  return users
}

export async function readDirectoryUser(
  db: Kysely<Schema>,
  tenant: string,
  id: string,
): Promise<DirectoryUser | undefined> {
  const [user] = await readDirectoryUsers(db, tenant, [id])
  return user
}

async function readChunk(db: Kysely<Schema>, tenant: string, ids: readonly string[]): Promise<DirectoryUser[]> {
  const rows = await db
    .selectFrom('users')
    .innerJoin('tenants', 'tenants.name', 'users.tenant')
    .leftJoin('credentials', join =>
      join.onRef('credentials.user_id', '=', 'users.id').on('credentials.kind', '=', 'password'),
    )
    .select(['users.id', 'users.tenant', 'users.name', 'users.state', 'tenants.state as tenantState'])
    .select(['users.created', 'users.modified', 'users.version', 'credentials.changed'])
    .where('users.tenant', '=', tenant)
    .where('users.id', 'in', ids)
    .execute()
  const found = rows.map(row => row.id)
  const roles = await readRoleNames(db, found)
  const attributes = await readAttributes(db, found)
  const users = new Map(
    rows.map(({ changed, ...row }) => [
      row.id,
      {
        ...row,
        roles: roles.get(row.id) ?? [],
        attributes: attributes.get(row.id) ?? [],
        passwordChanged: changed ?? undefined,
      },
    ]),
  )
  return ids.flatMap(id => users.get(id) ?? [])
}

/** The names of the roles of at most a page of users, in order. */
export async function readRoleNames(
  db: Kysely<Schema>,
  ids: readonly string[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const roles = new Map<string, string[]>()
  if (ids.length === 0) return roles
  const rows = await db
    .selectFrom('user_roles')
    .innerJoin('roles', 'roles.id', 'user_roles.role_id')
    .select(['user_roles.user_id', 'roles.name'])
    .where('user_roles.user_id', 'in', ids)
    .execute()
  for (const { user_id: id, name } of rows) {
    const list = roles.get(id)
    if (list === undefined) roles.set(id, [name])
    else list.push(name)
  }
  for (const list of roles.values()) list.sort()
  return roles
}

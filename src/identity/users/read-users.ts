import type { Kysely } from 'kysely'
import type { Schema } from '../../storage/schema.ts'
import { isStorable } from '../../storage/storable.ts'
import { readRoleNames } from './sql/user-rows.ts'
import type { ListedUser, User } from './user.ts'

export async function readUser(db: Kysely<Schema>, tenant: string, name: string): Promise<User | undefined> {
  if (!isStorable(name)) return undefined
  const rows = await db
    .selectFrom('users')
    .innerJoin('tenants', 'tenants.name', 'users.tenant')
    .leftJoin('user_roles', 'user_roles.user_id', 'users.id')
    .leftJoin('roles', 'roles.id', 'user_roles.role_id')
    .select(['users.id', 'users.tenant', 'users.name', 'users.state', 'tenants.state as tenantState'])
    .select('roles.name as role')
    .where('users.tenant', '=', tenant)
    .where('users.name', '=', name)
    .execute()
  const [first] = rows
  if (first === undefined) return undefined
  const { role: _, ...user } = first
  return { ...user, roles: rows.flatMap(row => row.role ?? []).toSorted() }
}

/** The PHC string of the user's password. */
export async function readSecret(db: Kysely<Schema>, tenant: string, name: string): Promise<string | undefined> {
  if (!isStorable(name)) return undefined
  const row = await db
    .selectFrom('credentials')
    .innerJoin('users', 'users.id', 'credentials.user_id')
    .select('credentials.secret')
    .where('users.tenant', '=', tenant)
    .where('users.name', '=', name)
    .where('credentials.kind', '=', 'password')
    .executeTakeFirst()
  return row?.secret
}

/** In the order of their names, from the one after `after` on. */
export async function readPage(
  db: Kysely<Schema>,
  tenant: string,
  after: string | undefined,
  limit: number,
): Promise<ListedUser[]> {
  const rows = await db
    .selectFrom('users')
    .innerJoin('tenants', 'tenants.name', 'users.tenant')
    .leftJoin('credentials', join =>
      join.onRef('credentials.user_id', '=', 'users.id').on('credentials.kind', '=', 'password'),
    )
    .select(['users.id', 'users.tenant', 'users.name', 'users.state', 'tenants.state as tenantState'])
    .select(['users.created', 'credentials.changed'])
    .where('users.tenant', '=', tenant)
    .$if(after !== undefined, query => query.where('users.name', '>', after!))
    .orderBy('users.name')
    .limit(limit)
    .execute()
  const roles = await readRoleNames(
    db,
    rows.map(row => row.id),
  )
  return rows.map(({ changed, ...row }) => ({
    ...row,
    roles: roles.get(row.id) ?? [],
    passwordChanged: changed ?? undefined,
  }))
}

import type { Kysely } from 'kysely'
import { askTogether } from '../../storage/ask-together.ts'
import type { Schema } from '../../storage/schema.ts'
import { isStorable } from '../../storage/storable.ts'
import { readRoleNames } from './sql/user-rows.ts'
import type { ListedUser, User } from './user.ts'

export interface UserKey {
  readonly tenant: string
  readonly name: string
}

/** Reads one user; those that are asked for in one turn are read by one query for each tenant. */
export function createUserReader(db: Kysely<Schema>): (key: UserKey) => Promise<User | undefined> {
  return askTogether(async keys => {
    const byTenant = Map.groupBy(keys, ({ tenant }) => tenant)
    const found = new Map<string, ReadonlyMap<string, User>>()
    for (const [tenant, of] of byTenant) {
      const names = new Set(of.map(({ name }) => name).filter(isStorable))
      found.set(tenant, await readUsers(db, tenant, [...names]))
    }
    return keys.map(({ tenant, name }) => found.get(tenant)?.get(name))
  })
}

async function readUsers(
  db: Kysely<Schema>,
  tenant: string,
  names: readonly string[],
): Promise<ReadonlyMap<string, User>> {
  if (names.length === 0) return new Map()
  const rows = await db
    .selectFrom('users')
    .innerJoin('tenants', 'tenants.name', 'users.tenant')
    .leftJoin('user_roles', 'user_roles.user_id', 'users.id')
    .leftJoin('roles', 'roles.id', 'user_roles.role_id')
    .select(['users.id', 'users.tenant', 'users.name', 'users.state', 'tenants.state as tenantState'])
    .select('roles.name as role')
    .where('users.tenant', '=', tenant)
    .where('users.name', 'in', names)
    .execute()
  const users = Map.groupBy(rows, ({ name }) => name)
  return new Map(
    [...users].map(([name, of]) => {
      const { role: _, ...user } = of[0]!
      return [name, { ...user, roles: of.flatMap(({ role }) => role ?? []).toSorted() }]
    }),
  )
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

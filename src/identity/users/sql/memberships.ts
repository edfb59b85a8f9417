import { randomUUID } from 'node:crypto'
import { type SqlBool, sql, type Transaction } from 'kysely'
import { CodedError } from '../../../errors.ts'
import { fold } from '../../../storage/fold.ts'
import type { Schema } from '../../../storage/schema.ts'
import { checkRoleName } from '../names.ts'
import { chunks } from './chunks.ts'
import { unknownRole } from './directory-errors.ts'
import { idOf } from './id-of.ts'
import { isId, touchRoles, touchUsers } from './versions.ts'

/** What to do about a role that the tenant does not have. */
export type MissingRole = 'make' | 'refuse'

/** The roles in order and once each. Throws ERR_ROLE_NAME. */
export function normalRoles(roles: readonly string[]): string[] {
  for (const role of roles) checkRoleName(role)
  return [...new Set(roles)].sort()
}

/** The ids of roles. Throws ERR_ROLE_UNKNOWN when one is missing and none is to be made. */
export async function roleIds(
  transaction: Transaction<Schema>,
  tenant: string,
  names: readonly string[],
  missing: MissingRole,
  now: number,
): Promise<string[]> {
  const ids: string[] = []
  for (const name of names) {
    const known = await idOf(transaction, 'roles', tenant, name)
    if (known === undefined && missing === 'refuse') throw unknownRole(tenant, name)
    ids.push(known ?? (await insertRole(transaction, tenant, name, now)))
  }
  return ids
}

export async function insertRole(
  transaction: Transaction<Schema>,
  tenant: string,
  name: string,
  now: number,
): Promise<string> {
  const id = randomUUID()
  const row = { id, tenant, name, folded: fold(name), created: now, modified: now }
  await transaction.insertInto('roles').values(row).execute()
  return id
}

/** Gives the user exactly these roles. Roles that somebody joins or leaves have changed. */
export async function replaceRolesOf(
  transaction: Transaction<Schema>,
  userId: string,
  wanted: readonly string[],
  now: number,
): Promise<void> {
  const rows = await transaction.selectFrom('user_roles').select('role_id').where('user_id', '=', userId).execute()
  const before = new Set(rows.map(row => row.role_id))
  const after = new Set(wanted)
  for (const id of before.difference(after)) {
    const gone = transaction.deleteFrom('user_roles').where('user_id', '=', userId).where('role_id', '=', id)
    await gone.execute()
    await touchRoles(transaction, isId(id), now)
  }
  for (const id of after.difference(before)) {
    await transaction.insertInto('user_roles').values({ user_id: userId, role_id: id }).execute()
    await touchRoles(transaction, isId(id), now)
  }
}

/** Gives the role exactly these members. Users who join or leave have changed. Throws ERR_USER_UNKNOWN. */
export async function replaceMembersOf(
  transaction: Transaction<Schema>,
  { id, tenant }: { readonly id: string; readonly tenant: string },
  wanted: readonly string[],
  now: number,
): Promise<void> {
  const rows = await transaction.selectFrom('user_roles').select('user_id').where('role_id', '=', id).execute()
  const before = new Set(rows.map(row => row.user_id))
  const after = new Set(wanted)
  const [left, joined] = [[...before.difference(after)], [...after.difference(before)]]
  for (const ids of chunks(left)) {
    await transaction.deleteFrom('user_roles').where('role_id', '=', id).where('user_id', 'in', ids).execute()
    await touchUsers(transaction, isOneOf(ids), now)
  }
  for (const ids of chunks(joined)) {
    await requireUsers(transaction, tenant, ids)
    await transaction
      .insertInto('user_roles')
      .values(ids.map(userId => ({ user_id: userId, role_id: id })))
      .execute()
    await touchUsers(transaction, isOneOf(ids), now)
  }
}

// A role of one tenant has no members of another.
async function requireUsers(transaction: Transaction<Schema>, tenant: string, ids: readonly string[]): Promise<void> {
  const found = await transaction
    .selectFrom('users')
    .select('id')
    .where('tenant', '=', tenant)
    .where('id', 'in', ids)
    .execute()
  const known = new Set(found.map(row => row.id))
  const unknown = ids.find(id => !known.has(id))
  if (unknown === undefined) return
  throw new CodedError(
    'ERR_USER_UNKNOWN',
    `there is no user with the id ${JSON.stringify(unknown)} in the tenant ${tenant}`,
    {
      remedy: '`countersign user list --json` shows the ids.',
    },
  )
}

function isOneOf(ids: readonly string[]) {
  return sql<SqlBool>`id in (${sql.join(ids)})`
}

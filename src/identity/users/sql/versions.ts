import { type Expression, type SqlBool, sql, type Transaction } from 'kysely'
import type { Schema } from '../../../storage/schema.ts'

type Condition = Expression<SqlBool>

/** Raises the version of the users that meet the condition: something changed that is shown of them. */
export async function touchUsers(transaction: Transaction<Schema>, condition: Condition, now: number): Promise<void> {
  await transaction
    .updateTable('users')
    .set({ version: sql<number>`version + 1`, modified: now })
    .where(condition)
    .execute()
}

export async function touchRoles(transaction: Transaction<Schema>, condition: Condition, now: number): Promise<void> {
  await transaction
    .updateTable('roles')
    .set({ version: sql<number>`version + 1`, modified: now })
    .where(condition)
    .execute()
}

/** for `touchUsers`: that one */
export function isId(id: string): Condition {
  return sql<SqlBool>`id = ${id}`
}

/** for `touchUsers`: everyone who has the role */
export function hasRole(roleId: string): Condition {
  return sql<SqlBool>`id in (select user_id from user_roles where role_id = ${roleId})`
}

/** for `touchRoles`: every role of the user */
export function isRoleOf(userId: string): Condition {
  return sql<SqlBool>`id in (select role_id from user_roles where user_id = ${userId})`
}

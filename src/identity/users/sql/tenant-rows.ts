import { type Kysely, type Selectable, sql, type Transaction } from 'kysely'
import { CodedError } from '../../../errors.ts'
import type { Schema } from '../../../storage/schema.ts'
import { isStorable } from '../../../storage/storable.ts'
import type { Tenant, TenantDetails } from '../directory.ts'
import { checkTenantName } from '../names.ts'
import { unknownTenant } from './directory-errors.ts'

const longestDetail = 255

export async function readTenant(db: Kysely<Schema>, name: string): Promise<Tenant | undefined> {
  if (!isStorable(name)) return undefined
  const row = await db.selectFrom('tenants').selectAll().where('name', '=', name).executeTakeFirst()
  return row === undefined ? undefined : tenantOf(row)
}

export function tenantOf(row: Selectable<Schema['tenants']>): Tenant {
  const { name, number, state, created, admin, email, first_name: firstName, last_name: lastName } = row
  return {
    name,
    number,
    state,
    created,
    admin: admin ?? undefined,
    email: email ?? undefined,
    firstName: firstName ?? undefined,
    lastName: lastName ?? undefined,
  }
}

/** false when it is there already. Throws ERR_TENANT_NAME. */
export async function insertTenant(
  transaction: Transaction<Schema>,
  name: string,
  details: TenantDetails,
  now: number,
): Promise<boolean> {
  checkTenantName(name)
  if ((await readTenant(transaction, name)) !== undefined) return false
  const { value } = await transaction
    .updateTable('counters')
    .set({ value: sql`value + 1` })
    .where('name', '=', 'tenant')
    .returning('value')
    .executeTakeFirstOrThrow()
  const row = { name, created: now, number: value, ...detailsRow(details) }
  await transaction
    .insertInto('tenants')
    .values({ admin: null, email: null, first_name: null, last_name: null, ...row })
    .execute()
  return true
}

/** Throws ERR_ATTRIBUTE_UNFIT. */
export function detailsRow({ admin, email, firstName, lastName }: TenantDetails) {
  for (const text of [admin, email, firstName, lastName]) {
    if (text === undefined || (text.length <= longestDetail && isStorable(text))) continue
    throw new CodedError('ERR_ATTRIBUTE_UNFIT', 'what is told about the tenant cannot be stored', {
      remedy: `Give names and addresses of at most ${longestDetail} characters.`,
    })
  }
  return {
    ...(admin === undefined ? {} : { admin }),
    ...(email === undefined ? {} : { email }),
    ...(firstName === undefined ? {} : { first_name: firstName }),
    ...(lastName === undefined ? {} : { last_name: lastName }),
  }
}

/** Throws ERR_TENANT_UNKNOWN. */
export async function requireTenant(transaction: Transaction<Schema>, name: string): Promise<Tenant> {
  const tenant = await readTenant(transaction, name)
  if (tenant === undefined) throw unknownTenant(name)
  return tenant
}

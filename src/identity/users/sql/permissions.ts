import type { Kysely, Transaction } from 'kysely'
import { CodedError } from '../../../errors.ts'
import type { Schema } from '../../../storage/schema.ts'
import { isStorable } from '../../../storage/storable.ts'
import { adminRole, type Permission } from '../directory.ts'

/** UTF-16 units of a path, and segments in it: each is one value of a query. */
const most = { resource: 1024, segments: 64, action: 255 }

/** Throws ERR_PERMISSION_UNFIT. */
export function checkPermission({ resource, action }: Pick<Permission, 'resource' | 'action'>): void {
  const reason = isPath(resource) ? (isAction(action) ? undefined : 'is no action') : 'is no path'
  if (reason === undefined) return
  const what = JSON.stringify((reason === 'is no path' ? resource : action).slice(0, 80))
  throw new CodedError('ERR_PERMISSION_UNFIT', `${what} ${reason} of a permission`, {
    remedy:
      'Write a path as /permission/admin/manage, without empty segments, dots or a slash at its end, and an action as ui.execute.',
  })
}

export async function setPermission(
  transaction: Transaction<Schema>,
  roleId: string,
  { resource, action }: Pick<Permission, 'resource' | 'action'>,
  effect: Permission['effect'] | 'none',
): Promise<void> {
  if (effect === 'none') {
    const same = transaction.deleteFrom('role_permissions').where('role_id', '=', roleId)
    await same.where('resource', '=', resource).where('action', '=', action).execute()
    return
  }
  await transaction
    .insertInto('role_permissions')
    .values({ role_id: roleId, resource, action, effect })
    .onConflict(conflict => conflict.columns(['role_id', 'resource', 'action']).doUpdateSet({ effect }))
    .execute()
}

/** See `Directory.isAuthorized`. */
export async function isAuthorized(
  db: Kysely<Schema>,
  tenant: string,
  user: string,
  resource: string,
  action: string,
): Promise<boolean> {
  if (!isPath(resource) || !isAction(action) || !isStorable(user)) return false
  const roles = await db
    .selectFrom('users')
    .innerJoin('tenants', 'tenants.name', 'users.tenant')
    .innerJoin('user_roles', 'user_roles.user_id', 'users.id')
    .innerJoin('roles', 'roles.id', 'user_roles.role_id')
    .select(['roles.id', 'roles.name'])
    .where('users.tenant', '=', tenant)
    .where('users.name', '=', user)
    .where('users.state', '=', 'active')
    .where('tenants.state', '=', 'active')
    .execute()
  if (roles.length === 0) return false
  if (roles.some(({ name }) => name === adminRole)) return true
  const rows = await db
    .selectFrom('role_permissions')
    .select(['resource', 'effect'])
    .where(
      'role_id',
      'in',
      roles.map(({ id }) => id),
    )
    .where('resource', 'in', pathAndAbove(resource))
    .where('action', '=', action)
    .execute()
  const nearest = Math.max(...rows.map(row => row.resource.length))
  const there = rows.filter(row => row.resource.length === nearest)
  return there.length > 0 && there.every(({ effect }) => effect === 'allow')
}

// One spelling for each path: what could be read in two ways is none.
function isPath(resource: string): boolean {
  if (resource === '/') return true
  if (resource.length > most.resource || !/^(?:\/[^/\p{C}]+)+$/u.test(resource)) return false
  const segments = resource.slice(1).split('/')
  return segments.length <= most.segments && segments.every(each => each !== '.' && each !== '..')
}

function isAction(action: string): boolean {
  return action.length <= most.action && /^[^\p{C}\p{Z}]+$/u.test(action)
}

function pathAndAbove(resource: string): string[] {
  const paths = ['/']
  for (let end = resource.indexOf('/', 1); end !== -1; end = resource.indexOf('/', end + 1)) {
    paths.push(resource.slice(0, end))
  }
  return resource === '/' ? paths : [...paths, resource]
}

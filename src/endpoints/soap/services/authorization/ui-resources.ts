import { adminRole, type DirectoryUser } from '../../../../identity/users/directory.ts'
import type { Call } from '../../call.ts'
import { uiExecute } from '../permissions.ts'
import { isAtOrBelow } from './judge.ts'

/** The paths below a root that a user may use, by the permissions of their roles; what one path covers is not named as well. */
export async function uiResources(
  { directory, tenant }: Call,
  { name, roles, state }: Pick<DirectoryUser, 'name' | 'roles' | 'state'>,
  root: string,
): Promise<string[]> {
  if (state !== 'active') return []
  if (roles.includes(adminRole)) return [root]
  const named = new Set<string>()
  for (const role of roles) {
    for (const { resource, action, effect } of await directory.roles.permissions(tenant, role)) {
      if (action === uiExecute && effect === 'allow' && isAtOrBelow(resource, root)) named.add(resource)
    }
  }
  const allowed: string[] = []
  // The shorter ones first: what stands below one of them is covered.
  for (const resource of [...named].toSorted((a, b) => a.length - b.length || (a < b ? -1 : 1))) {
    if (allowed.some(above => isAtOrBelow(resource, above))) continue
    if (await directory.isAuthorized(tenant, name, resource, uiExecute)) allowed.push(resource)
  }
  return allowed.toSorted()
}

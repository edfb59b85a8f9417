import { adminRole, type Permission } from '../../../../identity/users/directory.ts'
import type { Call } from '../../call.ts'

/** What a role says of an action on a resource, by the nearest path on which it says anything. */
export type RoleEffect = Permission['effect'] | 'nothing'

/** The same rule as `Directory.isAuthorized` for users: the nearer path beats the farther, on one path deny beats allow. */
export async function roleEffect(
  { directory, tenant }: Call,
  role: string,
  resource: string,
  action: string,
): Promise<RoleEffect> {
  if (!resource.startsWith('/')) return 'nothing'
  if (role === adminRole) return 'allow'
  return effectOf(await directory.roles.permissions(tenant, role), resource, action)
}

export function effectOf(permissions: readonly Permission[], resource: string, action: string): RoleEffect {
  let nearest = -1
  let effect: RoleEffect = 'nothing'
  for (const each of permissions) {
    if (each.action !== action || !isAtOrBelow(resource, each.resource)) continue
    const { length } = trimmed(each.resource)
    if (length < nearest || (length === nearest && effect === 'deny')) continue
    nearest = length
    effect = each.effect
  }
  return effect
}

/** Whether the path is this one or stands below it. */
export function isAtOrBelow(path: string, above: string): boolean {
  const root = trimmed(above)
  return trimmed(path) === root || path.startsWith(`${root}/`)
}

function trimmed(path: string): string {
  return path.replace(/\/+$/, '')
}

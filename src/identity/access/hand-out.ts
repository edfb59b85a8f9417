import { type Refusal, refuse } from '../../refusals.ts'
import type { Principal } from '../authn/authenticator.ts'
import { adminRole, type Directory, type Permission } from '../users/directory.ts'
import { defaultTenant } from '../users/user.ts'

/** Who hands out, takes away, or acts on somebody. */
export type Actor = Pick<Principal, 'user' | 'tenant' | 'roles'>

type Lookup = Pick<Directory, 'isAuthorized'> & { readonly roles: Pick<Directory['roles'], 'permissions'> }

/**
 * Nobody hands out more than they have themselves. It is asked before somebody
 *   - gets or loses roles (also by making, renaming or removing a role),
 *   - is changed or removed, a password set for instance: then with all the roles that they have.
 * The actor has to hold every permission of each of those roles in the tenant. The role admin, and a role that denies something, is the
 * administrator's alone. undefined: may. Throws what the directory throws, ERR_ROLE_UNKNOWN aside: a role that is not there gives nothing.
 */
export async function checkHandOut(
  directory: Lookup,
  actor: Actor,
  tenant: string,
  roles: readonly string[],
): Promise<Refusal | undefined> {
  if (isAdministrator(actor, tenant)) return undefined
  for (const role of roles) {
    if (role === adminRole)
      return refuse('forbidden', 'Only an administrator may do this with the role admin or its holders.')
    const permissions = await directory.roles.permissions(tenant, role)
    if (permissions.some(({ effect }) => effect === 'deny')) {
      return refuse(
        'forbidden',
        `The role ${role} denies permissions: only an administrator may do this with it or its holders.`,
      )
    }
    if (!(await holdsAll(directory, actor, tenant, permissions))) {
      return refuse('forbidden', `The role ${role} gives permissions that you do not hold yourself.`)
    }
  }
  return undefined
}

/** The same before permissions are given to a role, or denied to it. */
export async function checkPermit(
  directory: Lookup,
  actor: Actor,
  tenant: string,
  role: string,
  permissions: readonly Permission[],
): Promise<Refusal | undefined> {
  if (isAdministrator(actor, tenant)) return undefined
  const refusal = await checkHandOut(directory, actor, tenant, [role])
  if (refusal !== undefined) return refusal
  if (permissions.every(({ effect }) => effect === 'allow') && (await holdsAll(directory, actor, tenant, permissions)))
    return undefined
  return refuse(
    'forbidden',
    'Only permissions that you hold yourself can be given, and only an administrator may deny one.',
  )
}

/** Holders of the role admin: in their own tenant, and those of the default tenant everywhere where a rule lets them come at all. */
function isAdministrator({ tenant: own, roles }: Actor, tenant: string): boolean {
  return roles.includes(adminRole) && (own === tenant || own === defaultTenant)
}

async function holdsAll(
  directory: Lookup,
  { user, tenant: own, roles }: Actor,
  tenant: string,
  wanted: readonly Permission[],
): Promise<boolean> {
  if (own !== tenant) return wanted.length === 0
  if (wanted.length === 0) return true
  for (const { resource, action } of wanted) {
    if (!(await directory.isAuthorized(tenant, user, resource, action))) return false
  }
  // A permission stands for everything below it, and there the actor may be denied something.
  for (const role of roles) {
    const denied = (await directory.roles.permissions(tenant, role)).filter(({ effect }) => effect === 'deny')
    if (denied.some(({ resource }) => wanted.some(each => isBelow(resource, each.resource)))) return false
  }
  return true
}

function isBelow(resource: string, above: string): boolean {
  return resource === above || resource.startsWith(above.endsWith('/') ? above : `${above}/`)
}

import { CodedError } from '../errors.ts'
import type { Directory, Role } from '../identity/users/directory.ts'
import { nameText } from '../identity/users/names.ts'
import { unknownRole, unknownUser } from '../identity/users/sql/directory-errors.ts'
import { defaultTenant } from '../identity/users/user.ts'
import { configurationOptions } from './configuration.ts'

export const roleArgument = { role: { name: '<ROLE>', describe: 'name of the role; case counts' } } as const

export const roleOptions = {
  tenant: { flags: '--tenant <TENANT>', describe: 'the tenant of the role', default: defaultTenant },
  ...configurationOptions,
} as const

export interface RoleTarget {
  readonly tenant: string
  readonly name: string
}

export function roleTarget(ctx: {
  readonly arguments: { readonly role: string }
  readonly options: { readonly tenant: string }
}): RoleTarget {
  return { tenant: ctx.options.tenant, name: nameText(ctx.arguments.role) }
}

/** Throws ERR_ROLE_UNKNOWN. */
export async function findRole(directory: Directory, { tenant, name }: RoleTarget): Promise<Role> {
  const role = await directory.roles.find(tenant, name)
  if (role === undefined) throw unknownRole(tenant, name)
  return role
}

/** The ids of users by their names. Throws ERR_USER_UNKNOWN. */
export async function memberIds(directory: Directory, tenant: string, names: readonly string[]): Promise<string[]> {
  const ids: string[] = []
  for (const name of names.map(nameText)) {
    const user = await directory.users.find(tenant, name)
    if (user === undefined) throw unknownUser(tenant, name)
    ids.push(user.id)
  }
  return ids
}

/** A permission as it is typed: `/permission/admin/manage`, or with another action than `ui.execute`, `/registry=read`. */
export function readPermission(typed: string): { resource: string; action: string } {
  const at = typed.lastIndexOf('=')
  const [resource, action] = at === -1 ? [typed, 'ui.execute'] : [typed.slice(0, at), typed.slice(at + 1)]
  if (resource.startsWith('/') && action !== '') return { resource, action }
  throw new CodedError('ERR_CLI_USAGE', `${JSON.stringify(typed)} is no permission`, {
    remedy: 'Write /permission/admin/manage, or /some/path=read for another action than ui.execute.',
  })
}

import type { Call } from '../../call.ts'
import { int, list, string, text } from '../../schema/type.ts'
import { isFault, operation } from '../../service.ts'
import { roleEffect } from '../authorization/judge.ts'
import { listClaimants } from '../list-by-claim.ts'
import { listRoles, listUsers } from '../list-names.ts'
import { permissions, uiExecute } from '../permissions.ts'
import { readResource } from '../roles.ts'
import { claimValue } from '../user-store/types.ts'
import { closed, flaggedName, flaggedRole, flaggedUser } from './flagged-name.ts'

/** Lists of which those are left who hold a permission. As in the original, the limit counts before that. */
export const withPermissionOperations = {
  listAllUsersWithPermission: operation({
    access: [permissions.userList],
    effect: 'reads',
    request: { filter: string, permission: text, limit: int },
    result: list(flaggedName),
    run: async ({ filter, permission, limit }, call) => {
      const { directory, tenant, limits } = call
      const found = await listUsers(directory, { tenant, pattern: filter, limit, most: limits.maxListedUsers })
      const entries = await userHolders(call, found.entries, permission)
      return isFault(entries) ? entries : closed({ ...found, entries }, ({ name }) => flaggedUser(name, false))
    },
  }),
  // This one alone says nothing of more users, as in the original.
  listUserByClaimWithPermission: operation({
    access: [permissions.userList],
    effect: 'reads',
    request: { claimValue, filter: string, permission: text, maxLimit: int },
    result: list(flaggedName),
    run: async ({ claimValue, filter, permission, maxLimit }, call) => {
      const found = await listClaimants(call, claimValue, { pattern: filter, limit: maxLimit })
      if (isFault(found)) return found
      const entries = await userHolders(call, found.entries, permission)
      return isFault(entries) ? entries : entries.map(({ name }) => flaggedUser(name, false))
    },
  }),
  getAllPermittedRoleNames: operation({
    access: [permissions.roleView],
    effect: 'reads',
    request: { filter: string, permission: text, limit: int },
    result: list(flaggedName),
    run: async ({ filter, permission, limit }, call) => {
      const { directory, tenant, limits } = call
      const resource = readResource(permission)
      if (typeof resource !== 'string') return resource
      const found = await listRoles(directory, { tenant, pattern: filter, limit, most: limits.maxListedRoles })
      const entries = await kept(
        found.entries,
        async ({ name }) => (await roleEffect(call, name, resource, uiExecute)) === 'allow',
      )
      return closed({ ...found, entries }, ({ name }) => flaggedRole(name, false))
    },
  }),
}

async function userHolders<T extends { readonly name: string }>(
  { directory, tenant }: Call,
  users: readonly T[],
  permission: string,
) {
  const resource = readResource(permission)
  if (typeof resource !== 'string') return resource
  return kept(users, ({ name }) => directory.isAuthorized(tenant, name, resource, uiExecute))
}

async function kept<T>(entries: readonly T[], keeps: (entry: T) => Promise<boolean>): Promise<T[]> {
  const left: T[] = []
  for (const entry of entries) if (await keeps(entry)) left.push(entry)
  return left
}

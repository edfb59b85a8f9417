import { boolean, list, string, text } from '../../schema/type.ts'
import { operation } from '../../service.ts'
import { listRoles } from '../list-names.ts'
import { givenName, givenNames } from '../names.ts'
import { permissions } from '../permissions.ts'
import { changeMembers, withRole } from '../role-members.ts'
import { deleteRole, updateRoleName } from '../role-operations.ts'
import { addRole, readResource } from '../roles.ts'
import { permissionDto } from './types.ts'

/** Operations on roles and who has them. */
export const roleOperations = {
  getRoleNames: operation({
    access: [permissions.userView],
    effect: 'reads',
    result: list(string),
    run: async (_none, { directory, tenant, limits }) => {
      const { entries } = await listRoles(directory, { tenant, most: limits.maxListedRoles })
      return entries.map(({ name }) => name)
    },
  }),
  // Roles of the server itself, beside those of a user store; here they are called by what stands before their names.
  getHybridRoles: operation({
    access: [permissions.roleView],
    effect: 'reads',
    result: list(string),
    run: async (_none, { directory, tenant, limits }) => {
      const search = { tenant, most: limits.maxListedRoles }
      const internal = await listRoles(directory, { ...search, pattern: 'Internal/*' })
      const ofApplications = await listRoles(directory, { ...search, pattern: 'Application/*' })
      return [...internal.entries, ...ofApplications.entries].slice(0, limits.maxListedRoles).map(({ name }) => name)
    },
  }),
  isExistingRole: operation({
    access: [permissions.roleView],
    effect: 'reads',
    request: { roleName: text },
    result: boolean,
    run: async ({ roleName }, { directory, tenant }) =>
      (await directory.roles.find(tenant, givenName(roleName))) !== undefined,
  }),
  getUserListOfRole: operation({
    access: [permissions.roleView],
    effect: 'reads',
    request: { roleName: text },
    result: list(string),
    run: ({ roleName }, call) =>
      withRole(call, givenName(roleName), async ({ id }) =>
        (await call.directory.roles.members(call.tenant, id)).map(({ name }) => name),
      ),
  }),
  updateUserListOfRole: operation({
    access: [permissions.roleUpdate],
    effect: 'changes',
    request: { roleName: text, deletedUsers: list(string), newUsers: list(string) },
    run: ({ roleName, deletedUsers, newUsers }, call) =>
      changeMembers(call, givenName(roleName), { taken: givenNames(deletedUsers), given: givenNames(newUsers) }),
  }),
  addRole: operation({
    access: [permissions.roleCreate],
    effect: 'changes',
    request: { roleName: text, userList: list(string), permissions: list(permissionDto) },
    run: async ({ roleName, userList, permissions: sent }, call) => {
      const given: { resource: string; action: string }[] = []
      for (const { resourceId, action } of sent) {
        const resource = readResource(resourceId)
        if (typeof resource !== 'string') return resource
        given.push({ resource, action: action || 'ui.execute' })
      }
      return addRole(call, { name: roleName, members: userList, permissions: given })
    },
  }),
  deleteRole,
  updateRoleName,
}

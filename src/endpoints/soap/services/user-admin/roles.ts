import type { Call } from '../../call.ts'
import { boolean, int, list, string, text } from '../../schema/type.ts'
import { operation } from '../../service.ts'
import { withUser } from '../change-user.ts'
import { listRoles, listUsers } from '../list-names.ts'
import { givenName, givenNames } from '../names.ts'
import { permissions, uiExecute } from '../permissions.ts'
import { changeMembers, changeRoles, setRoles, withRole } from '../role-members.ts'
import { addRole, readResources, removeRole, renameRole, setUiPermissions } from '../roles.ts'
import { closed, flaggedName, flaggedRole, flaggedUser } from './flagged-name.ts'

const eitherView = [permissions.roleView, permissions.userView] as const
const eitherUpdate = [permissions.roleUpdate, permissions.userUpdate] as const

/** Operations of the pages for roles. */
export const roleOperations = {
  getAllRolesNames: operation({
    access: [permissions.roleView],
    effect: 'reads',
    request: { filter: string, limit: int },
    result: list(flaggedName),
    run: async ({ filter, limit }, call) =>
      closed(await listRoles(call.directory, roleSearch(call, filter, limit)), ({ name }) => flaggedRole(name, false)),
  }),
  // With the limit 0: the roles that the user has. Else all roles, and which of them the user has is marked.
  getRolesOfUser: operation({
    access: eitherView,
    effect: 'reads',
    request: { userName: text, filter: string, limit: int },
    result: list(flaggedName),
    run: ({ userName, filter, limit }, call) =>
      withUser(call, givenName(userName), async ({ roles, id }) => {
        const held = {
          op: 'compare',
          field: { kind: 'member-id' },
          comparison: 'eq',
          value: id,
          caseExact: true,
        } as const
        const search = limit === 0 ? { ...roleSearch(call, filter, -1), filter: held } : roleSearch(call, filter, limit)
        return closed(await listRoles(call.directory, search), ({ name }) => flaggedRole(name, roles.includes(name)))
      }),
  }),
  getRolesOfCurrentUser: operation({
    access: [permissions.login],
    effect: 'reads',
    result: list(flaggedName),
    run: (_none, call) =>
      withUser(call, call.caller?.user ?? '', ({ roles }) => roles.map(role => flaggedRole(role, true))),
  }),
  getUsersOfRole: operation({
    access: [permissions.userView],
    effect: 'reads',
    request: { roleName: text, filter: string, limit: int },
    result: list(flaggedName),
    run: ({ roleName, filter, limit }, call) =>
      withRole(call, givenName(roleName), async role => {
        const { directory, tenant, limits } = call
        const has = {
          op: 'compare',
          field: { kind: 'role-id' },
          comparison: 'eq',
          value: role.id,
          caseExact: true,
        } as const
        const search = { tenant, pattern: filter, most: limits.maxListedUsers }
        const found = await listUsers(directory, limit === 0 ? { ...search, filter: has } : { ...search, limit })
        return closed(found, ({ name, roles }) => flaggedUser(name, roles.includes(role.name)))
      }),
  }),
  addRole: operation({
    access: [permissions.roleCreate],
    effect: 'changes',
    request: { roleName: text, userList: list(string), permissions: list(string), isSharedRole: boolean },
    run: async ({ roleName, userList, permissions: sent }, call) => {
      const resources = readResources(sent)
      if (!Array.isArray(resources)) return resources
      const given = resources.map(resource => ({ resource, action: uiExecute }))
      return addRole(call, { name: roleName, members: userList, permissions: given })
    },
  }),
  deleteRole: operation({
    access: [permissions.roleDelete],
    effect: 'changes',
    request: { roleName: text },
    run: ({ roleName }, call) => removeRole(call, roleName),
  }),
  updateRoleName: operation({
    access: [permissions.roleUpdate],
    effect: 'changes',
    request: { roleName: text, newRoleName: text },
    run: ({ roleName, newRoleName }, call) => renameRole(call, roleName, newRoleName),
  }),
  addRemoveRolesOfUser: operation({
    access: eitherUpdate,
    effect: 'changes',
    request: { userName: text, newRoles: list(string), deletedRoles: list(string) },
    run: ({ userName, newRoles, deletedRoles }, call) =>
      changeRoles(call, givenName(userName), { taken: givenNames(deletedRoles), given: givenNames(newRoles) }),
  }),
  updateRolesOfUser: operation({
    access: eitherUpdate,
    effect: 'changes',
    request: { userName: text, newRoleList: list(string) },
    run: ({ userName, newRoleList }, call) => setRoles(call, givenName(userName), givenNames(newRoleList)),
  }),
  addRemoveUsersOfRole: operation({
    access: eitherUpdate,
    effect: 'changes',
    request: { roleName: text, newUsers: list(string), deletedUsers: list(string) },
    run: ({ roleName, newUsers, deletedUsers }, call) =>
      changeMembers(call, givenName(roleName), { taken: givenNames(deletedUsers), given: givenNames(newUsers) }),
  }),
  // Those who are marked get the role, those who are named and not marked lose it, the others stay as they are.
  updateUsersOfRole: operation({
    access: [permissions.roleUpdate],
    effect: 'changes',
    request: { roleName: text, userList: list(flaggedName) },
    run: ({ roleName, userList }, call) => {
      const named = (marked: boolean) =>
        userList.flatMap(({ itemName, selected }) => ((selected ?? false) === marked && itemName ? [itemName] : []))
      return changeMembers(call, givenName(roleName), {
        taken: givenNames(named(false)),
        given: givenNames(named(true)),
      })
    },
  }),
  setRoleUIPermission: operation({
    access: [permissions.roleUpdate],
    effect: 'changes',
    request: { roleName: text, rawResources: list(string) },
    run: ({ roleName, rawResources }, call) =>
      withRole(call, givenName(roleName), ({ name }) => setUiPermissions(call, name, rawResources)),
  }),
  hasMultipleUserStores: operation({
    access: [permissions.storeView],
    effect: 'reads',
    result: boolean,
    run: () => false,
  }),
  isSharedRolesEnabled: operation({
    access: eitherView,
    effect: 'reads',
    result: boolean,
    run: () => false,
  }),
}

function roleSearch({ tenant, limits }: Call, pattern: string | undefined, limit: number | undefined) {
  return { tenant, pattern, limit, most: limits.maxListedRoles }
}

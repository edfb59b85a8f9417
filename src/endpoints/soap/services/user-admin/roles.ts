import type { Call } from '../../call.ts'
import { boolean, int, list, string, text } from '../../schema/type.ts'
import { operation } from '../../service.ts'
import { withUser } from '../change-user.ts'
import { listRoles, listUsers } from '../list-names.ts'
import { givenName, givenNames } from '../names.ts'
import { permissions, uiExecute } from '../permissions.ts'
import { notOffered } from '../refusals.ts'
import { changeMembers, changeRoles, setRoles, withRole } from '../role-members.ts'
import { deleteRole, updateRoleName } from '../role-operations.ts'
import { addRole, readResources, setUiPermissions } from '../roles.ts'
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
    run: ({ roleName, userList, permissions: sent, isSharedRole }, call) =>
      isSharedRole ? noSharedRoles : addUiRole(call, roleName, userList, sent),
  }),
  // A role of the server itself, which its name says.
  addInternalRole: operation({
    access: [permissions.roleCreate],
    effect: 'changes',
    request: { roleName: text, userList: list(string), permissions: list(string) },
    run: ({ roleName, userList, permissions: sent }, call) =>
      addUiRole(call, `Internal/${roleName.replace(/^Internal\//i, '')}`, userList, sent),
  }),
  deleteRole,
  updateRoleName,
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
  // No role is shared between tenants, so that there are never any of these.
  getAllSharedRoleNames: operation({
    access: [permissions.roleView],
    effect: 'reads',
    request: { filter: string, limit: int },
    result: list(flaggedName),
    run: () => closed({ entries: [], more: false }, (name: string) => flaggedRole(name, false)),
  }),
  isSharedRolesEnabled: operation({
    access: eitherView,
    effect: 'reads',
    result: boolean,
    run: () => false,
  }),
}

const noSharedRoles = notOffered(
  'addRole makes no shared roles: a role belongs to one tenant.',
  'Send isSharedRole as false, and add the role in each tenant.',
)

async function addUiRole(call: Call, name: string, members: readonly string[], sent: readonly string[]) {
  const resources = readResources(sent)
  if (!Array.isArray(resources)) return resources
  return addRole(call, { name, members, permissions: resources.map(resource => ({ resource, action: uiExecute })) })
}

function roleSearch({ tenant, limits }: Call, pattern: string | undefined, limit: number | undefined) {
  return { tenant, pattern, limit, most: limits.maxListedRoles }
}

import { adminRole, type Permission } from '../../../../identity/users/directory.ts'
import { defaultTenant } from '../../../../identity/users/user.ts'
import type { Call } from '../../call.ts'
import { boolean, complex, list, string, text } from '../../schema/type.ts'
import { operation } from '../../service.ts'
import { effectOf, isAtOrBelow } from '../authorization/judge.ts'
import { givenName } from '../names.ts'
import { permissions, uiExecute } from '../permissions.ts'
import { withRole } from '../role-members.ts'
import { everyRole } from '../roles.ts'

const uiPermissionNode: ReturnType<typeof complex> = complex(
  'http://common.mgt.user.carbon.wso2.org/xsd',
  'UIPermissionNode',
  () => ({ displayName: string, nodeList: list(uiPermissionNode), resourcePath: string, selected: boolean }),
)

type PermissionNode = {
  readonly displayName: string
  readonly nodeList: PermissionNode[]
  readonly resourcePath: string
  readonly selected: boolean
}

/** Permissions as the tree in which an administrator ticks those of a role. */
export const permissionTreeOperations = {
  getAllUIPermissions: operation({
    access: [permissions.roleView],
    effect: 'reads',
    result: uiPermissionNode,
    run: async (_none, call) => permissionTree(call.tenant, await heldPaths(call), () => false),
  }),
  getRolePermissions: operation({
    access: [permissions.roleView],
    effect: 'reads',
    request: { roleName: text },
    result: uiPermissionNode,
    run: ({ roleName }, call) =>
      withRole(call, givenName(roleName), async ({ name }) => {
        const own = await call.directory.roles.permissions(call.tenant, name)
        const paths = [...(await heldPaths(call)), ...uiPaths(own)]
        const selected = (path: string) => name === adminRole || effectOf(own, path, uiExecute) === 'allow'
        return permissionTree(call.tenant, paths, selected)
      }),
  }),
}

/** The paths that roles of the tenant name; of more roles than are listed, those of the first ones. */
async function heldPaths(call: Call): Promise<string[]> {
  const paths = new Set<string>()
  let seen = 0
  for await (const { name } of everyRole(call)) {
    if (seen++ === call.limits.maxListedRoles) break
    for (const path of uiPaths(await call.directory.roles.permissions(call.tenant, name))) paths.add(path)
  }
  return [...paths]
}

function uiPaths(held: readonly Permission[]): string[] {
  return held.filter(({ action }) => action === uiExecute).map(({ resource }) => resource)
}

/** All that the services ask for, and these paths, below the root that the tenant sees: the server itself is the default tenant's. */
function permissionTree(tenant: string, paths: readonly string[], selected: (path: string) => boolean): PermissionNode {
  const root = tenant === defaultTenant ? '/permission' : '/permission/admin'
  const nodeOf = (path: string): PermissionNode => ({
    displayName: labels.get(path) ?? capitalised(path.slice(path.lastIndexOf('/') + 1)),
    nodeList: [],
    resourcePath: path,
    selected: selected(path),
  })
  const nodes = new Map([[root, nodeOf(root)]])
  const grow = (path: string): PermissionNode => {
    const there = nodes.get(path)
    if (there !== undefined) return there
    const node = nodeOf(path)
    nodes.set(path, node)
    grow(path.slice(0, path.lastIndexOf('/'))).nodeList.push(node)
    return node
  }
  for (const path of [...Object.values(permissions), ...paths].toSorted()) if (isAtOrBelow(path, root)) grow(path)
  return nodes.get(root)!
}

function capitalised(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1)
}

const labels = new Map([
  ['/permission', 'All Permissions'],
  ['/permission/admin', 'Admin Permissions'],
  ['/permission/protected', 'Super Tenant Permissions'],
  ['/permission/protected/server-admin', 'Server Administration'],
  [`${permissions.identity}/usermgt`, 'User Management'],
  [`${permissions.identity}/rolemgt`, 'Role Management'],
  [`${permissions.identity}/userprofile`, 'User Profiles'],
  [`${permissions.identity}/userstore`, 'User Stores'],
  [`${permissions.identity}/userstore/config`, 'Configuration'],
])

import type { Call } from '../../call.ts'
import { boolean, list, string, text } from '../../schema/type.ts'
import { operation } from '../../service.ts'
import { withUser } from '../change-user.ts'
import { givenName } from '../names.ts'
import { permissions } from '../permissions.ts'
import { everyRole, readResource } from '../roles.ts'
import { type RoleEffect, roleEffect } from './judge.ts'
import { uiResources } from './ui-resources.ts'

const ofResource = { resourceId: text, action: text } as const

/** Who may do what. */
export const askingOperations = {
  isUserAuthorized: operation({
    access: [permissions.identity],
    effect: 'reads',
    request: { userName: text, ...ofResource },
    result: boolean,
    run: ({ userName, resourceId, action }, { directory, tenant }) => {
      const resource = readResource(resourceId)
      return typeof resource === 'string' && directory.isAuthorized(tenant, givenName(userName), resource, action)
    },
  }),
  isRoleAuthorized: operation({
    access: [permissions.identity],
    effect: 'reads',
    request: { roleName: text, ...ofResource },
    result: boolean,
    run: async ({ roleName, resourceId, action }, call) => {
      const resource = readResource(resourceId)
      return typeof resource === 'string' && (await roleEffect(call, givenName(roleName), resource, action)) === 'allow'
    },
  }),
  getAllowedRolesForResource: operation({
    access: [permissions.identity],
    effect: 'reads',
    request: ofResource,
    result: list(string),
    run: ({ resourceId, action }, call) => rolesThat(call, 'allow', resourceId, action),
  }),
  getDeniedRolesForResource: operation({
    access: [permissions.identity],
    effect: 'reads',
    request: ofResource,
    result: list(string),
    run: ({ resourceId, action }, call) => rolesThat(call, 'deny', resourceId, action),
  }),
  // Permissions are given to roles alone, so that there are never any of these.
  getExplicitlyAllowedUsersForResource: operation({
    access: [permissions.identity],
    effect: 'reads',
    request: ofResource,
    result: list(string),
    run: () => [],
  }),
  getExplicitlyDeniedUsersForResource: operation({
    access: [permissions.identity],
    effect: 'reads',
    request: ofResource,
    result: list(string),
    run: () => [],
  }),
  getAllowedUIResourcesForUser: operation({
    access: [permissions.identity],
    effect: 'reads',
    request: { userName: text, permissionRootPath: text },
    result: list(string),
    run: ({ userName, permissionRootPath }, call) => {
      const root = readResource(permissionRootPath)
      return typeof root === 'string'
        ? withUser(call, givenName(userName), user => uiResources(call, user, root))
        : root
    },
  }),
}

async function rolesThat(call: Call, effect: RoleEffect, resourceId: string, action: string) {
  const resource = readResource(resourceId)
  if (typeof resource !== 'string') return resource
  const found: string[] = []
  for await (const { name } of everyRole(call)) {
    if ((await roleEffect(call, name, resource, action)) === effect) found.push(name)
    if (found.length === call.limits.maxListedRoles) break
  }
  return found
}

import type { Permission } from '../../../../identity/users/directory.ts'
import type { Call } from '../../call.ts'
import type { Fault } from '../../message/fault.ts'
import { text } from '../../schema/type.ts'
import { operation } from '../../service.ts'
import { withUser } from '../change-user.ts'
import { givenName } from '../names.ts'
import { mayHandle, mayPermit, permissions } from '../permissions.ts'
import { notOffered } from '../refusals.ts'
import { withRole } from '../role-members.ts'
import { everyRole, readResource } from '../roles.ts'

const ofRole = { roleName: text, resourceId: text, action: text } as const
const ofUser = { userName: text, resourceId: text, action: text } as const
const access = [permissions.identity] as const

/** Giving permissions to roles, denying them, and taking both away. */
export const changingOperations = {
  authorizeRole: operation({
    access,
    effect: 'changes',
    request: ofRole,
    run: ({ roleName, resourceId, action }, call) => permit(call, roleName, resourceId, action, 'allow'),
  }),
  denyRole: operation({
    access,
    effect: 'changes',
    request: ofRole,
    run: ({ roleName, resourceId, action }, call) => permit(call, roleName, resourceId, action, 'deny'),
  }),
  clearRoleAuthorization: operation({
    access,
    effect: 'changes',
    request: ofRole,
    run: ({ roleName, resourceId, action }, call) => {
      const resource = readResource(resourceId)
      if (typeof resource !== 'string') return resource
      return clear(call, roleName, each => each.resource === resource && each.action === action)
    },
  }),
  clearRoleActionOnAllResources: operation({
    access,
    effect: 'changes',
    request: { roleName: text, action: text },
    run: ({ roleName, action }, call) => clear(call, roleName, each => each.action === action),
  }),
  clearAllRoleAuthorization: operation({
    access,
    effect: 'changes',
    request: { roleName: text },
    run: ({ roleName }, call) => clear(call, roleName, () => true),
  }),
  clearResourceAuthorizations: operation({
    access,
    effect: 'changes',
    request: { resourceId: text },
    run: async ({ resourceId }, call) => {
      const resource = readResource(resourceId)
      if (typeof resource !== 'string') return resource
      const { directory, tenant } = call
      const asked: { role: string; permission: Permission }[] = []
      for await (const { name } of everyRole(call)) {
        for (const permission of await directory.roles.permissions(tenant, name))
          if (permission.resource === resource) asked.push({ role: name, permission })
      }
      const refusal = await mayHandle(
        call,
        asked.map(({ role }) => role),
      )
      if (refusal !== undefined) return refusal
      for (const { role, permission } of asked) await directory.roles.permit(tenant, role, permission, 'none')
      return undefined
    },
  }),
  // Permissions belong to the role, whatever it is called: they came along when it was renamed.
  resetPermissionOnUpdateRole: operation({
    access,
    effect: 'changes',
    request: { roleName: text, newRoleName: text },
    run: ({ newRoleName }, call) => withRole(call, givenName(newRoleName), () => undefined),
  }),
  authorizeUser: operation({ access, effect: 'changes', request: ofUser, run: () => rolesAlone }),
  denyUser: operation({ access, effect: 'changes', request: ofUser, run: () => rolesAlone }),
  // There are none, so that afterwards there are none.
  clearUserAuthorization: operation({
    access,
    effect: 'changes',
    request: ofUser,
    run: ({ userName }, call) => withUser(call, givenName(userName), () => undefined),
  }),
  clearAllUserAuthorization: operation({
    access,
    effect: 'changes',
    request: { userName: text },
    run: ({ userName }, call) => withUser(call, givenName(userName), () => undefined),
  }),
}

const rolesAlone = notOffered(
  'Permissions are given to roles, not to users.',
  'Give the permission to a role, and the role to the user.',
)

function permit(
  call: Call,
  roleName: string,
  resourceId: string,
  action: string,
  effect: Permission['effect'],
): Promise<Fault | undefined> | Fault {
  const resource = readResource(resourceId)
  if (typeof resource !== 'string') return resource
  return withRole(call, givenName(roleName), async ({ name }) => {
    const refusal = await mayPermit(call, name, [{ resource, action, effect }])
    if (refusal !== undefined) return refusal
    await call.directory.roles.permit(call.tenant, name, { resource, action }, effect)
    return undefined
  })
}

/** Taking a denial away gives, so it takes as much as giving does. */
function clear(call: Call, roleName: string, asked: (permission: Permission) => boolean): Promise<Fault | undefined> {
  const { directory, tenant } = call
  return withRole(call, givenName(roleName), async ({ name }) => {
    const found = (await directory.roles.permissions(tenant, name)).filter(asked)
    if (found.length === 0) return undefined
    const refusal = await mayHandle(call, [name])
    if (refusal !== undefined) return refusal
    for (const { resource, action } of found) await directory.roles.permit(tenant, name, { resource, action }, 'none')
    return undefined
  })
}

import { text } from '../schema/type.ts'
import { operation } from '../service.ts'
import { permissions } from './permissions.ts'
import { removeRole, renameRole } from './roles.ts'

// Two services have these, word for word.

export const deleteRole = operation({
  access: [permissions.roleDelete],
  effect: 'changes',
  request: { roleName: text },
  run: ({ roleName }, call) => removeRole(call, roleName),
})

export const updateRoleName = operation({
  access: [permissions.roleUpdate],
  effect: 'changes',
  request: { roleName: text, newRoleName: text },
  run: ({ roleName, newRoleName }, call) => renameRole(call, roleName, newRoleName),
})

import { defineCommand } from '../command.ts'
import { setUserState } from '../user-state.ts'
import { tenantOptions, userArgument } from '../user-target.ts'

export const command = defineCommand({
  name: ['user', 'lock'],
  summary: 'Locks a user',
  description: 'Neither a password nor a certificate lets the user in, and open connections are ended within a second.',
  arguments: userArgument,
  options: tenantOptions,
  examples: ['countersign user lock alice'],
  run: ctx => setUserState(ctx, 'locked'),
})

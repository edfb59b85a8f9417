import { defineCommand } from '../command.ts'
import { setUserState } from '../user-state.ts'
import { tenantOptions, userArgument } from '../user-target.ts'

export const command = defineCommand({
  name: ['user', 'unlock'],
  summary: 'Unlocks a user',
  description:
    'Password and certificates let the user in again within a second, and failures to sign in are forgotten.',
  arguments: userArgument,
  options: tenantOptions,
  examples: ['countersign user unlock alice'],
  run: ctx => setUserState(ctx, 'active'),
})

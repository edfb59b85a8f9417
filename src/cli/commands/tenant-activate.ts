import { defineCommand } from '../command.ts'
import { configurationOptions } from '../configuration.ts'
import { setTenantState, tenantArgument } from '../tenant-state.ts'

export const command = defineCommand({
  name: ['tenant', 'activate'],
  summary: 'Lets the users of a tenant in again',
  arguments: tenantArgument,
  options: configurationOptions,
  examples: ['countersign tenant activate partner.example'],
  run: ctx => setTenantState(ctx, 'active'),
})

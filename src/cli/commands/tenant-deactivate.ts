import { defineCommand } from '../command.ts'
import { configurationOptions } from '../configuration.ts'
import { setTenantState, tenantArgument } from '../tenant-state.ts'

export const command = defineCommand({
  name: ['tenant', 'deactivate'],
  summary: 'Lets no user of a tenant in',
  description:
    'Neither passwords nor certificates let them in, and their open connections are ended within a second. Nothing is lost.',
  arguments: tenantArgument,
  options: configurationOptions,
  examples: ['countersign tenant deactivate partner.example'],
  run: ctx => setTenantState(ctx, 'inactive'),
})

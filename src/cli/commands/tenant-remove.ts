import { administer } from '../administration.ts'
import { defineCommand, exit } from '../command.ts'
import { configurationOptions } from '../configuration.ts'
import { confirm, yesOption } from '../confirm.ts'
import { tenantArgument } from '../tenant-state.ts'
import { plain } from '../terminal.ts'

export const command = defineCommand({
  name: ['tenant', 'remove'],
  summary: 'Removes a tenant with its users, roles and bindings',
  description:
    'It cannot be undone; `tenant deactivate` can. Bindings that stand in the configuration stay. It asks first.',
  arguments: tenantArgument,
  options: { ...yesOption, ...configurationOptions },
  examples: ['countersign tenant remove partner.example', 'countersign tenant remove partner.example --yes'],
  async run(ctx) {
    const { tenant: name } = ctx.arguments
    const question = `Remove the tenant ${plain(name)} and everything in it?`
    if (!(await confirm(ctx, question, ctx.options.yes))) return exit.no
    await administer(ctx, 'changes', async ({ directory, record }) => {
      await directory.tenants.remove(name)
      record('tenant-changed', { action: 'removed', tenant: name })
    })
    ctx.terminal.note(`The tenant ${plain(name)} was removed.`)
    return exit.yes
  },
})

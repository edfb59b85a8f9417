import { administer } from '../administration.ts'
import { defineCommand, exit } from '../command.ts'
import { confirm, yesOption } from '../confirm.ts'
import { plain } from '../terminal.ts'
import { tenantOptions, userArgument, userTarget } from '../user-target.ts'

export const command = defineCommand({
  name: ['user', 'remove'],
  summary: 'Removes a user',
  description:
    'The open connections of the user are ended within a second. Bindings that name the user stay, and would let in whoever gets the name next: look at `countersign binding list`. In a terminal it asks first.',
  arguments: userArgument,
  options: { ...yesOption, ...tenantOptions },
  examples: ['countersign user remove alice'],
  async run(ctx) {
    const { tenant, name } = userTarget(ctx)
    const asked = !ctx.terminal.interactive || (await confirm(ctx, `Remove the user ${plain(name)}?`, ctx.options.yes))
    if (!asked) return exit.no
    await administer(ctx, 'changes', async ({ users, record }) => {
      await users.remove(tenant, name)
      record('user-changed', { action: 'removed', tenant, user: name })
    })
    ctx.terminal.note(`${plain(name)} was removed.`)
    return exit.yes
  },
})

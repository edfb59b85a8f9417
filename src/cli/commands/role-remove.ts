import { administer } from '../administration.ts'
import { defineCommand, exit } from '../command.ts'
import { confirm, yesOption } from '../confirm.ts'
import { findRole, roleArgument, roleOptions, roleTarget } from '../role-target.ts'
import { plain } from '../terminal.ts'

export const command = defineCommand({
  name: ['role', 'remove'],
  summary: 'Removes a role, and takes it from everyone who has it',
  description: 'Open connections of users who relied on it are ended within a second. In a terminal it asks first.',
  arguments: roleArgument,
  options: { ...yesOption, ...roleOptions },
  examples: ['countersign role remove buyer'],
  async run(ctx) {
    const target = roleTarget(ctx)
    const name = plain(target.name)
    if (ctx.terminal.interactive && !(await confirm(ctx, `Remove the role ${name}?`, ctx.options.yes))) return exit.no
    await administer(ctx, 'changes', async ({ directory, record }) => {
      const { id } = await findRole(directory, target)
      await directory.roles.remove(target.tenant, id)
      record('role-changed', { action: 'removed', tenant: target.tenant, role: target.name })
    })
    ctx.terminal.note(`The role ${name} was removed.`)
    return exit.yes
  },
})

import { CodedError } from '../../errors.ts'
import { administer } from '../administration.ts'
import { defineCommand, exit } from '../command.ts'
import { readPermission, roleArgument, roleOptions, roleTarget } from '../role-target.ts'
import { plain } from '../terminal.ts'

export const command = defineCommand({
  name: ['role', 'permit'],
  summary: 'Says what a role may do',
  description:
    'A permission stands for its path and everything below it. A nearer path beats a farther one; on the same path, what one role is denied no other role of the user allows.',
  arguments: {
    ...roleArgument,
    permission: {
      name: '<PATH>',
      describe: '/permission/admin/manage, or PATH=ACTION for another action than ui.execute',
    },
  },
  options: {
    deny: { flags: '--deny', describe: 'deny it' },
    clear: { flags: '--clear', describe: 'neither allow nor deny it: what is said of the paths above holds' },
    ...roleOptions,
  },
  examples: [
    'countersign role permit helpdesk /permission/admin/manage/identity/usermgt',
    'countersign role permit helpdesk /permission/admin/manage/identity/usermgt/passwords --deny',
  ],
  async run(ctx) {
    const { tenant, name } = roleTarget(ctx)
    const { deny, clear } = ctx.options
    if (deny && clear) throw new CodedError('ERR_CLI_USAGE', '--deny and --clear cannot be given together')
    const effect = deny ? 'deny' : clear ? 'none' : 'allow'
    const { resource, action } = readPermission(ctx.arguments.permission)
    await administer(ctx, 'changes', async ({ directory, record }) => {
      await directory.roles.permit(tenant, name, { resource, action }, effect)
      record('role-changed', {
        action: 'permissions-set',
        tenant,
        role: name,
        permission: `${resource}=${action}`,
        effect,
      })
    })
    const what = { allow: 'may', deny: 'may not', none: 'is told nothing about' }[effect]
    ctx.terminal.note(`${plain(name)} ${what} ${plain(action)} ${plain(resource)}.`)
    return exit.yes
  },
})

import { checkRoleName } from '../../identity/users/names.ts'
import { administer } from '../administration.ts'
import { defineCommand, exit } from '../command.ts'
import { memberIds, readPermission, roleArgument, roleOptions, roleTarget } from '../role-target.ts'
import { plain } from '../terminal.ts'

export const command = defineCommand({
  name: ['role', 'add'],
  summary: 'Adds a role',
  description: 'Routes name roles in `allow`. Permissions are what the SOAP and SCIM services ask for.',
  arguments: roleArgument,
  options: {
    member: {
      flags: '--member <USER>',
      describe: 'a user who gets the role; may be given several times',
      repeat: true,
    },
    permission: {
      flags: '--permission <PATH>',
      describe:
        'a path that the role may use, with everything below it (PATH=ACTION for another action than ui.execute); may be given several times',
      repeat: true,
    },
    ...roleOptions,
  },
  examples: [
    'countersign role add buyer --member alice --member bob',
    'countersign role add helpdesk --permission /permission/admin/manage/identity/usermgt',
  ],
  async run(ctx) {
    const { tenant, name } = roleTarget(ctx)
    checkRoleName(name)
    const permissions = ctx.options.permission.map(typed => ({ ...readPermission(typed), effect: 'allow' as const }))
    await administer(ctx, 'changes', async ({ directory, record }) => {
      const members = await memberIds(directory, tenant, ctx.options.member)
      await directory.roles.add({ tenant, name, members, permissions })
      record('role-changed', { action: 'added', tenant, role: name })
    })
    ctx.terminal.note(`The role ${plain(name)} was added.`)
    return exit.yes
  },
})

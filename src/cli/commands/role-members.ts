import type { Member } from '../../identity/users/directory.ts'
import { administer } from '../administration.ts'
import { defineCommand, exit, jsonOption } from '../command.ts'
import { findRole, memberIds, roleArgument, roleOptions, roleTarget } from '../role-target.ts'
import { plain } from '../terminal.ts'

export const command = defineCommand({
  name: ['role', 'members'],
  summary: 'Lists who has a role, gives it to users or takes it away',
  description: 'Open connections of users who relied on the role that they lose are ended within a second.',
  arguments: roleArgument,
  options: {
    add: { flags: '--add <USER>', describe: 'give the role to this user; may be given several times', repeat: true },
    remove: { flags: '--remove <USER>', describe: 'take it away; may be given several times', repeat: true },
    ...jsonOption,
    ...roleOptions,
  },
  examples: ['countersign role members buyer', 'countersign role members buyer --add alice --remove bob'],
  async run(ctx) {
    const target = roleTarget(ctx)
    const { add, remove, json } = ctx.options
    const changes = add.length + remove.length > 0
    const members = await administer(ctx, changes ? 'changes' : 'reads', async ({ directory, record }) => {
      const { tenant, name } = target
      const { id } = await findRole(directory, target)
      if (changes) {
        const joining = await memberIds(directory, tenant, add)
        const leaving = new Set(await memberIds(directory, tenant, remove))
        await directory.roles.change(tenant, id, role => ({
          members: [...role.members.map(member => member.id), ...joining].filter(member => !leaving.has(member)),
        }))
        record('role-changed', {
          action: 'members-set',
          tenant,
          role: name,
          ...(add.length > 0 && { added: add.join(',') }),
          ...(remove.length > 0 && { removed: remove.join(',') }),
        })
      }
      return directory.roles.members(tenant, id)
    })
    if (json) ctx.terminal.json({ members: members.map(({ id, name }: Member) => ({ id, name })) })
    else if (members.length === 0) ctx.terminal.note(`Nobody has the role ${plain(target.name)}.`)
    else ctx.terminal.print(members.map(({ name }) => plain(name)).join('\n'))
    return exit.yes
  },
})

import { nameText } from '../../identity/users/names.ts'
import { administer } from '../administration.ts'
import { defineCommand, exit } from '../command.ts'
import { plain } from '../terminal.ts'
import { tenantOptions, userArgument, userTarget } from '../user-target.ts'

export const command = defineCommand({
  name: ['user', 'roles'],
  summary: 'Sets the roles of a user',
  description:
    'The user has exactly these roles from then on; without any, none. Open connections that relied on a role that is gone are ended within a second.',
  arguments: { ...userArgument, roles: { name: '[ROLES...]', describe: 'all the roles that the user is to have' } },
  options: tenantOptions,
  examples: ['countersign user roles alice buyer auditor'],
  async run(ctx) {
    const { tenant, name } = userTarget(ctx)
    const roles = ctx.arguments.roles.map(nameText)
    await administer(ctx, 'changes', async ({ users, record }) => {
      await users.setRoles(tenant, name, roles)
      record('user-changed', { action: 'roles-set', tenant, user: name, roles: roles.join(',') })
    })
    ctx.terminal.note(
      `${plain(name)} has ${roles.length === 0 ? 'no roles' : `the roles ${roles.map(plain).join(', ')}`}.`,
    )
    return exit.yes
  },
})

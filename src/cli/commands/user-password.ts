import { administer } from '../administration.ts'
import { defineCommand, exit } from '../command.ts'
import { plain } from '../terminal.ts'
import { chooseUserPassword, userPasswordOptions } from '../user-password.ts'
import { tenantOptions, userArgument, userTarget } from '../user-target.ts'

export const command = defineCommand({
  name: ['user', 'password'],
  summary: "Sets a user's password",
  description:
    'Asks for it, unless an option says where it is. The old one is of no use within a second, and failures to sign in are forgotten.',
  arguments: userArgument,
  options: { ...userPasswordOptions, ...tenantOptions },
  examples: ['countersign user password alice', 'countersign user password alice --password env:NEW_PASSWORD'],
  async run(ctx) {
    const { tenant, name } = userTarget(ctx)
    const chosen = await chooseUserPassword(ctx, name)
    await administer(ctx, 'changes', async ({ users, throttle, record }) => {
      await users.setPassword(tenant, name, chosen.password)
      await throttle.forgive(tenant, name)
      record('user-changed', { action: 'password-set', tenant, user: name })
    })
    chosen.print()
    ctx.terminal.note(`The password of ${plain(name)} was set.`)
    return exit.yes
  },
})

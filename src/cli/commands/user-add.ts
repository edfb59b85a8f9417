import { CodedError } from '../../errors.ts'
import { checkUserName, nameText } from '../../identity/users/names.ts'
import { administer } from '../administration.ts'
import { attributeHelp, readAttributes } from '../attributes.ts'
import { defineCommand, exit } from '../command.ts'
import { plain } from '../terminal.ts'
import { chooseUserPassword, userPasswordOptions } from '../user-password.ts'
import { tenantOptions, userArgument, userTarget } from '../user-target.ts'

export const command = defineCommand({
  name: ['user', 'add'],
  summary: 'Adds a user',
  description:
    'Asks for the password, unless an option says where it is. A tenant or role that does not exist yet is made. A running server knows the user within a second.',
  arguments: userArgument,
  options: {
    role: { flags: '--role <ROLE>', describe: 'give the user this role; may be given several times', repeat: true },
    attribute: {
      flags: '--attribute <NAME=VALUE>',
      describe: `${attributeHelp}; may be given several times`,
      repeat: true,
    },
    ...userPasswordOptions,
    certificateOnly: { flags: '--certificate-only', describe: 'no password: the user signs in by certificate' },
    ...tenantOptions,
  },
  examples: [
    'countersign user add alice --role buyer',
    'countersign user add backup --certificate-only',
    'countersign user add admin --role admin --password-file admin-password',
    'countersign user add bob --generate --attribute emailaddress=bob@example.com',
  ],
  async run(ctx) {
    const { role, attribute, certificateOnly, password, passwordFile, generate } = ctx.options
    const { tenant, name } = userTarget(ctx)
    // Before somebody thinks of a password.
    checkUserName(name)
    const roles = role.map(nameText)
    const attributes = readAttributes(attribute)
    if (certificateOnly && (generate || password !== undefined || passwordFile !== undefined)) {
      throw new CodedError('ERR_CLI_USAGE', '--certificate-only cannot be given together with a password')
    }
    const chosen = certificateOnly ? undefined : await chooseUserPassword(ctx, name)
    await administer(ctx, 'changes', async ({ users, directory, record }) => {
      if (await users.addTenant(tenant)) ctx.terminal.note(`The tenant ${tenant} is new.`)
      for (const each of new Set(roles)) {
        if ((await directory.roles.find(tenant, each)) === undefined) await directory.roles.add({ tenant, name: each })
      }
      await directory.users.add({ tenant, name, roles, password: chosen?.password, attributes })
      record('user-changed', { action: 'added', tenant, user: name })
    })
    chosen?.print()
    ctx.terminal.note(`${plain(name)} was added.`)
    return exit.yes
  },
})

import { CodedError } from '../../errors.ts'
import { unknownUser } from '../../identity/users/sql/directory-errors.ts'
import { administer } from '../administration.ts'
import { attributeHelp, attributeName, readAttributes } from '../attributes.ts'
import { defineCommand, exit } from '../command.ts'
import { plain } from '../terminal.ts'
import { tenantOptions, userArgument, userTarget } from '../user-target.ts'

export const command = defineCommand({
  name: ['user', 'set'],
  summary: 'Sets attributes of a user',
  description: `Each attribute that is named has exactly the values that are given from then on; the others stay: ${attributeHelp}.`,
  arguments: {
    ...userArgument,
    attributes: { name: '[NAME=VALUE...]', describe: 'the same name may be given several times, for several values' },
  },
  options: {
    unset: { flags: '--unset <NAME>', describe: 'take this attribute away; may be given several times', repeat: true },
    ...tenantOptions,
  },
  examples: [
    'countersign user set alice emailaddress=alice@example.com givenname=Alice',
    'countersign user set alice --unset mobile',
  ],
  async run(ctx) {
    const { tenant, name } = userTarget(ctx)
    const given = readAttributes(ctx.arguments.attributes)
    const named = new Set([...given.map(each => each.name), ...ctx.options.unset.map(attributeName)])
    if (named.size === 0) throw new CodedError('ERR_CLI_USAGE', 'no attribute is named')
    await administer(ctx, 'changes', async ({ directory, record }) => {
      const user = await directory.users.find(tenant, name)
      if (user === undefined) throw unknownUser(tenant, name)
      await directory.users.change(tenant, user.id, ({ attributes }) => ({
        attributes: [...attributes.filter(each => !named.has(each.name)), ...given],
      }))
      record('user-changed', { action: 'attributes-set', tenant, user: name, changed: [...named].join(',') })
    })
    ctx.terminal.note(`${plain(name)} was changed.`)
    return exit.yes
  },
})

import { administer } from '../administration.ts'
import { defineCommand, exit } from '../command.ts'
import { configurationOptions } from '../configuration.ts'
import { plain } from '../terminal.ts'

export const command = defineCommand({
  name: ['tenant', 'add'],
  summary: 'Adds a tenant',
  description: 'Users, roles and bindings belong to one tenant: the same name in another tenant is somebody else.',
  arguments: { tenant: { name: '<TENANT>', describe: 'name of the tenant, like a domain: partner.example' } },
  options: {
    admin: { flags: '--admin <USER>', describe: 'whom to ask: the name of its administrator' },
    email: { flags: '--email <ADDRESS>', describe: "the administrator's address" },
    firstName: { flags: '--first-name <NAME>', describe: "the administrator's first name" },
    lastName: { flags: '--last-name <NAME>', describe: "the administrator's last name" },
    ...configurationOptions,
  },
  examples: [
    'countersign tenant add partner.example',
    'countersign tenant add partner.example --admin bob --email bob@partner.example',
  ],
  async run(ctx) {
    const { tenant: name } = ctx.arguments
    const { admin, email, firstName, lastName } = ctx.options
    await administer(ctx, 'changes', async ({ directory, record }) => {
      await directory.tenants.add(name, { admin, email, firstName, lastName })
      record('tenant-changed', { action: 'added', tenant: name })
    })
    ctx.terminal.note(`The tenant ${plain(name)} was added.`)
    return exit.yes
  },
})

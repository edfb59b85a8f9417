import type { Tenant } from '../../identity/users/directory.ts'
import { administer } from '../administration.ts'
import { defineCommand, exit, jsonOption } from '../command.ts'
import { configurationOptions } from '../configuration.ts'
import { day } from '../day.ts'
import { plain } from '../terminal.ts'

export const command = defineCommand({
  name: ['tenant', 'list'],
  summary: 'Lists the tenants',
  options: { ...jsonOption, ...configurationOptions },
  examples: ['countersign tenant list', 'countersign tenant list --json'],
  async run(ctx) {
    const tenants = await administer(ctx, 'reads', ({ directory }) => directory.tenants.list())
    if (ctx.options.json) ctx.terminal.json({ tenants: tenants.map(asJson) })
    else ctx.terminal.table(['TENANT', 'NUMBER', 'STATE', 'ADMIN', 'ADDED'], tenants.map(asRow))
    return exit.yes
  },
})

function asRow({ name, number, state, admin, email, created }: Tenant): string[] {
  const whom = [admin, email === undefined ? undefined : `<${email}>`].filter(each => each !== undefined)
  return [plain(name), String(number), state, plain(whom.join(' ')) || '-', day(created)]
}

function asJson({ name, number, state, created, admin, email, firstName, lastName }: Tenant) {
  return {
    name,
    number,
    state,
    created: new Date(created).toISOString(),
    admin: admin ?? null,
    email: email ?? null,
    firstName: firstName ?? null,
    lastName: lastName ?? null,
  }
}

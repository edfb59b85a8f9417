import type { StoredBinding } from '../../identity/bindings/binding-store.ts'
import { everyBinding } from '../../identity/bindings/every-binding.ts'
import { createSqlBindingStore } from '../../identity/bindings/sql-binding-store.ts'
import { administer } from '../administration.ts'
import { defineCommand, exit, jsonOption } from '../command.ts'
import { configurationOptions } from '../configuration.ts'
import { plain } from '../terminal.ts'

export const command = defineCommand({
  name: ['binding', 'list'],
  summary: 'Lists the bindings that were added',
  description: 'Those that stand in the configuration are not among them: they hold beside these.',
  options: {
    user: { flags: '--user <USER>', describe: 'only the bindings that name this user' },
    ...jsonOption,
    ...configurationOptions,
  },
  examples: ['countersign binding list', 'countersign binding list --user alice --json'],
  async run(ctx) {
    const { terminal, options } = ctx
    const bindings = await administer(ctx, 'reads', async ({ storage }) => {
      const found: StoredBinding[] = []
      for await (const binding of everyBinding(createSqlBindingStore(storage, ctx.clock)))
        if (options.user === undefined || binding.options.users?.includes(options.user)) found.push(binding)
      return found
    })
    if (options.json) terminal.json({ bindings: bindings.map(asJson) })
    else if (bindings.length === 0) terminal.note('No binding was added.')
    else terminal.table(['ID', 'CERTIFICATE', 'USERS', 'TENANT', 'ADDED'], bindings.map(asRow))
    return exit.yes
  },
})

function asJson({ id, created, options }: StoredBinding) {
  return { id, created: new Date(created).toISOString(), ...options }
}

function asRow({ id, label, created, options }: StoredBinding): string[] {
  const { users, user, anchor, tenant } = options
  const beside = anchor === undefined || label === `anchor ${anchor}` ? '' : ` by ${plain(anchor)}`
  return [
    id,
    plain(label) + beside,
    users?.map(name => (name === '*' ? 'any' : plain(name))).join(', ') ?? plain(mapped(user)),
    plain(tenant),
    new Date(created).toISOString().slice(0, 10),
  ]
}

function mapped(user: StoredBinding['options']['user']): string {
  if (user === undefined) return ''
  const { from, match, replace } = user
  return `${from}${match === undefined ? '' : ` ${match}`}${replace === undefined ? '' : ` → ${replace}`}`
}

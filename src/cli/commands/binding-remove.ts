import { CodedError } from '../../errors.ts'
import { createSqlBindingStore } from '../../identity/bindings/sql-binding-store.ts'
import { administer } from '../administration.ts'
import { defineCommand, exit } from '../command.ts'
import { configurationOptions } from '../configuration.ts'
import { confirm, yesOption } from '../confirm.ts'
import { plain } from '../terminal.ts'

export const command = defineCommand({
  name: ['binding', 'remove'],
  summary: 'Removes a binding',
  description:
    'The open connections that relied on it are ended within a second. In a terminal it asks first. `countersign binding list` prints the identifiers.',
  arguments: { id: { name: '<ID>', describe: 'identifier of the binding' } },
  options: { ...yesOption, ...configurationOptions },
  examples: ['countersign binding remove 5f0c0f0e-7a53-4a7f-9a0f-0d5a6c1b2e3f'],
  async run(ctx) {
    const { id } = ctx.arguments
    const { yes } = ctx.options
    if (ctx.terminal.interactive && !(await confirm(ctx, `Remove the binding ${plain(id)}?`, yes))) return exit.no
    const removed = await administer(ctx, 'changes', async ({ storage, record }) => {
      const gone = await createSqlBindingStore(storage, ctx.clock).remove(id)
      if (gone !== undefined) record('binding-changed', { action: 'removed', tenant: gone.tenant, binding: gone.label })
      return gone
    })
    if (removed === undefined) {
      throw new CodedError('ERR_BINDING_UNKNOWN', `there is no binding ${JSON.stringify(id)}`, {
        remedy: '`countersign binding list` prints those that were added. One of the configuration is removed there.',
      })
    }
    ctx.terminal.note(`The binding for ${plain(removed.label)} was removed.`)
    return exit.yes
  },
})

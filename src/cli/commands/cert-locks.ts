import { createLockStore } from '../../identity/revocation/locks.ts'
import { administer } from '../administration.ts'
import { defineCommand, exit, jsonOption } from '../command.ts'
import { configurationOptions } from '../configuration.ts'
import { plain } from '../terminal.ts'

export const command = defineCommand({
  name: ['cert', 'locks'],
  summary: 'Lists the locks on certificates',
  options: { ...jsonOption, ...configurationOptions },
  examples: ['countersign cert locks', 'countersign cert locks --json'],
  async run(ctx) {
    const { terminal, options } = ctx
    const locks = await administer(ctx, 'reads', ({ storage }) => createLockStore(storage, ctx.clock).list())
    const day = (created: number) => new Date(created).toISOString()
    if (options.json)
      terminal.json({ locks: locks.map(({ created, ...lock }) => ({ ...lock, created: day(created) })) })
    else if (locks.length === 0) terminal.note('No certificate is locked.')
    else {
      const rows = locks.map(({ kind, label, reason, created }) => [
        kind,
        plain(label),
        plain(reason),
        day(created).slice(0, 10),
      ])
      terminal.table(['BY', 'WHAT', 'REASON', 'LOCKED'], rows)
    }
    return exit.yes
  },
})

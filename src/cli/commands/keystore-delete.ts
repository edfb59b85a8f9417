import { removeEntry } from '../../pki/keystore/change.ts'
import { defineCommand, exit } from '../command.ts'
import { confirm, yesOption } from '../confirm.ts'
import { entryNamed, openToChange, save } from '../key-store-access.ts'
import { passwordOptions } from '../password.ts'

export const command = defineCommand({
  name: ['keystore', 'delete'],
  summary: 'Removes an entry from a key store',
  arguments: { file: { name: '<FILE>', describe: 'the key store' } },
  options: {
    alias: { flags: '-a, --alias <ALIAS>', describe: 'which entry', required: true },
    ...yesOption,
    ...passwordOptions,
  },
  examples: ['countersign keystore delete client-truststore.p12 --alias former-partner'],
  async run(ctx) {
    const { alias, yes } = ctx.options
    const accessed = await openToChange(ctx, ctx.arguments.file, ctx.options)
    const entry = entryNamed(accessed, alias)
    const what = entry.kind === 'private-key' ? 'the private key and certificate' : 'the entry'
    if (!(await confirm(ctx, `Remove ${what} ${entry.alias} from ${accessed.name}?`, yes))) return exit.no
    await save(accessed, store => removeEntry(store, alias))
    return exit.yes
  },
})

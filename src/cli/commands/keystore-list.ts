import { defineCommand, exit, jsonOption } from '../command.ts'
import { passwordOptions, readPassword } from '../password.ts'

export const command = defineCommand({
  name: ['keystore', 'list'],
  summary: 'Lists the entries of a key store',
  arguments: { file: { name: '<FILE>', describe: 'a JKS, JCEKS, PKCS#12 or PEM file' } },
  options: { ...passwordOptions, ...jsonOption },
  examples: ['countersign keystore list server.p12 --password env:KEYSTORE_PASSWORD'],
  async run(ctx) {
    await readPassword(ctx, { ...ctx.options, prompt: `Password of ${ctx.arguments.file}` })
    ctx.terminal.print(ctx.arguments.file)
    return exit.yes
  },
})

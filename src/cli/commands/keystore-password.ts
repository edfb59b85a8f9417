import { CodedError } from '../../errors.ts'
import { changeKeyPassword } from '../../pki/keystore/change.ts'
import { defineCommand, exit } from '../command.ts'
import { keyNamed, openToChange, save } from '../key-store-access.ts'
import { givenKeyPassword, keyPasswordOptions, newPasswordOptions, passwordOptions, readPassword } from '../password.ts'

export const command = defineCommand({
  name: ['keystore', 'password'],
  summary: 'Changes the password of a key store, or of one of its keys',
  description:
    'Keys that have the password of the store get the new one with it. With --alias only that key gets another (JKS).',
  arguments: { file: { name: '<FILE>', describe: 'the key store' } },
  options: {
    alias: { flags: '-a, --alias <ALIAS>', describe: 'change the password of this key, not of the store' },
    ...passwordOptions,
    ...keyPasswordOptions,
    ...newPasswordOptions,
  },
  examples: [
    'countersign keystore password server.p12',
    'countersign keystore password server.p12 --password env:OLD --new-password env:NEW',
  ],
  async run(ctx) {
    const { alias, newPassword: password, newPasswordFile: passwordFile } = ctx.options
    const accessed = await openToChange(ctx, ctx.arguments.file, ctx.options)
    const { name, store } = accessed
    if (store.type === 'PEM') {
      throw new CodedError(
        'ERR_KEYSTORE_NOT_SUPPORTED_BY_TYPE',
        `${name} is a PEM file, which has no password of its own`,
        {
          remedy: 'Convert it: countersign keystore convert, with --new-password to encrypt its keys.',
        },
      )
    }
    if (alias === undefined) {
      const to = await readPassword(ctx, {
        password,
        passwordFile,
        option: 'new-password',
        prompt: `New password of ${name}`,
        repeat: true,
      })
      await save(accessed, now => now, to)
      return exit.yes
    }
    const entry = keyNamed(accessed, alias)
    const from = await givenKeyPassword(ctx)
    const to = await readPassword(ctx, {
      password,
      passwordFile,
      option: 'new-password',
      prompt: `New password of the key ${entry.alias}`,
      repeat: true,
    })
    await save(accessed, now => changeKeyPassword(now, alias, from === undefined ? { to } : { from, to }))
    return exit.yes
  },
})

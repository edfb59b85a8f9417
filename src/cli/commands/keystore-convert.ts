import { CodedError } from '../../errors.ts'
import { writeKeyStoreFile } from '../../pki/keystore/file.ts'
import { encodeKeyStore } from '../../pki/keystore/save.ts'
import { defineCommand, exit } from '../command.ts'
import { confirm, yesOption } from '../confirm.ts'
import { isThere, openToRead, typeNamed, typeNames, typeOfName } from '../key-store-access.ts'
import { givenNewPassword, newPasswordOptions, passwordOptions, readPassword } from '../password.ts'

export const command = defineCommand({
  name: ['keystore', 'convert'],
  summary: 'Writes a key store as another type, or as the same type anew',
  description:
    'Aliases, dates and order are kept. The password stays the same unless a new one is given. Private keys in PEM are encrypted under the new password, or written in the clear with --plain-key.',
  arguments: {
    file: { name: '<FILE>', describe: 'the key store to read' },
    out: { name: '<NEW-FILE>', describe: 'the key store to write' },
  },
  options: {
    to: { flags: '--to <TYPE>', describe: `${typeNames.join(', ')} (default: what the name of the new file says)` },
    plainKey: { flags: '--plain-key', describe: 'write private keys in PEM without encryption' },
    ...yesOption,
    ...passwordOptions,
    ...newPasswordOptions,
  },
  examples: [
    'countersign keystore convert wso2carbon.jks wso2carbon.p12',
    'countersign keystore convert server.p12 server.pem --plain-key',
  ],
  async run(ctx) {
    const { options, terminal } = ctx
    const { file, out } = ctx.arguments
    const type = typeNamed(options.to) ?? typeOfName(out)
    const accessed = await openToRead(ctx, file, options)
    if (accessed.store.integrity === 'not-checked') throw unchecked(file)
    const given = await givenNewPassword(ctx)
    const holdsKeys = accessed.store.entries.some(({ kind }) => kind === 'private-key')
    if (type === 'PEM' && holdsKeys && options.plainKey === (given !== undefined)) {
      throw new CodedError('ERR_CLI_USAGE', 'say how the private keys in PEM are protected, in one way', {
        remedy: 'Pass --new-password env:NAME (or --new-password-file FILE) to encrypt them, or --plain-key.',
      })
    }
    const password =
      given ??
      (type === 'PEM'
        ? undefined
        : (accessed.password ??
          (await readPassword(ctx, { ...noPassword, prompt: `Password for the new store ${out}` }))))
    const bytes = encodeKeyStore(accessed.store, { type, password })
    const target = ctx.path(out)
    if ((await isThere(target)) && !(await confirm(ctx, `${out} exists. Replace it?`, options.yes))) return exit.no
    await writeKeyStoreFile(target, bytes)
    terminal.note(`${out}: ${type}, ${accessed.store.entries.length} entries`)
    return exit.yes
  },
})

// A new store vouches for its entries: it may not be made from entries that nobody vouches for.
function unchecked(file: string): CodedError {
  return new CodedError(
    'ERR_CLI_PASSWORD_REQUIRED',
    `without its password ${file} could have been changed by anybody`,
    {
      remedy: 'Pass --password env:NAME or --password-file FILE.',
    },
  )
}

const noPassword = { password: undefined, passwordFile: undefined, option: 'new-password', repeat: true } as const

import { CodedError } from '../errors.ts'
import { generatePassword } from '../identity/users/password/generate-password.ts'
import { newPasswordText } from '../identity/users/password/password-text.ts'
import type { Context } from './command.ts'
import { passwordOptions, readPassword } from './password.ts'
import { plain } from './terminal.ts'

export const userPasswordOptions = {
  ...passwordOptions,
  generate: { flags: '--generate', describe: 'make a password, and print it once on standard output' },
} as const

/** Characters below which a password is guessed sooner or later, whatever holds the guesses back (NIST SP 800-63B). */
const shortest = 8

export interface ChosenPassword {
  readonly password: string
  /** Prints a password that was made here. To be called when it is set. */
  print(): void
}

/** The new password of a user: made here, as the options say, or asked for twice. */
export async function chooseUserPassword(
  ctx: Pick<Context, 'terminal' | 'env' | 'path'> & {
    readonly options: { password: string | undefined; passwordFile: string | undefined; generate: boolean }
  },
  name: string,
): Promise<ChosenPassword> {
  const { password: given, passwordFile, generate } = ctx.options
  if (generate) {
    if (given !== undefined || passwordFile !== undefined) {
      throw new CodedError('ERR_CLI_USAGE', '--generate cannot be given together with a password')
    }
    const password = generatePassword()
    return { password, print: () => ctx.terminal.print(password) }
  }
  const prompt = `New password of ${plain(name)}`
  const password = newPasswordText(await readPassword(ctx, { password: given, passwordFile, prompt, repeat: true }))
  if (password.length < shortest) {
    ctx.terminal.note(`This password has fewer than ${shortest} characters: it is easily guessed.`)
  }
  return { password, print() {} }
}

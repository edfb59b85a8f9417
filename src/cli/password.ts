import { createReadStream } from 'node:fs'
import { CodedError } from '../errors.ts'
import type { Context } from './command.ts'

/** `--password` and `--password-file`. The value itself is never an argument: every user of the machine sees arguments (`ps`). */
export const passwordOptions = {
  password: {
    flags: '--password <env:NAME>',
    describe: 'take the password from an environment variable (or file:FILE)',
  },
  passwordFile: { flags: '--password-file <FILE>', describe: 'take the password from the first line of a file' },
} as const

/** The password of one key, where it differs from that of the store. */
export const keyPasswordOptions = {
  keyPassword: { flags: '--key-password <env:NAME>', describe: "the key's own password, where it has one" },
  keyPasswordFile: { flags: '--key-password-file <FILE>', describe: 'the same, from the first line of a file' },
} as const

/** The password of what the command makes. */
export const newPasswordOptions = {
  newPassword: { flags: '--new-password <env:NAME>', describe: 'the new password, from an environment variable' },
  newPasswordFile: { flags: '--new-password-file <FILE>', describe: 'the new password, from the first line of a file' },
} as const

export interface PasswordSource {
  /** `env:NAME` or `file:FILE` */
  readonly password: string | undefined
  readonly passwordFile: string | undefined
  /** what the prompt says: "Password of server.p12" */
  readonly prompt: string
  /** the option named in remedies, without dashes; `password` unless told */
  readonly option?: string
  /** ask twice where a person types: for new passwords */
  readonly repeat?: true
}

/** A password from its option, from its file, typed without echo, or as the next line of a pipe: in this order. */
export async function readPassword(
  ctx: Pick<Context, 'terminal' | 'env' | 'path'>,
  source: PasswordSource,
): Promise<string> {
  const given = await givenPassword(ctx, source)
  if (given !== undefined) return given
  const option = source.option ?? 'password'
  const answer = await ctx.terminal.ask.hidden(`${source.prompt}: `)
  if (answer === undefined) {
    throw new CodedError(
      'ERR_CLI_PASSWORD_REQUIRED',
      `${lowerFirst(source.prompt)} is needed, and standard input is at its end`,
      {
        remedy: `Pass --${option} env:NAME or --${option}-file FILE, pipe the password in, or run the command in a terminal.`,
      },
    )
  }
  if (
    source.repeat &&
    ctx.terminal.interactive &&
    (await ctx.terminal.ask.hidden(`${source.prompt}, again: `)) !== answer
  ) {
    throw new CodedError('ERR_CLI_PASSWORDS_DIFFER', 'the two passwords differ', { remedy: 'Run the command again.' })
  }
  return answer
}

/** The password that the options name; undefined when they name none. */
export async function givenPassword(
  ctx: Pick<Context, 'env' | 'path'>,
  source: Pick<PasswordSource, 'password' | 'passwordFile' | 'option'>,
): Promise<string | undefined> {
  const option = source.option ?? 'password'
  if (source.password !== undefined && source.passwordFile !== undefined) {
    throw new CodedError('ERR_CLI_USAGE', `--${option} and --${option}-file cannot be given together`)
  }
  if (source.passwordFile !== undefined) return fromFile(ctx.path(source.passwordFile))
  if (source.password === undefined) return undefined
  const [, scheme, rest = ''] = /^(env|file):(.+)$/su.exec(source.password) ?? []
  if (scheme === 'file') return fromFile(ctx.path(rest))
  if (scheme === 'env') return fromEnvironment(ctx.env, rest)
  throw new CodedError('ERR_CLI_PLAIN_PASSWORD', `--${option} takes env:NAME or file:FILE, not the password itself`, {
    remedy: `Arguments are visible to every user of the machine. Set a variable and pass --${option} env:NAME, or use --${option}-file FILE.`,
  })
}

function fromEnvironment(env: NodeJS.ProcessEnv, name: string): string {
  const value = env[name]
  if (value !== undefined) return value
  throw new CodedError('ERR_CLI_PASSWORD_REQUIRED', `the environment variable ${name} is not set`, {
    remedy: `Set ${name} to the password, or take it from a file.`,
  })
}

const longestPassword = 64 * 1024

async function fromFile(file: string): Promise<string> {
  try {
    const start = createReadStream(file, { encoding: 'utf8', end: longestPassword })
    return (await start.toArray()).join('').split(/\r?\n/u, 1)[0] ?? ''
  } catch (cause) {
    throw new CodedError('ERR_CLI_PASSWORD_REQUIRED', `cannot read the password file ${file}`, {
      remedy: 'Name a file that exists and that this user may read.',
      cause,
    })
  }
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1)
}

/** The `--key-password` that was given, if one was. */
export function givenKeyPassword(
  ctx: Pick<Context, 'env' | 'path'> & {
    options: { keyPassword: string | undefined; keyPasswordFile: string | undefined }
  },
): Promise<string | undefined> {
  const { keyPassword: password, keyPasswordFile: passwordFile } = ctx.options
  return givenPassword(ctx, { password, passwordFile, option: 'key-password' })
}

/** The `--new-password` that was given, if one was. */
export function givenNewPassword(
  ctx: Pick<Context, 'env' | 'path'> & {
    options: { newPassword: string | undefined; newPasswordFile: string | undefined }
  },
): Promise<string | undefined> {
  const { newPassword: password, newPasswordFile: passwordFile } = ctx.options
  return givenPassword(ctx, { password, passwordFile, option: 'new-password' })
}

import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { z } from 'zod'
import { CodedError } from '../errors.ts'

/** A secret in the configuration: where it is kept, not what it is. */
export const secretOption = z
  .string()
  .min(1)
  .describe(
    'A secret: `env:NAME` takes it from the environment, `file:PATH` from a file (one trailing line end is cut off); anything else is the secret itself.',
  )

/** The secret that `option` names. Relative `file:` paths count from `folder`. Throws ERR_SECRET_UNAVAILABLE, which never holds a secret. */
export function resolveSecret(
  option: string,
  folder: string,
  env: Readonly<Record<string, string | undefined>>,
): string {
  if (option.startsWith('env:')) {
    const name = option.slice('env:'.length)
    const value = env[name]
    if (value !== undefined) return value
    throw new CodedError('ERR_SECRET_UNAVAILABLE', `the environment has no ${name}`, {
      remedy: `Set ${name} for the server's process.`,
    })
  }
  if (!option.startsWith('file:')) return option
  const file = resolve(folder, option.slice('file:'.length))
  try {
    return readFileSync(file, 'utf8').replace(/\r?\n$/, '')
  } catch (cause) {
    throw new CodedError('ERR_SECRET_UNAVAILABLE', `cannot read the secret file ${file}: ${(cause as Error).message}`, {
      remedy: 'Check the path, and that the server may read the file.',
      cause,
    })
  }
}

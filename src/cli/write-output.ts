import { rename, stat, writeFile } from 'node:fs/promises'
import { CodedError } from '../errors.ts'
import type { Context } from './command.ts'
import { confirm } from './confirm.ts'

export interface Output {
  /** undefined or `-`: standard output */
  readonly out: string | undefined
  readonly bytes: Uint8Array
  /** mode 0600, whatever mode a file of that name has now */
  readonly secret?: boolean
  readonly yes: boolean
}

/** Writes what a command made. A file that exists is replaced only after a question, or with `--yes`. Answers whether it was written. */
export async function writeOutput(ctx: Pick<Context, 'terminal' | 'path'>, output: Output): Promise<boolean> {
  const { out, bytes, secret = false, yes } = output
  if (out === undefined || out === '-') {
    ctx.terminal.stdout.write(bytes)
    return true
  }
  const file = ctx.path(out)
  if ((await exists(file)) && !(await confirm(ctx, `${out} exists. Replace it?`, yes))) return false
  // Never into the file itself: somebody may be reading it, and its mode may let others read it.
  const fresh = `${file}.${process.pid}.new`
  try {
    await writeFile(fresh, bytes, { flag: 'wx', mode: secret ? 0o600 : 0o666 })
    await rename(fresh, file)
  } catch (cause) {
    throw new CodedError('ERR_FILE', `cannot write ${out}: ${(cause as Error).message}`, {
      remedy: 'Check that this user may write there, and that the disk has room.',
      cause,
    })
  }
  return true
}

function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  )
}

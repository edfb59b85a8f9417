import { CodedError } from '../errors.ts'
import { exit } from './command.ts'
import type { Terminal } from './terminal.ts'

/** Tells what went wrong on standard error (as JSON when asked) and answers the exit code: 2 where the code is one of the CLI's own, else 3. */
export function reportFailure(error: unknown, terminal: Terminal, json: boolean): number {
  const { code, message, remedy } = describe(error)
  if (json) terminal.stderr.write(`${JSON.stringify({ error: { code, message, remedy: remedy ?? null } })}\n`)
  else {
    terminal.note(`countersign: ${message}`)
    if (remedy) terminal.note(`  ${remedy}`)
    terminal.note(`  (${code})`)
    if (process.env.COUNTERSIGN_DEBUG) terminal.note(String(stackOf(error)))
  }
  return code.split('_')[1] === 'CLI' ? exit.usage : exit.failure
}

function describe(error: unknown): { code: string; message: string; remedy: string | undefined } {
  if (error instanceof CodedError) return error
  const { code, message, syscall, path } = error as NodeJS.ErrnoException
  if (syscall !== undefined && (path !== undefined || syscall === 'write')) {
    return { code: 'ERR_FILE', message: `${path ?? 'output'}: ${reasons[code ?? ''] ?? message}`, remedy: undefined }
  }
  return {
    code: 'ERR_INTERNAL',
    message: `internal error: ${message ?? String(error)}`,
    remedy: 'This is a fault in Countersign. Set COUNTERSIGN_DEBUG=1 to see where, and report it.',
  }
}

const reasons: Record<string, string> = {
  ENOENT: 'no such file or folder',
  EACCES: 'permission denied',
  EISDIR: 'is a folder',
  ENOTDIR: 'is not in a folder',
  EEXIST: 'exists already',
  ENOSPC: 'no space left on the device',
  EROFS: 'the file system is read-only',
}

function stackOf(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  return error.cause === undefined ? error.stack : `${error.stack}\ncaused by ${stackOf(error.cause)}`
}

import { type FileHandle, open } from 'node:fs/promises'
import { CodedError } from '../errors.ts'
import type { Context } from './command.ts'

const longest = 64 * 1024 * 1024

/** The bytes of a file that the user named; `-` is standard input. Throws ERR_FILE, also for what is no file or has no end. */
export async function readInput(ctx: Pick<Context, 'terminal' | 'path'>, name: string): Promise<Buffer> {
  if (name === '-') return ctx.terminal.ask.rest()
  let handle: FileHandle | undefined
  try {
    handle = await open(ctx.path(name))
    return await readBounded(handle, name)
  } catch (cause) {
    if (cause instanceof CodedError) throw cause
    const { code = '', message } = cause as NodeJS.ErrnoException
    throw unreadable(name, reasons[code] ?? message, cause)
  } finally {
    await handle?.close()
  }
}

async function readBounded(handle: FileHandle, name: string): Promise<Buffer> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of handle.createReadStream({ autoClose: false })) {
    chunks.push(chunk as Buffer)
    length += (chunk as Buffer).length
    if (length > longest) throw unreadable(name, `is longer than ${longest} octets`, undefined)
  }
  return Buffer.concat(chunks)
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  ENOTDIR: 'does not exist',
  EISDIR: 'is a folder',
  EACCES: 'may not be read by this user',
}

function unreadable(name: string, reason: string, cause: unknown): CodedError {
  return new CodedError('ERR_FILE', `${name} ${reason}`, {
    remedy: 'Check the path, and that this user may read it.',
    cause,
  })
}

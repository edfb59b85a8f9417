import { randomBytes, randomUUID } from 'node:crypto'
import { closeSync, fstatSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs'
import { CodedError, isCoded } from '../../errors.ts'

/** What the keys of session tickets are derived from, as it is kept over a restart. */
export interface TicketSecret {
  readonly secret: Buffer
  /** when the secret was made, milliseconds since the epoch of clocks */
  readonly made: number
  /** how often trust has moved since then */
  readonly turn: number
  /** fingerprint of what can move while no server runs, as it was at that turn */
  readonly seen: string
}

export function newTicketSecret(made: number, seen: string): TicketSecret {
  return { secret: randomBytes(32), made, turn: 0, seen }
}

/** undefined when there is no such file. Throws ERR_TICKET_SECRET_EXPOSED, ERR_TICKET_SECRET_MALFORMED, ERR_TICKET_SECRET_UNREADABLE. */
export function readTicketFile(file: string): TicketSecret | undefined {
  let text: string
  try {
    const descriptor = openSync(file, 'r')
    try {
      const { mode, size } = fstatSync(descriptor)
      if ((mode & 0o077) !== 0) throw exposed(file, mode & 0o777)
      if (size > longestFile) throw malformed(file)
      text = readFileSync(descriptor, 'utf8')
    } finally {
      closeSync(descriptor)
    }
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    if (isCoded(cause)) throw cause
    throw new CodedError('ERR_TICKET_SECRET_UNREADABLE', `cannot read the secret of session tickets, ${file}`, {
      remedy: 'Check the path, and that the server may read the file.',
      cause,
    })
  }
  return parse(text, file)
}

/** A crash leaves the old file or the new one. Throws ERR_TICKET_SECRET_UNWRITABLE. */
export function writeTicketFile(file: string, { secret, made, turn, seen }: TicketSecret): void {
  const draft = `${file}.${randomUUID()}`
  try {
    const descriptor = openSync(draft, 'wx', 0o600)
    try {
      writeSync(descriptor, `${JSON.stringify({ secret: secret.toString('base64'), made, turn, seen })}\n`)
      fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
    renameSync(draft, file)
  } catch (cause) {
    throw new CodedError('ERR_TICKET_SECRET_UNWRITABLE', `cannot write the secret of session tickets, ${file}`, {
      remedy: 'Check that the folder exists and that the server may write to it.',
      cause,
    })
  } finally {
    rmSync(draft, { force: true })
  }
}

const longestFile = 4096

function parse(text: string, file: string): TicketSecret {
  let stored: { secret?: unknown; made?: unknown; turn?: unknown; seen?: unknown } | null
  try {
    stored = JSON.parse(text)
  } catch {
    // Without its cause: a syntax error quotes the text, which is the secret.
    throw malformed(file)
  }
  const { secret, made, turn, seen } = stored ?? {}
  if (typeof secret !== 'string' || typeof seen !== 'string') throw malformed(file)
  if (!Number.isSafeInteger(made) || !Number.isSafeInteger(turn)) throw malformed(file)
  const bytes = Buffer.from(secret, 'base64')
  if (bytes.length !== 32) throw malformed(file)
  return { secret: bytes, made: made as number, turn: turn as number, seen }
}

function malformed(file: string): CodedError {
  return new CodedError('ERR_TICKET_SECRET_MALFORMED', `${file} holds no secret of session tickets`, {
    remedy: 'Move the file away: a new secret is made at the next start, and clients make one full handshake more.',
  })
}

function exposed(file: string, mode: number): CodedError {
  return new CodedError(
    'ERR_TICKET_SECRET_EXPOSED',
    `${file} can be read by others than its owner (mode 0${mode.toString(8)})`,
    { remedy: `Run \`chmod 600 ${file}\`; if others may have read it, remove it so that a new secret is made.` },
  )
}

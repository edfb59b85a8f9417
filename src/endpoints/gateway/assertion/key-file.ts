import { randomUUID } from 'node:crypto'
import {
  closeSync,
  fstatSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { CodedError, isCoded } from '../../../errors.ts'
import { fromStoredJwk, type SigningKey, toStoredJwk } from './signing-key.ts'

/**
 * The keys that a file holds; undefined when there is no such file. Throws ERR_ASSERTION_KEYS_EXPOSED, ERR_ASSERTION_KEYS_MALFORMED,
 * ERR_ASSERTION_KEYS_UNREADABLE.
 */
export function readKeyFile(file: string): SigningKey[] | undefined {
  let text: string
  try {
    const descriptor = openSync(file, 'r')
    try {
      const mode = fstatSync(descriptor).mode & 0o777
      if ((mode & 0o077) !== 0) throw exposed(file, mode)
      text = readFileSync(descriptor, 'utf8')
    } finally {
      closeSync(descriptor)
    }
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    if (isCoded(cause)) throw cause
    throw new CodedError('ERR_ASSERTION_KEYS_UNREADABLE', `cannot read the keys for assertions, ${file}`, {
      remedy: 'Check the path, and that the server may read the file.',
      cause,
    })
  }
  return parse(text, file)
}

function parse(text: string, file: string): SigningKey[] {
  const malformed = (): CodedError =>
    new CodedError('ERR_ASSERTION_KEYS_MALFORMED', `${file} holds no keys for assertions`, {
      remedy: 'Move the file away: new keys are made at the next start, and upstreams fetch them by themselves.',
    })
  let stored: unknown
  try {
    stored = JSON.parse(text)
  } catch {
    // Without its cause: a syntax error quotes the text, which is a private key.
    throw malformed()
  }
  const list = (stored as { keys?: unknown } | null)?.keys
  if (!Array.isArray(list)) throw malformed()
  return list.map(jwk => {
    const key = fromStoredJwk(jwk)
    if (key === undefined) throw malformed()
    return key
  })
}

function exposed(file: string, mode: number): CodedError {
  return new CodedError(
    'ERR_ASSERTION_KEYS_EXPOSED',
    `${file} can be read by others than its owner (mode 0${mode.toString(8)})`,
    { remedy: `Run \`chmod 600 ${file}\`; if others may have read it, move it away so that new keys are made.` },
  )
}

/** Writes the keys, unless the file has them all, so that a crash leaves the old file. `false`: another process made the file first. */
export function writeKeyFile(file: string, keys: readonly SigningKey[]): boolean {
  const before = readKeyFile(file)
  const known = new Set(before?.map(key => key.kid))
  if (before !== undefined && keys.every(key => known.has(key.kid))) return true
  const draft = `${file}.${randomUUID()}`
  try {
    writeDurably(draft, `${JSON.stringify({ keys: keys.map(toStoredJwk) }, null, 2)}\n`)
    if (before === undefined) linkSync(draft, file)
    else renameSync(draft, file)
    return true
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw new CodedError('ERR_ASSERTION_KEYS_UNWRITABLE', `cannot write the keys for assertions, ${file}`, {
      remedy: 'Check that the folder exists and that the server may write to it.',
      cause,
    })
  } finally {
    rmSync(draft, { force: true })
  }
}

function writeDurably(file: string, text: string): void {
  const descriptor = openSync(file, 'wx', 0o600)
  try {
    writeSync(descriptor, text)
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

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
import type { Clock } from '../../../clock.ts'
import { CodedError, isCoded } from '../../../errors.ts'
import type { Log } from '../../../log.ts'
import {
  type AssertionAlgorithm,
  fromStoredJwk,
  generateSigningKey,
  type SigningKey,
  toStoredJwk,
} from './signing-key.ts'

export interface AssertionKeyOptions {
  readonly algorithm: AssertionAlgorithm
  /** a key signs for so many days */
  readonly rotationDays: number
  /** path of the file that keeps the keys over a restart; undefined: new keys at each start */
  readonly keyFile?: string | undefined
}

/** The keys behind `Countersign-Assertion`. */
export interface AssertionKeys {
  /** the one that signs now */
  current(): SigningKey
  /**
   * What verifiers need: the key that signs, the one that signs next (known a whole period before its first use, so that nobody's cached
   * copy is out of date), and for a short while the one before.
   */
  published(): readonly SigningKey[]
}

/**
 * Opens or makes the keys. Each key carries the time from which it signs, so that all processes that share the file change over at
 * the same moment. Throws ERR_ASSERTION_KEYS_EXPOSED, ERR_ASSERTION_KEYS_MALFORMED, ERR_ASSERTION_KEYS_UNREADABLE, ERR_ASSERTION_KEYS_UNWRITABLE.
 */
export function openAssertionKeys(options: AssertionKeyOptions, clock: Clock, log: Log): AssertionKeys {
  const { keyFile } = options
  const period = options.rotationDays * 86_400_000
  let keys = schedule(keyFile === undefined ? [] : (read(keyFile) ?? []), options, clock.now())
  if (keyFile !== undefined) keys = store(keyFile, keys, options, clock.now())
  let changesAt = changeOf(keys, clock.now())

  const refresh = (): void => {
    const now = clock.now()
    if (now < changesAt) return
    try {
      // Another process may have appended the next key already.
      const before = keyFile === undefined ? keys : (read(keyFile) ?? keys)
      keys = schedule(before, options, now)
      if (keyFile !== undefined) keys = store(keyFile, keys, options, now)
    } catch (error) {
      keys = schedule(keys, options, now)
      log.error(
        { err: error, file: keyFile },
        'the keys for assertions could not be kept: a restart will lose the newest',
      )
    }
    changesAt = Math.min(changeOf(keys, now), now + period)
  }
  return {
    current() {
      refresh()
      return currentOf(keys, clock.now())
    },
    published() {
      refresh()
      const now = clock.now()
      const current = currentOf(keys, now)
      const before = keys[keys.indexOf(current) - 1]
      const recent = before !== undefined && now < current.activeFrom + stillPublished ? [before] : []
      return [current, ...keys.filter(key => key.activeFrom > now), ...recent]
    },
  }
}

/** The key before stays published for longer than any assertion that it signed lives. */
const stillPublished = 10 * 60_000

/** In the order of their use: at most one that is over, the one that signs, one that comes next. */
function schedule(keys: readonly SigningKey[], options: AssertionKeyOptions, now: number): SigningKey[] {
  const period = options.rotationDays * 86_400_000
  const ordered = keys
    .filter(key => key.algorithm === options.algorithm)
    .toSorted((a, b) => a.activeFrom - b.activeFrom)
  if (!ordered.some(key => key.activeFrom <= now)) ordered.unshift(generateSigningKey(options.algorithm, seconds(now)))
  const current = currentOf(ordered, now)
  if (!ordered.some(key => key.activeFrom > now)) {
    ordered.push(generateSigningKey(options.algorithm, seconds(Math.max(now, current.activeFrom) + period)))
  }
  const at = ordered.indexOf(current)
  return ordered.slice(Math.max(0, at - 1), at + 2)
}

const seconds = (millis: number): number => Math.floor(millis / 1000) * 1000

function currentOf(keys: readonly SigningKey[], now: number): SigningKey {
  return keys.findLast(key => key.activeFrom <= now) ?? keys[0]!
}

function changeOf(keys: readonly SigningKey[], now: number): number {
  return keys.find(key => key.activeFrom > now)?.activeFrom ?? now
}

/** Undefined when there is no such file. */
function read(file: string): SigningKey[] | undefined {
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

/** Writes the keys so that a crash leaves the old file. When another process made the file first, its keys count. */
function store(file: string, keys: SigningKey[], options: AssertionKeyOptions, now: number): SigningKey[] {
  const before = read(file)
  const known = new Set(before?.map(key => key.kid))
  if (before !== undefined && keys.every(key => known.has(key.kid))) return keys
  const draft = `${file}.${randomUUID()}`
  try {
    writeDurably(draft, `${JSON.stringify({ keys: keys.map(toStoredJwk) }, null, 2)}\n`)
    if (before === undefined) linkSync(draft, file)
    else renameSync(draft, file)
    return keys
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') return schedule(read(file) ?? keys, options, now)
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

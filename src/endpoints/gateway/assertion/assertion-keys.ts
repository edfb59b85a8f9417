import type { Clock } from '../../../clock.ts'
import type { Log } from '../../../log.ts'
import { readKeyFile, writeKeyFile } from './key-file.ts'
import { type AssertionAlgorithm, generateSigningKey, type SigningKey } from './signing-key.ts'

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
 * the same moment. Throws what readKeyFile and writeKeyFile throw.
 */
export function openAssertionKeys(options: AssertionKeyOptions, clock: Clock, log: Log): AssertionKeys {
  const { keyFile } = options
  let keys = load(options, [], clock.now())
  let changesAt = changeOf(keys, clock.now())

  const refresh = (): void => {
    const now = clock.now()
    if (now < changesAt) return
    try {
      keys = load(options, keys, now)
    } catch (err) {
      keys = schedule(keys, options, now)
      log.error({ err, file: keyFile }, 'the keys for assertions could not be kept: a restart will lose the newest')
    }
    changesAt = changeOf(keys, now)
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

/** The keys of the file, where there is one, with what is due now added to them and to it. Another process may have done that already. */
function load(options: AssertionKeyOptions, known: readonly SigningKey[], now: number): SigningKey[] {
  const { keyFile } = options
  if (keyFile === undefined) return schedule(known, options, now)
  const keys = schedule(readKeyFile(keyFile) ?? known, options, now)
  return writeKeyFile(keyFile, keys) ? keys : schedule(readKeyFile(keyFile) ?? keys, options, now)
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

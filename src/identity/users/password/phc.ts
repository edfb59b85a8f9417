/** An Argon2id hash with all that it takes to compute it again. */
export interface Argon2Hash extends Argon2Cost {
  readonly salt: Buffer
  readonly hash: Buffer
}

export interface Argon2Cost {
  /** KiB */
  readonly memory: number
  readonly passes: number
  readonly parallelism: number
}

/** A hash that came from elsewhere may cost more than ours, but not so much that one login is an attack on the server. */
const limits = { memory: 256 * 1024, memoryTimesPasses: 1024 * 1024, parallelism: 16 }

const form =
  /^\$argon2id\$v=19\$m=([1-9]\d{0,9}),t=([1-9]\d{0,9}),p=([1-9]\d{0,9})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{16,86})$/

/**
 * Reads the string form that libraries for Argon2 share (`$argon2id$v=19$m=19456,t=2,p=1$salt$hash`), or answers undefined for
 * anything that is not exactly it: another variant or version, a key identifier, padded or non-canonical base64, a cost beyond the limits.
 */
export function parsePhc(text: string): Argon2Hash | undefined {
  const [, memory, passes, parallelism, saltText = '', hashText = ''] = form.exec(text) ?? []
  const cost = { memory: Number(memory), passes: Number(passes), parallelism: Number(parallelism) }
  const [salt, hash] = [fromBase64(saltText), fromBase64(hashText)]
  if (salt === undefined || hash === undefined || !isWithinLimits(cost)) return undefined
  return { ...cost, salt, hash }
}

export function writePhc({ memory, passes, parallelism, salt, hash }: Argon2Hash): string {
  return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${toBase64(salt)}$${toBase64(hash)}`
}

// RFC 9106 section 3.1: at least 8 KiB of memory for each lane. NaN is no number within limits either.
function isWithinLimits({ memory, passes, parallelism }: Argon2Cost): boolean {
  return (
    memory >= 8 * parallelism &&
    memory <= limits.memory &&
    memory * passes <= limits.memoryTimesPasses &&
    parallelism <= limits.parallelism
  )
}

/** Base64 without padding; undefined where two spellings would mean the same bytes. */
function fromBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64')
  return text !== '' && toBase64(bytes) === text ? bytes : undefined
}

function toBase64(bytes: Buffer): string {
  return bytes.toString('base64').replaceAll('=', '')
}

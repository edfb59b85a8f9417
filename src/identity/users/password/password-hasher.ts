import { argon2, randomBytes, timingSafeEqual } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { type Argon2Cost, type Argon2Hash, parsePhc, writePhc } from './phc.ts'
import { createWorkQueue } from './work-queue.ts'

/**
 * OWASP's first choice for Argon2id (Password Storage Cheat Sheet): 19 MiB, two passes, one lane; about 33 ms. Stronger settings buy
 * an attacker's time with the memory of the server, which many logins at once pay.
 */
export const presentCost: Argon2Cost = { memory: 19_456, passes: 2, parallelism: 1 }

const saltBytes = 16
const hashBytes = 32

/** Computes Argon2id; `argon2` of node:crypto unless told. */
export type DeriveKey = (message: string, parameters: Omit<Argon2Hash, 'hash'>, length: number) => Promise<Buffer>

export interface PasswordHasher {
  /** whether a login would be turned away at present */
  readonly busy: boolean
  /** A new hash of the password, as PHC string. Waits for its turn, however long. */
  hash(password: string): Promise<string>
  /**
   * Whether the password is the one that was hashed. Where there is no hash, or none that can be read, as much work is done for
   * nothing. `busy` without any work when too many wait already.
   */
  verify(password: string, phc: string | undefined): Promise<'right' | 'wrong' | 'busy'>
  /** whether a hash was made with another cost than today's */
  isOutdated(phc: string): boolean
}

/**
 * Hashing runs in the threads of libuv, of which there are four, and which reading files and names needs as well: so of
 * logins at most one for each processor and three in all are hashed at a time. Those that wait are bounded too, to about a second of work.
 */
export function createPasswordHasher(deriveKey: DeriveKey = deriveWithNode): PasswordHasher {
  const running = Math.max(1, Math.min(3, availableParallelism()))
  const logins = createWorkQueue({ running, waiting: 32 * running })
  const changes = createWorkQueue({ running: 1, waiting: Number.POSITIVE_INFINITY })
  const nobody: Argon2Hash = { ...presentCost, salt: randomBytes(saltBytes), hash: randomBytes(hashBytes) }

  return {
    get busy() {
      return logins.full
    },
    async hash(password) {
      const parameters = { ...presentCost, salt: randomBytes(saltBytes) }
      return writePhc({ ...parameters, hash: await changes.run(() => deriveKey(password, parameters, hashBytes)) })
    },
    async verify(password, phc) {
      const stored = phc === undefined ? undefined : parsePhc(phc)
      const { hash, ...parameters } = stored ?? nobody
      if (logins.full) return 'busy'
      const derived = await logins.run(() => deriveKey(password, parameters, hash.length))
      return timingSafeEqual(derived, hash) && stored !== undefined ? 'right' : 'wrong'
    },
    isOutdated(phc) {
      const { memory, passes, parallelism, hash } = parsePhc(phc) ?? {}
      return (
        memory !== presentCost.memory ||
        passes !== presentCost.passes ||
        parallelism !== presentCost.parallelism ||
        hash?.length !== hashBytes
      )
    },
  }
}

function deriveWithNode(
  message: string,
  { salt, ...cost }: Omit<Argon2Hash, 'hash'>,
  tagLength: number,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    argon2('argon2id', { message, nonce: salt, tagLength, ...cost }, (error, key) =>
      error ? reject(error) : resolve(key),
    )
  })
}

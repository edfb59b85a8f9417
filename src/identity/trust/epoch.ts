/** What changed when the epoch rose. */
export const epochCauses = ['anchors', 'revocation', 'policy', 'allow-list', 'bindings', 'users'] as const
export type EpochCause = (typeof epochCauses)[number]

export interface EpochChange {
  readonly epoch: number
  readonly cause: EpochCause
}

export type EpochListener = (change: EpochChange) => void

/**
 * The trust epoch: one number for the whole server, which rises whenever something changes that a decision about a client was
 * made from. Whatever is remembered about a client carries the epoch it was decided in, and is worth nothing in another
 * (invariant 3). So each request compares two numbers instead of asking the trust store, the bindings and the users again.
 */
export interface Epoch {
  readonly value: number
  /** the epoch that this cause began last, 0 when it never did: for what depends on some causes only, whoever is told first */
  begunBy(cause: EpochCause): number
  /** Never throws: a listener that fails is told of as a process warning. */
  raise(cause: EpochCause): void
  /**
   * Another process that decides the same has counted so far, or may have before this one. Nothing has changed here, and nobody is told; but what is decided from now on must
   * not seem older than what that one decided.
   */
  atLeast(epoch: number): void
  /** called after each rise, in the same turn of the event loop; the answer unsubscribes */
  subscribe(listener: EpochListener): () => void
}

export function createEpoch(): Epoch {
  let value = 1
  const begun = new Map<EpochCause, number>()
  const listeners = new Set<EpochListener>()
  return {
    get value() {
      return value
    },
    begunBy: cause => begun.get(cause) ?? 0,
    raise(cause) {
      value += 1
      begun.set(cause, value)
      const change = { epoch: value, cause }
      for (const listener of [...listeners]) {
        try {
          listener(change)
        } catch (error) {
          // Neither the other listeners nor what the one who raised still has to do may be lost to it: they close connections.
          process.emitWarning(error instanceof Error ? error : String(error))
        }
      }
    },
    atLeast(epoch) {
      value = Math.max(value, epoch)
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => {
        listeners.delete(listener)
      }
    },
  }
}

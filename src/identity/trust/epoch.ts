/** What changed when the epoch rose. */
export type EpochCause = 'anchors' | 'revocation' | 'policy' | 'allow-list' | 'bindings' | 'users'

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
  /** Never throws: a listener that fails is told of as a process warning. */
  raise(cause: EpochCause): void
  /** called after each rise, in the same turn of the event loop; the answer unsubscribes */
  subscribe(listener: EpochListener): () => void
}

export function createEpoch(): Epoch {
  let value = 1
  const listeners = new Set<EpochListener>()
  return {
    get value() {
      return value
    },
    raise(cause) {
      value += 1
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
    subscribe(listener) {
      listeners.add(listener)
      return () => {
        listeners.delete(listener)
      }
    },
  }
}

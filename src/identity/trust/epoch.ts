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
      // A listener that throws must not keep the others from closing their connections.
      const errors: unknown[] = []
      for (const listener of [...listeners]) {
        try {
          listener(change)
        } catch (error) {
          errors.push(error)
        }
      }
      if (errors.length > 0) throw new AggregateError(errors, 'a listener of the trust epoch failed')
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => {
        listeners.delete(listener)
      }
    },
  }
}

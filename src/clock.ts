/** Time as a value that is handed in: milliseconds since 1970-01-01T00:00:00Z. */
export interface Clock {
  now(): number
}

export const systemClock: Clock = { now: Date.now }

/** A clock that stands still until it is told otherwise: for tests. */
export function fixedClock(at: number | string): Clock & { set(at: number | string): void } {
  const millis = (t: number | string) => (typeof t === 'number' ? t : Date.parse(t))
  let current = millis(at)
  return {
    now: () => current,
    set: t => {
      current = millis(t)
    },
  }
}

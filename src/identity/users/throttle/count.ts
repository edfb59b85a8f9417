/** Failures of one user, or from one address. */
export interface Count {
  readonly failures: number
  /** when `failures` was right; it falls with time */
  readonly counted: number
  /** nothing is tried before */
  readonly blockedUntil: number
}

/** Times in milliseconds. */
export interface Rule {
  /** failures without any delay; the last of them brings the first one */
  readonly free: number
  readonly firstDelay: number
  /** the delay doubles with each failure up to this */
  readonly longestDelay: number
  /** one failure is forgotten in each such time */
  readonly forgetEvery: number
}

/** The count after one more failure. */
export function countFailure(before: Count | undefined, rule: Rule, now: number): Count {
  const { failures, counted } = forget(before, rule, now)
  const delay =
    failures + 1 < rule.free ? 0 : Math.min(rule.firstDelay * 2 ** (failures + 1 - rule.free), rule.longestDelay)
  return { failures: failures + 1, counted, blockedUntil: now + delay }
}

/** The count after a failure turned out to be none. Whatever blocked before it was over, or it could not have been tried. */
export function takeBack(before: Count | undefined, rule: Rule, now: number): Count {
  const { failures, counted } = forget(before, rule, now)
  return { failures: Math.max(0, failures - 1), counted, blockedUntil: 0 }
}

/** Milliseconds until something may be tried; 0: now. A clock that was set back makes it no longer than the longest delay. */
export function blockedFor(count: Count | undefined, { longestDelay }: Rule, now: number): number {
  return Math.min(Math.max(0, (count?.blockedUntil ?? 0) - now), longestDelay)
}

/** When the count means nothing any more. */
export function expiryOf({ failures, counted, blockedUntil }: Count, { forgetEvery }: Rule): number {
  return Math.max(blockedUntil, counted + failures * forgetEvery)
}

function forget(before: Count | undefined, { forgetEvery }: Rule, now: number): Pick<Count, 'failures' | 'counted'> {
  if (before === undefined) return { failures: 0, counted: now }
  const steps = Math.max(0, Math.floor((now - before.counted) / forgetEvery))
  if (steps >= before.failures) return { failures: 0, counted: now }
  return { failures: before.failures - steps, counted: Math.min(before.counted + steps * forgetEvery, now) }
}

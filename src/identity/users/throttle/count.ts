/** Failures of one user, or from one address. */
export interface Count {
  readonly failures: number
  /** when `failures` was right; it falls with time after that and after `blockedUntil` */
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
  /** one failure is forgotten in each such time that passes outside of delays */
  readonly forgetEvery: number
}

/** The count after one more failure. */
export function countFailure(before: Count | undefined, rule: Rule, now: number): Count {
  const { failures, counted } = forget(before, rule, now)
  const beyond = failures + 1 - rule.free
  const blockedUntil = beyond < 0 ? 0 : now + Math.min(rule.firstDelay * 2 ** beyond, rule.longestDelay)
  return { failures: failures + 1, counted, blockedUntil }
}

/** The count after a failure turned out to be none. Whatever blocked before it was over, or it could not have been tried. */
export function takeBack(before: Count | undefined, rule: Rule, now: number): Count {
  const { failures, counted } = forget(before, rule, now)
  return { failures: Math.max(0, failures - 1), counted, blockedUntil: 0 }
}

/** Milliseconds until something may be tried; 0: now. A longer time than any delay is a clock that was set back, and does not count. */
export function blockedFor(count: Count | undefined, { longestDelay }: Rule, now: number): number {
  const time = (count?.blockedUntil ?? 0) - now
  return time > longestDelay ? 0 : Math.max(0, time)
}

/** When the count means nothing any more. */
export function expiryOf(count: Count, { forgetEvery }: Rule): number {
  return quietSince(count) + count.failures * forgetEvery
}

function forget(before: Count | undefined, { forgetEvery }: Rule, now: number): Pick<Count, 'failures' | 'counted'> {
  if (before === undefined) return { failures: 0, counted: now }
  const since = quietSince(before)
  const steps = Math.max(0, Math.floor((now - since) / forgetEvery))
  if (steps >= before.failures) return { failures: 0, counted: now }
  return { failures: before.failures - steps, counted: Math.min(since + steps * forgetEvery, now) }
}

/** A delay that was waited for is no time in which failures are forgotten: else the long ones would undo themselves. */
function quietSince({ counted, blockedUntil }: Count): number {
  return Math.max(counted, blockedUntil)
}

import type { SourceFailure } from '../../pki/revocation/sources.ts'

const second = 1000
const firstRetry = 5 * second
const lastRetry = 900 * second

/** What is remembered of a source beside what it gave: when it is asked next, and how it failed. */
export class SourceState {
  failure: SourceFailure | undefined
  /** milliseconds: when it is asked again, answer or not */
  due = 0
  /** one question for however many wait for it */
  inFlight: Promise<void> | undefined
  #failures = 0

  succeeded(due: number): void {
    this.failure = undefined
    this.#failures = 0
    this.due = due
  }

  /** The wait doubles with each failure in a row; a failure is never an answer about a certificate. */
  failed(why: string, now: number): void {
    const wait = Math.min(firstRetry * 2 ** this.#failures, lastRetry)
    this.#failures += 1
    this.due = now + jitter(wait)
    this.failure = { why, retryAt: this.due }
  }
}

/** Up to a tenth sooner, so that not everybody asks in the same second. */
export function jitter(milliseconds: number): number {
  return milliseconds * (0.9 + Math.random() * 0.1)
}

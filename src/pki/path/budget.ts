import type { RefusalCode } from '../../refusals.ts'

/**
 * What one validation may cost, so that no chain from a stranger can stop the server (invariant 10).
 * Where the numbers come from: Go's crypto/x509 and rustls/webpki both stop after 100 signatures and 250,000 comparisons of names with
 * constraints; webpki tries 200,000 issuers, of which a tenth is enough here, because only issuers whose signature verified are tried.
 */
export const limits = {
  signatures: 100,
  comparisons: 250_000,
  steps: 20_000,
} as const

const exhausted: Record<keyof typeof limits, { code: RefusalCode; detail: string }> = {
  signatures: {
    code: 'path_too_long',
    detail: `more than ${limits.signatures} signatures to check for one certificate`,
  },
  comparisons: {
    code: 'constraint_violated',
    detail: `more than ${limits.comparisons} comparisons of names with name constraints`,
  },
  steps: { code: 'path_too_long', detail: `more than ${limits.steps} steps in the search for a path` },
}

export class Budget {
  readonly #left: Record<keyof typeof limits, number> = { ...limits }

  /** Throws BudgetExhausted, which `validatePath` turns into a refusal. */
  spend(what: keyof typeof limits, amount = 1): void {
    this.#left[what] -= amount
    if (this.#left[what] < 0) throw new BudgetExhausted(what)
  }
}

/** Ends the whole search: thrown and caught inside this room only. */
export class BudgetExhausted extends Error {
  readonly code: RefusalCode
  readonly detail: string

  constructor(what: keyof typeof limits) {
    super(exhausted[what].detail)
    this.code = exhausted[what].code
    this.detail = exhausted[what].detail
  }
}

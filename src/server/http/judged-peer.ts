import type { Judgement, PresentedChain, Trust } from '../../identity/trust/trust.ts'

/** Somebody who presented a certificate, or none, and what trust says of it: always of the present epoch. */
export abstract class JudgedPeer implements PresentedChain {
  /** empty when no certificate was presented */
  leaf: Uint8Array
  readonly #trust: Trust
  #judgement: Judgement | undefined = undefined
  #trusted = false

  constructor(leaf: Uint8Array, trust: Trust) {
    this.leaf = leaf
    this.#trust = trust
  }

  get presented(): boolean {
    return this.leaf.length > 0
  }

  get chain(): readonly Uint8Array[] {
    return this.presented ? [this.leaf, ...(this.rest() ?? [])] : []
  }

  abstract rest(): readonly Uint8Array[] | undefined

  /** nobody waits for an answer any more */
  protected abstract get gone(): boolean

  judgement(): Judgement | undefined {
    const known = this.#judgement
    if (known !== undefined && this.#trust.holds(known)) return known
    if (!this.presented) return undefined
    const judgement = this.#trust.judge(this, known)
    // The same bytes as those that trust keeps: a client's second connection needs no copy of its own.
    if (judgement.certificate !== undefined) this.leaf = judgement.certificate.raw
    this.#judgement = judgement
    if (judgement.verdict.ok) this.#trusted = true
    return judgement
  }

  /**
   * undefined: the judgement needs no waiting for, as that of every known client. Else fulfilled when what it waits for (a revocation
   * list, a responder) has come or failed, or has been waited for long enough.
   */
  settle(): Promise<void> | undefined {
    return this.judgement()?.pending === undefined ? undefined : this.#settle()
  }

  async #settle(): Promise<void> {
    const deadline = performance.now() + longestWait
    for (let looks = 0; looks < mostLooks && performance.now() < deadline; looks++) {
      const pending = this.judgement()?.pending
      if (pending === undefined || this.gone) return
      await pending
    }
  }

  /** Whether it was trusted at some time: what began then must not go on when it no longer is, whoever found that out first. */
  get wasTrusted(): boolean {
    return this.#trusted
  }

  /** The judgement that was last asked for, void or not. */
  get lastJudgement(): Judgement | undefined {
    return this.#judgement
  }
}

/** A judgement that waits for one source after another: each wait is bounded by itself, and so are all together. */
const mostLooks = 16
const longestWait = 60_000

/** How long operations took, milliseconds. */
export class Times {
  readonly #values: number[] = []

  add(milliseconds: number): void {
    this.#values.push(milliseconds)
  }

  quantiles(): { p50: number; p99: number } {
    const sorted = Float64Array.from(this.#values).sort()
    const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
    return { p50: at(0.5), p99: at(0.99) }
  }
}

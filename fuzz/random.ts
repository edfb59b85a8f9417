/** A small generator of random numbers that a seed repeats (Bob Jenkins' sfc32, run in a while before use). */
export class Random {
  #a: number
  #b: number
  #c: number
  #counter = 1

  constructor(seed: number, stream: number, index: number) {
    this.#a = seed | 0
    this.#b = stream | 0
    this.#c = index | 0
    for (let i = 0; i < 12; i++) this.#next()
  }

  #next(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum
    return sum >>> 0
  }

  /** from 0 to `limit` - 1 */
  below(limit: number): number {
    return limit <= 0 ? 0 : this.#next() % limit
  }

  one<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!
  }

  bytes(length: number): Buffer {
    return Buffer.from(Array.from({ length }, () => this.below(256)))
  }
}

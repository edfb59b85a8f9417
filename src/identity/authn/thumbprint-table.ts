/** SHA-256 thumbprints, a million of them in some 40 MB: what a Set of texts takes five times as much for. */
export class ThumbprintTable {
  #octets: Uint8Array
  /** number of an entry and one, by where its first octets say; 0: none */
  #slots: Uint32Array
  #size = 0

  /** `expected`: how many will come, about. The table takes more. */
  constructor(expected = 0) {
    const entries = 2 ** Math.ceil(Math.log2(Math.max(1024, expected)))
    this.#octets = new Uint8Array(32 * entries)
    this.#slots = new Uint32Array(2 * entries)
  }

  get size(): number {
    return this.#size
  }

  /** 32 octets at the place; a second one of the same changes nothing. */
  add(octets: Uint8Array, at = 0): void {
    if (2 * (this.#size + 1) > this.#slots.length) this.#grow()
    const slot = this.#slotOf(octets, at)
    if (this.#slots[slot] !== 0) return
    const own = this.#octets
    for (let i = 0, to = 32 * this.#size; i < 32; i++) own[to + i] = octets[at + i]!
    this.#size += 1
    this.#slots[slot] = this.#size
  }

  /** lower-case hex, as Certificate.thumbprint has it */
  has(thumbprint: string): boolean {
    return this.#slots[this.#slotOf(Buffer.from(thumbprint, 'hex'), 0)] !== 0
  }

  /** The slot that holds it, or the empty one where it would stand. A hash needs no other hash: whoever chose the list chose its order. */
  #slotOf(octets: Uint8Array, at: number): number {
    const mask = this.#slots.length - 1
    let slot = (octets[at]! | (octets[at + 1]! << 8) | (octets[at + 2]! << 16) | (octets[at + 3]! << 24)) & mask
    for (; ; slot = (slot + 1) & mask) {
      const entry = this.#slots[slot]!
      if (entry === 0 || this.#same(32 * (entry - 1), octets, at)) return slot
    }
  }

  #same(own: number, octets: Uint8Array, at: number): boolean {
    for (let i = 0; i < 32; i++) if (this.#octets[own + i] !== octets[at + i]) return false
    return true
  }

  #grow(): void {
    const { length } = this.#slots
    const octets = new Uint8Array(32 * length)
    octets.set(this.#octets.subarray(0, 32 * this.#size))
    this.#octets = octets
    this.#slots = new Uint32Array(2 * length)
    for (let i = 0; i < this.#size; i++) this.#slots[this.#slotOf(octets, 32 * i)] = i + 1
  }
}

/** Reads what TLS writes: numbers, and vectors with their length in front (RFC 8446 section 3.4). Throws RangeError at the end. */
export class Octets {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  }

  get done(): boolean {
    return this.#at >= this.#bytes.length
  }

  number(octets: 1 | 2 | 3): number {
    return this.take(octets).readUIntBE(0, octets)
  }

  take(length: number): Buffer {
    const end = this.#at + length
    if (end > this.#bytes.length) throw new RangeError('the message ends too soon')
    const taken = this.#bytes.subarray(this.#at, end)
    this.#at = end
    return taken
  }

  /** A vector whose length stands in so many octets. */
  vector(octets: 1 | 2 | 3): Buffer {
    return this.take(this.number(octets))
  }
}

/** A vector with its length in front. */
export function vector(octets: 1 | 2 | 3, ...parts: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(parts)
  const length = Buffer.alloc(octets)
  length.writeUIntBE(body.length, 0, octets)
  return Buffer.concat([length, body])
}

/** Numbers of two octets, one after the other. */
export function pairs(numbers: Iterable<number>): Buffer {
  return Buffer.concat([...numbers].map(number => Buffer.from([number >> 8, number & 255])))
}

export function readPairs(bytes: Buffer): number[] {
  const octets = new Octets(bytes)
  const numbers: number[] = []
  while (!octets.done) numbers.push(octets.number(2))
  return numbers
}

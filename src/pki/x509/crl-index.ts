import { randomBytes } from 'node:crypto'
import { type DerElement, DerReader, derError, inside, tag } from '../asn1/der.ts'
import { readTime } from '../asn1/time.ts'
import { type Extension, readExtensionList } from './certificate.ts'

const certificateIssuerOid = '2.5.29.29'
const emptySlot = -1

/**
 * Entries of a revocation list by serial number: an open-addressing table of offsets, because a list may have a million entries
 * and an object for each would take gigabytes. Where the certificateIssuer extension changes the issuer for the entries that
 * follow (RFC 5280 section 5.3.3), that is kept beside it.
 */
export class CrlIndex {
  readonly #bytes: Buffer
  readonly #slots: Int32Array
  readonly #order: Int32Array
  readonly #seed = randomBytes(4).readUInt32LE()
  readonly #issuers: { readonly from: number; readonly issuer: Extension }[] = []
  #size = 0

  constructor(bytes: Buffer, revoked: DerElement | undefined) {
    this.#bytes = bytes
    const count = revoked === undefined ? 0 : countElements(revoked)
    this.#order = new Int32Array(count)
    this.#slots = new Int32Array(2 ** Math.ceil(Math.log2(count + 1) + 1)).fill(emptySlot)
    if (revoked !== undefined) this.#fill(inside(revoked))
  }

  get size(): number {
    return this.#size
  }

  /** offsets of the entries with that serial number in hex, each with the issuer in force there */
  find(serialNumber: string): [offset: number, issuer: Extension | undefined][] {
    const wanted = Buffer.from(serialNumber, 'hex')
    const mask = this.#slots.length - 1
    const found: [number, Extension | undefined][] = []
    for (
      let slot = this.#hash(wanted, 0, wanted.length) & mask;
      this.#slots[slot] !== emptySlot;
      slot = (slot + 1) & mask
    ) {
      const offset = this.#slots[slot]!
      const serial = new DerReader(this.#bytes, offset).enter().element(tag.integer)
      if (this.#bytes.compare(wanted, 0, wanted.length, serial.contentStart, serial.end) === 0) {
        found.push([offset, this.#issuerAt(offset)])
      }
    }
    return found
  }

  *all(): Generator<[offset: number, issuer: Extension | undefined]> {
    for (const offset of this.#order) yield [offset, this.#issuerAt(offset)]
  }

  #fill(entries: DerReader): void {
    const mask = this.#slots.length - 1
    while (!entries.done) {
      const entry = entries.element(tag.sequence)
      const fields = inside(entry)
      const serial = fields.element(tag.integer)
      readTime(fields.element())
      if (!fields.done) this.#noteIssuer(entry.start, fields)
      fields.close('the entry')
      let slot = this.#hash(this.#bytes, serial.contentStart, serial.end) & mask
      while (this.#slots[slot] !== emptySlot) slot = (slot + 1) & mask
      this.#slots[slot] = entry.start
      this.#order[this.#size++] = entry.start
    }
  }

  #noteIssuer(from: number, fields: DerReader): void {
    const extensions = fields.element(tag.sequence)
    // most entries carry a reason only; the object identifier's octets tell without decoding
    const octets = this.#bytes.subarray(extensions.contentStart, extensions.end)
    if (!octets.includes(certificateIssuerOctets)) return
    const issuer = readExtensionList(inside(extensions)).get(certificateIssuerOid)
    if (issuer !== undefined) this.#issuers.push({ from, issuer })
  }

  #issuerAt(offset: number): Extension | undefined {
    let low = 0
    let high = this.#issuers.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#issuers[middle]!.from <= offset) low = middle + 1
      else high = middle
    }
    return this.#issuers[low - 1]?.issuer
  }

  // Seeded, so that nobody can choose serial numbers that all fall into one slot
  #hash(bytes: Buffer, from: number, to: number): number {
    let hash = this.#seed
    for (let i = from; i < to; i++) {
      hash = Math.imul(hash ^ bytes[i]!, 0x5bd1e995)
      hash ^= hash >>> 15
    }
    return hash >>> 0
  }
}

const certificateIssuerOctets = Buffer.from([0x06, 0x03, 0x55, 0x1d, 0x1d])

function countElements(list: DerElement): number {
  const reader = inside(list)
  let count = 0
  while (!reader.done) {
    reader.element(tag.sequence)
    count++
  }
  if (count >= 2 ** 28) throw derError('too many entries')
  return count
}

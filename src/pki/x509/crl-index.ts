import { randomBytes } from 'node:crypto'
import { type DerElement, DerReader, derError, inside, tag } from '../asn1/der.ts'
import { readTime } from '../asn1/time.ts'
import { type Extension, readExtensionList } from './certificate.ts'
import { shortestFrom } from './serial-octets.ts'

const emptySlot = -1
/** far more than certificates of one serial number under all issuers of an indirect list, and few enough to stay quick */
const longestProbe = 1000

/**
 * Entries of a revocation list by serial number: an open-addressing table of offsets, because a list may have a million entries
 * and an object for each would take gigabytes. Where the certificateIssuer extension changes the issuer for the entries that
 * follow (RFC 5280 section 5.3.3), that is kept beside it.
 */
export class CrlIndex {
  /** object identifiers of the critical extensions of any entry */
  readonly critical = new Set<string>()
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
    const octets = Buffer.from(serialNumber, 'hex')
    const from = shortestFrom(octets, 0, octets.length)
    const mask = this.#slots.length - 1
    const found: [number, Extension | undefined][] = []
    let slot = this.#hash(octets, from, octets.length) & mask
    for (; this.#slots[slot] !== emptySlot; slot = (slot + 1) & mask) {
      const offset = this.#slots[slot]!
      const serial = new DerReader(this.#bytes, offset).enter().element(tag.integer)
      const start = shortestFrom(this.#bytes, serial.contentStart, serial.end)
      if (this.#bytes.compare(octets, from, octets.length, start, serial.end) === 0) {
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
      if (!fields.done) this.#noteExtensions(entry.start, fields)
      fields.close('the entry')
      const from = shortestFrom(this.#bytes, serial.contentStart, serial.end)
      let slot = this.#hash(this.#bytes, from, serial.end) & mask
      for (let probe = 0; this.#slots[slot] !== emptySlot; probe++) {
        if (probe === longestProbe) throw derError(`more than ${longestProbe} entries with one serial number`)
        slot = (slot + 1) & mask
      }
      this.#slots[slot] = entry.start
      this.#order[this.#size++] = entry.start
    }
  }

  #noteExtensions(from: number, fields: DerReader): void {
    const extensions = fields.element(tag.sequence)
    if (isReasonOnly(this.#bytes, extensions)) return
    const octets = this.#bytes.subarray(extensions.contentStart, extensions.end)
    if (!octets.includes(criticalOctets) && !octets.includes(certificateIssuerOctets)) return
    for (const extension of readExtensionList(inside(extensions)).values()) {
      if (extension.critical) this.critical.add(extension.oid)
      if (extension.oid === certificateIssuerOid) this.#issuers.push({ from, issuer: extension })
    }
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

const certificateIssuerOid = '2.5.29.29'
const certificateIssuerOctets = Buffer.from([0x06, 0x03, 0x55, 0x1d, 0x1d])
/** BOOLEAN TRUE */
const criticalOctets = Buffer.from([0x01, 0x01, 0xff])

// Nearly every entry of nearly every list: one reasonCode of twelve octets, not critical
const reasonPrefix = Buffer.from([0x30, 0x0a, 0x06, 0x03, 0x55, 0x1d, 0x15, 0x04])

function isReasonOnly(bytes: Buffer, { contentStart, end }: DerElement): boolean {
  return end - contentStart === 12 && bytes.compare(reasonPrefix, 0, 8, contentStart, contentStart + 8) === 0
}

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

import { randomBytes } from 'node:crypto'
import { derError } from '../asn1/der.ts'
import { shortestFrom } from '../x509/serial-octets.ts'

const empty = 0
/** far more than certificates of one serial number under all issuers of an indirect list, and few enough to stay quick */
const longestProbe = 10_000
const noReason = 0xff

/** What is kept of one entry. */
export interface Row {
  /** its place among all: later entries have higher ones */
  readonly place: number
  /** milliseconds since the epoch; one before 1970 counts as its first moment */
  readonly revocationDate: number
  readonly reason: number | undefined
}

/**
 * Serial numbers of revoked certificates, exact, in 6 octets more than themselves plus 8 to 16 for finding them: rows one after the other,
 * and an open-addressing table of their places. A million entries of 16 octets take 32 MB; objects would take a gigabyte.
 */
export class SerialTable {
  readonly #rows: Buffer
  readonly #slots: Uint32Array
  readonly #seed = randomBytes(4).readUInt32LE()
  #end = 1
  #size = 0

  /** `octets`: of all serial numbers together. */
  constructor(entries: number, octets: number) {
    // place 0 stays free: it marks an empty slot
    this.#rows = Buffer.allocUnsafeSlow(1 + octets + entries * rowOverhead)
    this.#slots = new Uint32Array(2 ** Math.ceil(Math.log2(entries * 1.3 + 2)))
  }

  get size(): number {
    return this.#size
  }

  /** octets of memory */
  get bytes(): number {
    return this.#rows.length + this.#slots.byteLength
  }

  /** Adds the serial number that stands in `bytes`, and answers its place. `date` in seconds. */
  add(bytes: Uint8Array, start: number, end: number, date: number, reason: number | undefined): number {
    const from = shortestFrom(bytes, start, end)
    const rows = this.#rows
    const place = this.#end
    rows[place] = end - from
    for (let i = from; i < end; i++) rows[place + 1 + i - from] = bytes[i]!
    let at = place + 1 + end - from
    rows.writeUInt32LE(Math.min(Math.max(date, 0), 0xffffffff), at)
    rows[at + 4] = Math.min(reason ?? noReason, noReason)
    at += 5
    this.#end = at
    this.#size += 1
    const mask = this.#slots.length - 1
    let slot = this.#hash(bytes, from, end) & mask
    for (let probe = 0; this.#slots[slot] !== empty; probe++) {
      if (probe === longestProbe) throw derError(`more than ${longestProbe} entries with one serial number`)
      slot = (slot + 1) & mask
    }
    this.#slots[slot] = place
    return place
  }

  /** Every row with that serial number (hex), in the order of the slots. */
  find(hex: string): readonly Row[] {
    const end = decodeHex(hex)
    if (end === undefined) return none
    const from = shortestFrom(scratch, 0, end)
    const length = end - from
    const mask = this.#slots.length - 1
    let found: Row[] | undefined
    let slot = this.#hash(scratch, from, end) & mask
    for (let place = this.#slots[slot]!; place !== empty; place = this.#slots[slot]!) {
      if (this.#rows[place] === length && this.#equals(place + 1, from, end)) {
        found ??= []
        found.push(this.#row(place))
      }
      slot = (slot + 1) & mask
    }
    return found ?? none
  }

  /** Every entry, with its serial number. */
  *all(): Generator<{ readonly serial: Buffer; readonly row: Row }> {
    for (let place = 1; place < this.#end; place += this.#rows[place]! + rowOverhead) {
      yield { serial: this.#rows.subarray(place + 1, place + 1 + this.#rows[place]!), row: this.#row(place) }
    }
  }

  #row(place: number): Row {
    const at = place + 1 + this.#rows[place]!
    const reason = this.#rows[at + 4]!
    return {
      place,
      revocationDate: this.#rows.readUInt32LE(at) * 1000,
      reason: reason === noReason ? undefined : reason,
    }
  }

  #equals(at: number, from: number, end: number): boolean {
    for (let i = from; i < end; i++) if (this.#rows[at + i - from] !== scratch[i]) return false
    return true
  }

  // Seeded, so that nobody can choose serial numbers that all fall into one slot
  #hash(bytes: Uint8Array, from: number, to: number): number {
    let hash = this.#seed
    for (let i = from; i < to; i++) {
      hash = Math.imul(hash ^ bytes[i]!, 0x5bd1e995)
      hash ^= hash >>> 15
    }
    return hash >>> 0
  }
}

const none: readonly Row[] = []

/** Where a serial number that is looked for is put: nobody looks for two at a time. One in the table has 127 octets at most. */
const scratch = new Uint8Array(256)

/** Octets put into `scratch`; undefined when they are more than any entry has. */
function decodeHex(hex: string): number | undefined {
  const length = hex.length >> 1
  if (length > scratch.length) return undefined
  for (let i = 0; i < length; i++) scratch[i] = (digit(hex, 2 * i) << 4) | digit(hex, 2 * i + 1)
  return length
}

/** Lower-case hex only, as Certificate.serialNumber has it. */
function digit(hex: string, at: number): number {
  const code = hex.charCodeAt(at)
  return code < 0x3a ? code - 0x30 : code - 0x57
}

/** length, date, reason */
const rowOverhead = 6

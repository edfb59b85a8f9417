// Distinguished Encoding Rules, ITU-T X.690. The reader never copies, never recurses, and never looks past `end`.
import { CodedError } from '../../errors.ts'

/** Tag octets as they stand in the encoding (class, constructed bit, low tag number). */
export const tag = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  enumerated: 0x0a,
  utf8String: 0x0c,
  sequence: 0x30,
  set: 0x31,
  printableString: 0x13,
  teletexString: 0x14,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  visibleString: 0x1a,
  universalString: 0x1c,
  bmpString: 0x1e,
} as const

/** The tag octet of `[n]` in the context-specific class; primitive unless `constructed`. */
export function contextTag(n: number, form: 'constructed' | 'primitive' = 'constructed'): number {
  return (form === 'constructed' ? 0xa0 : 0x80) | n
}

/** One element: where it and its content stand in `bytes`. */
export interface DerElement {
  readonly bytes: Uint8Array
  readonly tag: number
  /** offset of the tag octet */
  readonly start: number
  /** offset of the first content octet */
  readonly contentStart: number
  /** offset after the last content octet */
  readonly end: number
}

export function derError(message: string, cause?: unknown): CodedError {
  return new CodedError('ERR_DER_MALFORMED', message, {
    remedy: 'The data is damaged, cut short, or not what its name says. Get a fresh copy from where it was made.',
    ...(cause === undefined ? {} : { cause }),
  })
}

/** Reads one element after another between `offset` and `end`. Throws ERR_DER_MALFORMED; offsets in messages count from the start of `bytes`. */
export class DerReader {
  readonly bytes: Uint8Array
  offset: number
  readonly end: number

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.bytes = bytes
    this.offset = start
    this.end = end
  }

  get done(): boolean {
    return this.offset >= this.end
  }

  /** The next tag octet, or -1 at the end. */
  peek(): number {
    return this.offset < this.end ? this.bytes[this.offset]! : -1
  }

  /** The next element, which must carry `expected` when that is given. */
  element(expected?: number): DerElement {
    const { bytes, offset: start, end } = this
    if (start + 2 > end) throw derError(`unexpected end of data at offset ${start}`)
    const tagOctet = bytes[start]!
    if ((tagOctet & 0x1f) === 0x1f) throw derError(`multi-octet tag at offset ${start}`)
    if (expected !== undefined && tagOctet !== expected) {
      throw derError(`tag 0x${hex(tagOctet)} at offset ${start} where 0x${hex(expected)} belongs`)
    }
    let contentStart = start + 2
    let length = bytes[start + 1]!
    if (length >= 0x80) {
      const count = length & 0x7f
      if (count === 0) throw derError(`indefinite length at offset ${start + 1}`)
      if (count > 4) throw derError(`length of ${count} octets at offset ${start + 1}`)
      if (contentStart + count > end) throw derError(`unexpected end of data at offset ${start}`)
      length = 0
      for (let i = 0; i < count; i++) length = length * 256 + bytes[contentStart + i]!
      contentStart += count
      // X.690 section 10.1: the shortest form of the length
      if (length < 0x80 || length < 256 ** (count - 1)) throw derError(`length at offset ${start + 1} is not minimal`)
    }
    if (length > end - contentStart) throw derError(`element at offset ${start} reaches past the end of its container`)
    this.offset = contentStart + length
    return { bytes, tag: tagOctet, start, contentStart, end: this.offset }
  }

  /** The next element if it carries `expected`; undefined (and nothing read) otherwise. */
  optional(expected: number): DerElement | undefined {
    return this.peek() === expected ? this.element(expected) : undefined
  }

  /** A reader over the content of the next element. */
  enter(expected: number = tag.sequence): DerReader {
    return inside(this.element(expected))
  }

  /** Throws unless everything was read. */
  close(what: string): void {
    if (!this.done) throw derError(`${what} has ${this.end - this.offset} octets too many at offset ${this.offset}`)
  }
}

export function inside(element: DerElement): DerReader {
  return new DerReader(element.bytes, element.contentStart, element.end)
}

/** Reads `bytes` as exactly one element with that tag and nothing after it. */
export function readWhole(bytes: Uint8Array, expected: number = tag.sequence, what = 'the structure'): DerReader {
  const outer = new DerReader(bytes)
  const content = outer.enter(expected)
  outer.close(what)
  return content
}

/** Content octets, without a copy. */
export function content(element: DerElement): Uint8Array {
  return element.bytes.subarray(element.contentStart, element.end)
}

/** The whole element with its header, without a copy. */
export function encoded(element: DerElement): Uint8Array {
  return element.bytes.subarray(element.start, element.end)
}

/** X.690 section 11.1: FALSE is 00, TRUE is FF. */
export function readBoolean(element: DerElement): boolean {
  const octets = content(element)
  if (octets.length !== 1 || (octets[0] !== 0x00 && octets[0] !== 0xff)) {
    throw derError(`malformed BOOLEAN at offset ${element.start}`)
  }
  return octets[0] === 0xff
}

/** Content octets of a minimal two's-complement INTEGER (X.690 section 8.3.2). */
export function readIntegerOctets(element: DerElement): Uint8Array {
  const octets = content(element)
  if (octets.length === 0) throw derError(`empty INTEGER at offset ${element.start}`)
  if (octets.length > 1) {
    const [first, second] = octets as unknown as [number, number]
    if ((first === 0x00 && second < 0x80) || (first === 0xff && second >= 0x80)) {
      throw derError(`INTEGER at offset ${element.start} is not minimal`)
    }
  }
  return octets
}

export function readInteger(element: DerElement): bigint {
  const octets = readIntegerOctets(element)
  const unsigned = BigInt(`0x${Buffer.from(octets.buffer, octets.byteOffset, octets.length).toString('hex')}`)
  return octets[0]! >= 0x80 ? unsigned - (1n << BigInt(octets.length * 8)) : unsigned
}

/** An INTEGER from 0 to 2^31 - 1, as counts and versions are. */
export function readSmallInteger(element: DerElement): number {
  const { bytes, start, contentStart, end } = element
  // One digit below 128 needs no second look.
  if (end - contentStart === 1 && bytes[contentStart]! < 0x80) return bytes[contentStart]!
  const octets = readIntegerOctets(element)
  if (octets.length > 4 || octets[0]! >= 0x80) throw derError(`INTEGER out of range at offset ${start}`)
  let value = 0
  for (const octet of octets) value = value * 256 + octet
  return value
}

export interface BitString {
  readonly unusedBits: number
  readonly octets: Uint8Array
}

/** X.690 sections 8.6 and 11.2.1: unused bits are zero. */
export function readBitString(element: DerElement): BitString {
  const { bytes, contentStart, end } = element
  return { unusedBits: readUnusedBits(element), octets: bytes.subarray(contentStart + 1, end) }
}

/** How many bits of its last octet do not count. */
export function readUnusedBits({ bytes, start, contentStart, end }: DerElement): number {
  const length = end - contentStart
  const unusedBits = length === 0 ? 8 : bytes[contentStart]!
  if (unusedBits > 7 || (unusedBits > 0 && length === 1)) throw derError(`malformed BIT STRING at offset ${start}`)
  if (unusedBits > 0 && (bytes[end - 1]! & ((1 << unusedBits) - 1)) !== 0) {
    throw derError(`BIT STRING at offset ${start} has unused bits that are not zero`)
  }
  return unusedBits
}

/** Dotted decimal form of an OBJECT IDENTIFIER (X.690 section 8.19). At most 64 octets are read. */
export function readOid(element: DerElement): string {
  const octets = content(element)
  if (octets.length === 0 || octets.length > 64 || octets[octets.length - 1]! >= 0x80) {
    throw derError(`malformed OBJECT IDENTIFIER at offset ${element.start}`)
  }
  const arcs: bigint[] = []
  let arc = 0n
  let fresh = true
  for (const octet of octets) {
    if (fresh && octet === 0x80) throw derError(`OBJECT IDENTIFIER at offset ${element.start} is not minimal`)
    arc = (arc << 7n) | BigInt(octet & 0x7f)
    fresh = octet < 0x80
    if (fresh) {
      arcs.push(arc)
      arc = 0n
    }
  }
  const first = arcs[0]!
  const top = first < 40n ? 0n : first < 80n ? 1n : 2n
  return [top, first - top * 40n, ...arcs.slice(1)].join('.')
}

// Writing: each function returns one whole element.

export function der(tagOctet: number, ...parts: Uint8Array[]): Buffer {
  const length = parts.reduce((sum, part) => sum + part.length, 0)
  return Buffer.concat([Buffer.from([tagOctet, ...lengthOctets(length)]), ...parts])
}

function lengthOctets(length: number): number[] {
  if (length < 0x80) return [length]
  const octets: number[] = []
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) octets.unshift(rest % 256)
  return [0x80 | octets.length, ...octets]
}

export const sequence = (...parts: Uint8Array[]): Buffer => der(tag.sequence, ...parts)

/** SET OF: elements in ascending order of their encodings (X.690 section 11.6). */
export const setOf = (...parts: Uint8Array[]): Buffer => der(tag.set, ...parts.toSorted(Buffer.compare))

export const octetString = (octets: Uint8Array): Buffer => der(tag.octetString, octets)

export const bitString = (octets: Uint8Array, unusedBits = 0): Buffer =>
  der(tag.bitString, Buffer.from([unusedBits]), octets)

export const boolean = (value: boolean): Buffer => der(tag.boolean, Buffer.from([value ? 0xff : 0x00]))

export const nullValue = (): Buffer => der(tag.null)

export const explicit = (n: number, ...parts: Uint8Array[]): Buffer => der(contextTag(n), ...parts)

/** INTEGER from a number, a bigint, or unsigned big-endian octets (a serial number, say). */
export function integer(value: number | bigint | Uint8Array): Buffer {
  if (value instanceof Uint8Array)
    return integer(value.length === 0 ? 0n : BigInt(`0x${Buffer.from(value).toString('hex')}`))
  let big = BigInt(value)
  const octets: number[] = []
  do {
    octets.unshift(Number(big & 0xffn))
    big >>= 8n
  } while (big !== 0n && big !== -1n)
  if (big === 0n && octets[0]! >= 0x80) octets.unshift(0x00)
  if (big === -1n && octets[0]! < 0x80) octets.unshift(0xff)
  return der(tag.integer, Buffer.from(octets))
}

/** OBJECT IDENTIFIER from its dotted decimal form. */
export function oid(dotted: string): Buffer {
  const arcs = dotted.split('.').map(BigInt)
  const [first, second, ...rest] = arcs
  if (first === undefined || second === undefined) throw new TypeError(`not an object identifier: ${dotted}`)
  const octets: number[] = []
  for (const arc of [first * 40n + second, ...rest]) {
    const groups = [Number(arc & 0x7fn)]
    for (let high = arc >> 7n; high > 0n; high >>= 7n) groups.unshift(Number(high & 0x7fn) | 0x80)
    octets.push(...groups)
  }
  return der(tag.oid, Buffer.from(octets))
}

const hex = (octet: number): string => octet.toString(16).padStart(2, '0')

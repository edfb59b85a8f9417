import { keyStoreError } from '../keystore-error.ts'

/** Java's DataInput over octets: big-endian, every length checked against what is left. Throws ERR_KEYSTORE_TRUNCATED. */
export class DataInput {
  readonly bytes: Buffer
  offset = 0

  constructor(bytes: Uint8Array) {
    this.bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  }

  get left(): number {
    return this.bytes.length - this.offset
  }

  take(length: number, what: string): Buffer {
    if (length > this.left) {
      throw keyStoreError(
        'ERR_KEYSTORE_TRUNCATED',
        `the file ends at offset ${this.bytes.length}, in the middle of ${what}`,
      )
    }
    this.offset += length
    return this.bytes.subarray(this.offset - length, this.offset)
  }

  u8(what: string): number {
    return this.take(1, what)[0]!
  }

  u16(what: string): number {
    return this.take(2, what).readUInt16BE()
  }

  /** An int that is a count or a length. */
  length(what: string): number {
    const value = this.take(4, what).readInt32BE()
    if (value < 0) throw keyStoreError('ERR_KEYSTORE_MALFORMED', `a negative length of ${what}`)
    return value
  }

  u32(what: string): number {
    return this.take(4, what).readUInt32BE()
  }

  /** A date: milliseconds since the epoch. */
  time(what: string): number {
    const value = this.take(8, what).readBigInt64BE()
    // the range of a Date (ECMA-262 section 21.4.1.1)
    return value >= -8_640_000_000_000_000n && value <= 8_640_000_000_000_000n ? Number(value) : 0
  }

  /** A text in the modified UTF-8 of java.io.DataInput. */
  utf(what: string): string {
    const octets = this.take(this.u16(what), what)
    return octets.every(octet => octet > 0 && octet < 0x80) ? octets.toString('latin1') : modifiedUtf8(octets, what)
  }
}

function modifiedUtf8(octets: Buffer, what: string): string {
  const units: number[] = []
  for (let i = 0; i < octets.length; ) {
    const first = octets[i]!
    const length = first < 0x80 ? 1 : first >> 5 === 0b110 ? 2 : first >> 4 === 0b1110 ? 3 : 0
    const rest = octets.subarray(i + 1, i + length)
    if (length === 0 || rest.length !== length - 1 || rest.some(octet => octet >> 6 !== 0b10)) {
      throw keyStoreError('ERR_KEYSTORE_MALFORMED', `${what} is not in Java's UTF-8`)
    }
    const top = length === 1 ? first : first & (0xff >> (length + 1))
    units.push(rest.reduce((value, octet) => (value << 6) | (octet & 0x3f), top))
    i += length
  }
  // at most 65,535 units, in pieces that fit on the stack
  let text = ''
  for (let i = 0; i < units.length; i += 4096) text += String.fromCharCode(...units.slice(i, i + 4096))
  return text
}

/** The octets of `text` in modified UTF-8, with their length before them. */
export function encodeUtf(text: string): Buffer {
  const octets: number[] = []
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit > 0 && unit < 0x80) octets.push(unit)
    else if (unit < 0x800) octets.push(0xc0 | (unit >> 6), 0x80 | (unit & 0x3f))
    else octets.push(0xe0 | (unit >> 12), 0x80 | ((unit >> 6) & 0x3f), 0x80 | (unit & 0x3f))
  }
  if (octets.length > 0xffff) throw keyStoreError('ERR_KEYSTORE_ALIAS_INVALID', 'the alias is too long')
  const length = Buffer.alloc(2)
  length.writeUInt16BE(octets.length)
  return Buffer.concat([length, Buffer.from(octets)])
}

import { tag } from '../asn1/der.ts'
import { keyStoreError } from './keystore-error.ts'

/** A PKCS#12 file nests about 16 deep. */
const maxDepth = 40
/** A store of 1,000 entries has some 40,000 elements. */
const maxElements = 2_000_000

/**
 * The first element of `bytes` in DER framing: definite and minimal lengths, strings in one piece. Netscape, Internet Explorer, NSS and
 * others wrote PKCS#12 in BER (X.690 section 8). Contents, also those of OCTET STRINGs, stay as they are; what follows the
 * element is left out. Throws ERR_KEYSTORE_TRUNCATED when `bytes` end too early, ERR_KEYSTORE_MALFORMED otherwise.
 */
export function berToDer(bytes: Uint8Array): Buffer {
  const source = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  const scan = new Scan(source)
  const plain = scan.element(0, source.length, 0)
  return scan.irregular ? rewrite(source, 0, source.length) : source.subarray(0, plain)
}

/** Checks the framing of everything before anything is copied. */
class Scan {
  readonly #bytes: Buffer
  #elements = 0
  /** whether something is not in DER framing */
  irregular = false

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  /** The offset after the element that starts at `at`. */
  element(at: number, limit: number, depth: number): number {
    if (depth > maxDepth) throw malformed(`more than ${maxDepth} levels deep`, at)
    if (++this.#elements > maxElements) throw keyStoreError('ERR_KEYSTORE_TOO_LARGE', 'too many elements')
    const header = readHeader(this.#bytes, at, limit)
    if (!header.minimal) this.irregular = true
    if (!header.constructed) return header.contentStart + header.length
    if (joinsStrings(header.tag)) this.irregular = true
    if (header.length >= 0) {
      const end = header.contentStart + header.length
      for (let child = header.contentStart; child < end; ) child = this.element(child, end, depth + 1)
      return end
    }
    let child = header.contentStart
    while (!atEndOfContents(this.#bytes, child, limit)) child = this.element(child, limit, depth + 1)
    return child + 2
  }
}

interface Header {
  readonly tag: number
  readonly constructed: boolean
  readonly contentStart: number
  /** -1: indefinite */
  readonly length: number
  readonly minimal: boolean
}

function readHeader(bytes: Buffer, at: number, limit: number): Header {
  if (at + 2 > limit) throw cut(bytes, limit, at)
  const tagOctet = bytes[at]!
  if ((tagOctet & 0x1f) === 0x1f || tagOctet === 0) throw malformed(`tag 0x${tagOctet.toString(16)}`, at)
  const constructed = (tagOctet & 0x20) !== 0
  const first = bytes[at + 1]!
  const count = first >= 0x80 ? first & 0x7f : 0
  const contentStart = at + 2 + count
  if (first === 0x80) {
    if (!constructed) throw malformed('indefinite length of a primitive element', at)
    return { tag: tagOctet, constructed, contentStart, length: -1, minimal: false }
  }
  if (count > 8) throw malformed(`length of ${count} octets`, at)
  if (contentStart > limit) throw cut(bytes, limit, at)
  let length = first < 0x80 ? first : 0
  for (let i = at + 2; i < contentStart; i++) length = length * 256 + bytes[i]!
  if (length > limit - contentStart) throw cut(bytes, limit, at)
  return { tag: tagOctet, constructed, contentStart, length, minimal: count === 0 || isMinimal(length, count) }
}

const isMinimal = (length: number, count: number) => length >= 0x80 && length >= 256 ** (count - 1)

function atEndOfContents(bytes: Buffer, at: number, limit: number): boolean {
  if (at + 2 > limit) throw cut(bytes, limit, at)
  return bytes[at] === 0 && bytes[at + 1] === 0
}

/** Constructed OCTET STRING, UTF8String, BMPString and the other strings: pieces to be joined. */
function joinsStrings(tagOctet: number): boolean {
  const number = tagOctet & 0x1f
  const string = number === tag.octetString || number === tag.utf8String || (number >= 0x12 && number <= 0x1e)
  return (tagOctet & 0xe0) === 0x20 && string && number !== tag.utcTime && number !== tag.generalizedTime
}

/** The elements from `at` to `limit` (or to the end-of-contents octets) in DER framing. Everything was scanned before. */
function rewrite(bytes: Buffer, at: number, limit: number): Buffer {
  const header = readHeader(bytes, at, limit)
  return frame(bytes, header, at, limit).der
}

function frame(bytes: Buffer, header: Header, at: number, limit: number): { der: Buffer; end: number } {
  if (!header.constructed) {
    const end = header.contentStart + header.length
    const der = header.minimal
      ? bytes.subarray(at, end)
      : withHeader(header.tag, [bytes.subarray(header.contentStart, end)])
    return { der, end }
  }
  const joins = joinsStrings(header.tag)
  const indefinite = header.length < 0
  const end = indefinite ? limit : header.contentStart + header.length
  const parts: Buffer[] = []
  let child = header.contentStart
  while (indefinite ? !atEndOfContents(bytes, child, limit) : child < end) {
    const inner = readHeader(bytes, child, end)
    const framed = frame(bytes, inner, child, end)
    parts.push(joins ? contentOf(framed.der) : framed.der)
    child = framed.end
  }
  return { der: withHeader(joins ? header.tag & ~0x20 : header.tag, parts), end: indefinite ? child + 2 : end }
}

function contentOf(der: Buffer): Buffer {
  return der.subarray(readHeader(der, 0, der.length).contentStart)
}

function withHeader(tagOctet: number, parts: Buffer[]): Buffer {
  let length = 0
  for (const part of parts) length += part.length
  const octets: number[] = []
  if (length >= 0x80) for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) octets.unshift(rest % 256)
  const head = length < 0x80 ? [tagOctet, length] : [tagOctet, 0x80 | octets.length, ...octets]
  return Buffer.concat([Buffer.from(head), ...parts])
}

/** Something reaches past its container: cut short when the container is everything there is, damaged otherwise. */
function cut(bytes: Buffer, limit: number, at: number) {
  return limit === bytes.length
    ? keyStoreError('ERR_KEYSTORE_TRUNCATED', `the data ends in the middle of the element at offset ${at}`)
    : malformed('an element reaches past the end of its container', at)
}

function malformed(what: string, at: number) {
  return keyStoreError('ERR_KEYSTORE_MALFORMED', `${what} at offset ${at}`)
}

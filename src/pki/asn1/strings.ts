import { content, type DerElement, tag } from './der.ts'

const numericString = 0x12

/**
 * Text of an ASN.1 string. Undefined when the element is no string type or holds octets that its type does not have, so that no
 * two different encodings of broken text ever look alike. TeletexString is read as ISO 8859-1, as every other implementation does.
 */
export function readText(element: DerElement): string | undefined {
  const octets = asBuffer(content(element))
  switch (element.tag) {
    case tag.utf8String:
      return utf8(octets)
    case tag.printableString:
    case tag.ia5String:
    case tag.visibleString:
    case numericString:
      return ascii(octets)
    case tag.teletexString:
      return octets.toString('latin1')
    case tag.bmpString:
      return bmp(octets)
    case tag.universalString:
      return universal(octets)
    default:
      return undefined
  }
}

/** Octets up to 0x7f as text; undefined when there are others. */
export function ascii(octets: Buffer): string | undefined {
  for (let i = 0; i < octets.length; i++) if (octets[i]! > 0x7f) return undefined
  return octets.toString('latin1')
}

function utf8(octets: Buffer): string | undefined {
  const text = octets.toString('utf8')
  // U+FFFD appears where the decoder met octets that are not UTF-8, or because it was written there: encoding again tells
  return text.includes('\ufffd') && !Buffer.from(text).equals(octets) ? undefined : text
}

function bmp(octets: Buffer): string | undefined {
  if (octets.length % 2 !== 0) return undefined
  const text = Buffer.from(octets).swap16().toString('utf16le')
  return text.isWellFormed() ? text : undefined
}

function universal(octets: Buffer): string | undefined {
  if (octets.length % 4 !== 0) return undefined
  let text = ''
  for (let i = 0; i < octets.length; i += 4) {
    const point = octets.readUInt32BE(i)
    if (point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) return undefined
    text += String.fromCodePoint(point)
  }
  return text
}

/** The same octets as a Buffer, without a copy. */
export function asBuffer(octets: Uint8Array): Buffer {
  return octets instanceof Buffer ? octets : Buffer.from(octets.buffer, octets.byteOffset, octets.length)
}

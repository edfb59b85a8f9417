import { DerReader } from '../../../src/pki/asn1/der.ts'

/** The same value as `der` in BER as browsers wrote it: indefinite lengths, OCTET STRINGs in pieces of `piece` octets. */
export function toBer(der: Uint8Array, piece = 100): Buffer {
  const parts: Buffer[] = []
  for (const reader = new DerReader(der); !reader.done; ) {
    const element = reader.element()
    const content = Buffer.from(element.bytes.subarray(element.contentStart, element.end))
    if ((element.tag & 0x20) !== 0) {
      parts.push(Buffer.from([element.tag, 0x80]), toBer(content, piece), Buffer.alloc(2))
    } else if (element.tag === 0x04 || element.tag === 0x80) {
      parts.push(Buffer.from([element.tag | 0x20, 0x80]), pieces(content, piece), Buffer.alloc(2))
    } else parts.push(longForm(element.tag, content))
  }
  return Buffer.concat(parts)
}

function pieces(content: Buffer, size: number): Buffer {
  const parts: Buffer[] = []
  for (let at = 0; at < content.length; at += size) parts.push(longForm(0x04, content.subarray(at, at + size)))
  return Buffer.concat(parts)
}

/** A length of four octets where fewer would do. */
function longForm(tag: number, content: Buffer): Buffer {
  const head = Buffer.from([tag, 0x84, 0, 0, 0, 0])
  head.writeUInt32BE(content.length, 2)
  return Buffer.concat([head, content])
}

/** Bytes that are no message of Protocol Buffers, or one that this reader is too strict for. */
export class ProtobufError extends Error {}

/** Fields of one message that have a length (strings, bytes, messages), by number, in their order. */
export type Fields = ReadonlyMap<number, readonly Buffer[]>

/** A message as Envoy writes it has a few fields, and one for each header. */
const mostFields = 2_000

/**
 * Reads the wire format of Protocol Buffers (one level). Numbers are checked and skipped: nothing that is decided here is one. Throws ProtobufError.
 */
export function readFields(bytes: Buffer): Fields {
  const fields = new Map<number, Buffer[]>()
  let at = 0
  let count = 0
  const varint = (): number => {
    let value = 0
    for (let i = 0; i < 10; i++) {
      const octet = bytes[at++]
      if (octet === undefined) throw new ProtobufError('a number is cut off')
      value += (octet & 0x7f) * 2 ** (7 * i)
      if (octet < 0x80) return value
    }
    throw new ProtobufError('a number is too long')
  }
  const skip = (length: number): void => {
    if (length > bytes.length - at) throw new ProtobufError('a field is cut off')
    at += length
  }
  while (at < bytes.length) {
    if (++count > mostFields) throw new ProtobufError('too many fields')
    const tag = varint()
    const number = Math.floor(tag / 8)
    if (number < 1 || number > 0x1fff_ffff) throw new ProtobufError('a field has no number')
    switch (tag % 8) {
      case 0:
        varint()
        break
      case 1:
        skip(8)
        break
      case 2: {
        const length = varint()
        skip(length)
        const value = bytes.subarray(at - length, at)
        const known = fields.get(number)
        if (known === undefined) fields.set(number, [value])
        else known.push(value)
        break
      }
      case 5:
        skip(4)
        break
      default:
        throw new ProtobufError('a field is of no known kind')
    }
  }
  return fields
}

/** The only field of that number. A second one would replace the first or be merged with it, as the reader likes. Throws ProtobufError. */
export function oneField(fields: Fields, number: number): Buffer | undefined {
  const values = fields.get(number)
  if (values !== undefined && values.length > 1) throw new ProtobufError('a field is there twice')
  return values?.[0]
}

/** A field with a length: text (UTF-8), bytes, or a message. */
export function writeField(number: number, value: string | readonly Buffer[]): Buffer {
  const bytes = typeof value === 'string' ? Buffer.from(value, 'utf8') : Buffer.concat(value)
  return Buffer.concat([Buffer.from([...varintOf(number * 8 + 2), ...varintOf(bytes.length)]), bytes])
}

/** A field that is a number, not below 0. */
export function writeNumber(number: number, value: number): Buffer {
  return Buffer.from([...varintOf(number * 8), ...varintOf(value)])
}

function varintOf(value: number): number[] {
  const octets: number[] = []
  let rest = value
  for (; rest >= 0x80; rest = Math.floor(rest / 128)) octets.push((rest % 128) | 0x80)
  octets.push(rest)
  return octets
}

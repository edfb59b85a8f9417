import fc from 'fast-check'

/** DER with some octets changed, cut, doubled or put in: most of it still looks like DER, which random octets never do. */
export function mutated(originals: readonly Buffer[]): fc.Arbitrary<Buffer> {
  const change = fc.record({
    kind: fc.constantFrom('set', 'flip', 'cut', 'insert', 'copy', 'truncate'),
    at: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
    value: fc.integer({ min: 0, max: 255 }),
    length: fc.integer({ min: 1, max: 40 }),
  })
  return fc
    .tuple(fc.constantFrom(...originals), fc.array(change, { minLength: 1, maxLength: 4 }))
    .map(([original, changes]) => changes.reduce(apply, original))
}

interface Change {
  readonly kind: string
  readonly at: number
  readonly value: number
  readonly length: number
}

function apply(bytes: Buffer, { kind, at: share, value, length }: Change): Buffer {
  const at = Math.floor(share * bytes.length)
  const copy = Buffer.from(bytes)
  if (bytes.length === 0) return copy
  switch (kind) {
    case 'set':
      copy[at] = value
      return copy
    case 'flip':
      copy[at]! ^= 1 << (value & 7)
      return copy
    case 'cut':
      return Buffer.concat([copy.subarray(0, at), copy.subarray(at + length)])
    case 'insert':
      return Buffer.concat([copy.subarray(0, at), Buffer.alloc(length, value), copy.subarray(at)])
    case 'copy':
      return Buffer.concat([copy.subarray(0, at), copy.subarray(at, at + length), copy.subarray(at)])
    default:
      return copy.subarray(0, at)
  }
}

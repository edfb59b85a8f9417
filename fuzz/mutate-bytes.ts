import type { Random } from './random.ts'

const telling = [0, 1, 2, 0x1f, 0x20, 0x24, 0x2c, 0x30, 0x3d, 0x7f, 0x80, 0x81, 0x84, 0x88, 0xa0, 0xc0, 0xfe, 0xff]
const longest = 60_000

/** Octets with one place changed, doubled, cut or put in, or crossed with another seed. */
export function mutateBytes(input: Buffer, random: Random, others: readonly Buffer[]): Buffer {
  const at = random.below(input.length + 1)
  const length = 1 + random.below(random.below(8) === 0 ? 400 : 8)
  switch (random.below(9)) {
    case 0:
      return replaced(input, at, Buffer.from([random.below(256)]))
    case 1:
      return replaced(input, at, Buffer.from([random.one(telling)]))
    case 2: {
      const flipped = Buffer.from(input)
      if (at < input.length) flipped[at]! ^= 1 << random.below(8)
      return flipped
    }
    case 3:
      return replaced(input, at, Buffer.from([0, 0, 0, 0]).fill(random.one(telling)))
    case 4:
      return Buffer.concat([input.subarray(0, at), input.subarray(at + length)])
    case 5:
      return bounded(input.subarray(0, at), Buffer.alloc(length, random.one(telling)), input.subarray(at))
    case 6:
      return bounded(input.subarray(0, at + length), input.subarray(at))
    case 7: {
      const other = random.one(others)
      return bounded(input.subarray(0, at), other.subarray(random.below(other.length)))
    }
    default:
      return random.below(10) === 0 ? input.subarray(0, at) : replaced(input, at, random.bytes(Math.min(length, 12)))
  }
}

function replaced(input: Buffer, at: number, by: Buffer): Buffer {
  const copy = Buffer.from(input)
  by.copy(copy, Math.min(at, Math.max(0, copy.length - by.length)))
  return copy
}

function bounded(...parts: Buffer[]): Buffer {
  const whole = Buffer.concat(parts)
  return whole.length > longest ? whole.subarray(0, longest) : whole
}

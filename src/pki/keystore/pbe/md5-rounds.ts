import { hash } from 'node:crypto'

/** RFC 1321 section 3.4 */
const shifts = [7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21] as const
const sines = Int32Array.from({ length: 64 }, (_, i) => Math.floor(Math.abs(Math.sin(i + 1)) * 2 ** 32) | 0)
const rotation = Uint8Array.from({ length: 64 }, (_, i) => shifts[(i >> 4) * 4 + (i & 3)]!)
const word = Uint8Array.from({ length: 64 }, (_, i) => [i, 5 * i + 1, 3 * i + 5, 7 * i][i >> 4]! & 15)

/** What fits into one block behind the digest, with a mark and the length: 64 - 16 - 9 */
const maxSuffix = 39

/**
 * MD5 (RFC 1321) of its own output followed by `suffix`, `rounds` times. The JDK seals a key in JCEKS with 400,000 rounds; a call into
 * node:crypto for each costs eight times as much as this.
 */
export function md5Rounds(digest: Uint8Array, suffix: Buffer, rounds: number): Buffer {
  if (suffix.length > maxSuffix) return slowRounds(digest, suffix, rounds)
  const block = Buffer.alloc(64)
  suffix.copy(block, 16)
  block[16 + suffix.length] = 0x80
  block.writeUInt32LE((16 + suffix.length) * 8, 56)
  const m = Int32Array.from({ length: 16 }, (_, i) => block.readInt32LE(4 * i))
  const state = Buffer.from(digest)
  for (let i = 0; i < 4; i++) m[i] = state.readInt32LE(4 * i)
  for (let round = 0; round < rounds; round++) compress(m)
  for (let i = 0; i < 4; i++) state.writeInt32LE(m[i]!, 4 * i)
  m.fill(0)
  block.fill(0)
  return state
}

/** Section 3.4; the digest goes to the front of the next message. */
function compress(m: Int32Array): void {
  let a = 0x67452301 | 0
  let b = 0xefcdab89 | 0
  let c = 0x98badcfe | 0
  let d = 0x10325476 | 0
  for (let i = 0; i < 64; i++) {
    const f = i < 16 ? (b & c) | (~b & d) : i < 32 ? (d & b) | (~d & c) : i < 48 ? b ^ c ^ d : c ^ (b | ~d)
    const sum = (a + f + sines[i]! + m[word[i]!]!) | 0
    const s = rotation[i]!
    a = d
    d = c
    c = b
    b = (b + ((sum << s) | (sum >>> (32 - s)))) | 0
  }
  m[0] = a + 0x67452301
  m[1] = b + 0xefcdab89
  m[2] = c + 0x98badcfe
  m[3] = d + 0x10325476
}

function slowRounds(digest: Uint8Array, suffix: Buffer, rounds: number): Buffer {
  let current = Buffer.from(digest)
  for (let i = 0; i < rounds; i++) current = hash('md5', Buffer.concat([current, suffix]), 'buffer')
  return current
}

const w = new Int32Array(80)

/**
 * SHA-1 (FIPS 180-4 section 6.1) of its own output, `rounds` times. The JDK wrote PKCS#12 files with 100,000 rounds for years; a call into
 * node:crypto for each costs 1.5 microseconds, this costs a fifth. Passwords and salts go in through node:crypto before.
 */
export function sha1Rounds(digest: Uint8Array, rounds: number): Buffer {
  const state = Buffer.from(digest)
  let h0 = state.readInt32BE(0)
  let h1 = state.readInt32BE(4)
  let h2 = state.readInt32BE(8)
  let h3 = state.readInt32BE(12)
  let h4 = state.readInt32BE(16)
  for (let round = 0; round < rounds; round++) {
    // the message is one block: 20 octets, the padding, and the length of 160 bits
    w[0] = h0
    w[1] = h1
    w[2] = h2
    w[3] = h3
    w[4] = h4
    w[5] = 0x80000000 | 0
    for (let i = 6; i < 15; i++) w[i] = 0
    w[15] = 160
    for (let i = 16; i < 80; i++) {
      const x = w[i - 3]! ^ w[i - 8]! ^ w[i - 14]! ^ w[i - 16]!
      w[i] = (x << 1) | (x >>> 31)
    }
    let a = 0x67452301 | 0
    let b = 0xefcdab89 | 0
    let c = 0x98badcfe | 0
    let d = 0x10325476 | 0
    let e = 0xc3d2e1f0 | 0
    for (let i = 0; i < 20; i++) {
      const next = (((a << 5) | (a >>> 27)) + ((b & c) | (~b & d)) + ((e + 0x5a827999) | 0) + w[i]!) | 0
      e = d
      d = c
      c = (b << 30) | (b >>> 2)
      b = a
      a = next
    }
    for (let i = 20; i < 40; i++) {
      const next = (((a << 5) | (a >>> 27)) + (b ^ c ^ d) + ((e + 0x6ed9eba1) | 0) + w[i]!) | 0
      e = d
      d = c
      c = (b << 30) | (b >>> 2)
      b = a
      a = next
    }
    for (let i = 40; i < 60; i++) {
      const next = (((a << 5) | (a >>> 27)) + ((b & c) | (b & d) | (c & d)) + ((e + 0x8f1bbcdc) | 0) + w[i]!) | 0
      e = d
      d = c
      c = (b << 30) | (b >>> 2)
      b = a
      a = next
    }
    for (let i = 60; i < 80; i++) {
      const next = (((a << 5) | (a >>> 27)) + (b ^ c ^ d) + ((e + 0xca62c1d6) | 0) + w[i]!) | 0
      e = d
      d = c
      c = (b << 30) | (b >>> 2)
      b = a
      a = next
    }
    h0 = (a + 0x67452301) | 0
    h1 = (b + 0xefcdab89) | 0
    h2 = (c + 0x98badcfe) | 0
    h3 = (d + 0x10325476) | 0
    h4 = (e + 0xc3d2e1f0) | 0
  }
  w.fill(0)
  for (const [i, h] of [h0, h1, h2, h3, h4].entries()) state.writeInt32BE(h, 4 * i)
  return state
}

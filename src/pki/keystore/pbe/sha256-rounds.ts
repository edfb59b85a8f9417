const primes = firstPrimes(64)
/** The first 32 bits of the fractional parts of cube and square roots of the first primes (FIPS 180-4 sections 4.2.2 and 5.3.3). */
const k = Int32Array.from(primes, prime => fraction(Math.cbrt(prime)))
const initial = Int32Array.from(primes.slice(0, 8), prime => fraction(Math.sqrt(prime)))
const w = new Int32Array(64)
const h = new Int32Array(8)

/**
 * SHA-256 (FIPS 180-4 section 6.2) of its own output, `rounds` times. Firefox and NSS write PKCS#12 files with 600,000 rounds: through
 * node:crypto that takes more than a second, this way a third of one.
 */
export function sha256Rounds(digest: Uint8Array, rounds: number): Buffer {
  const state = Buffer.from(digest)
  for (let i = 0; i < 8; i++) h[i] = state.readInt32BE(4 * i)
  for (let round = 0; round < rounds; round++) compress()
  for (let i = 0; i < 8; i++) state.writeInt32BE(h[i]!, 4 * i)
  h.fill(0)
  w.fill(0)
  return state
}

/** The message is one block: 32 octets, the padding, and the length of 256 bits. */
function compress(): void {
  for (let i = 0; i < 8; i++) w[i] = h[i]!
  w[8] = 0x80000000 | 0
  for (let i = 9; i < 15; i++) w[i] = 0
  w[15] = 256
  for (let i = 16; i < 64; i++) {
    const x = w[i - 15]!
    const y = w[i - 2]!
    const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3)
    const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10)
    w[i] = (((w[i - 16]! + s0) | 0) + ((w[i - 7]! + s1) | 0)) | 0
  }
  let a = initial[0]!
  let b = initial[1]!
  let c = initial[2]!
  let d = initial[3]!
  let e = initial[4]!
  let f = initial[5]!
  let g = initial[6]!
  let last = initial[7]!
  for (let i = 0; i < 64; i++) {
    const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7))
    const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10))
    const t1 = (((last + s1) | 0) + ((((e & f) ^ (~e & g)) + ((k[i]! + w[i]!) | 0)) | 0)) | 0
    const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0
    last = g
    g = f
    f = e
    e = (d + t1) | 0
    d = c
    c = b
    b = a
    a = (t1 + t2) | 0
  }
  h[0] = a + initial[0]!
  h[1] = b + initial[1]!
  h[2] = c + initial[2]!
  h[3] = d + initial[3]!
  h[4] = e + initial[4]!
  h[5] = f + initial[5]!
  h[6] = g + initial[6]!
  h[7] = last + initial[7]!
}

function firstPrimes(count: number): number[] {
  const found: number[] = []
  for (let n = 2; found.length < count; n++) if (found.every(prime => n % prime !== 0)) found.push(n)
  return found
}

function fraction(root: number): number {
  return Math.floor((root - Math.floor(root)) * 2 ** 32) | 0
}

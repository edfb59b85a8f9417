// RC2 (RFC 2268): half of the PKCS#12 files in the field have their certificates under it, and OpenSSL 3 in Node lacks it. Decryption only.

/**
 * CBC decryption of whole blocks, padding left in. `effectiveBits` is the T1 of RFC 2268 section 2.
 * What it costs is linear in `data`: about 0.1 microseconds an octet.
 */
export function decryptRc2Cbc(key: Uint8Array, effectiveBits: number, iv: Uint8Array, data: Uint8Array): Buffer {
  const k = expandKey(key, effectiveBits)
  const out = Buffer.from(data)
  const r = new Uint16Array(4)
  for (let at = 0; at + 8 <= out.length; at += 8) {
    for (let i = 0; i < 4; i++) r[i] = out.readUInt16LE(at + 2 * i)
    decryptBlock(r, k)
    for (let i = 0; i < 4; i++) out.writeUInt16LE(r[i]!, at + 2 * i)
    for (let i = 0; i < 8; i++) out[at + i]! ^= at === 0 ? iv[i]! : data[at - 8 + i]!
  }
  return out
}

/** Section 2: 64 words from 1 to 128 octets of key. */
function expandKey(key: Uint8Array, effectiveBits: number): Uint16Array {
  const l = new Uint8Array(128)
  l.set(key)
  for (let i = key.length; i < 128; i++) l[i] = piTable[(l[i - 1]! + l[i - key.length]!) & 0xff]!
  const t8 = (effectiveBits + 7) >> 3
  l[128 - t8] = piTable[l[128 - t8]! & (0xff >> (8 * t8 - effectiveBits))]!
  for (let i = 127 - t8; i >= 0; i--) l[i] = piTable[l[i + 1]! ^ l[i + t8]!]!
  const words = new Uint16Array(64)
  for (let i = 0; i < 64; i++) words[i] = l[2 * i]! | (l[2 * i + 1]! << 8)
  return words
}

const rotations = [1, 2, 3, 5] as const

/** Section 4: five mixing rounds, a mashing round, six, a mashing round, five: all backwards. */
function decryptBlock(r: Uint16Array, k: Uint16Array): void {
  let j = 63
  for (let round = 15; round >= 0; round--) {
    for (let i = 3; i >= 0; i--) {
      const word = r[i]!
      const s = rotations[i]!
      const turned = ((word >>> s) | (word << (16 - s))) & 0xffff
      const one = r[(i + 3) & 3]!
      const two = r[(i + 2) & 3]!
      const three = r[(i + 1) & 3]!
      r[i] = turned - k[j]! - (one & two) - (~one & three)
      j--
    }
    if (round === 11 || round === 5) for (let i = 3; i >= 0; i--) r[i] = r[i]! - k[r[(i + 3) & 3]! & 63]!
  }
}

const piTable = Buffer.from(
  'd978f9c419ddb5ed28e9fd794aa0d89dc67e37832b76538e624c6488448bfba2179a59f587b34f1361456d8d09817d32' +
    'bd8f40eb86b77b0bf09521225c6b4e8254d66593ce60b21c7356c014a78cf1dc1275ca1f3bbee4d1423dd430a33cb626' +
    '6fbf0eda4669075727f21d9bbc944303f811c7f690ef3ee706c3d52fc8661ed708e8eade8052eef784aa72ac354d6a2a' +
    '961ad2715a1549744b9fd05e0418a4ecc2e0416e0f51cbcc2491af50a1f47039997c3a8523b8b47afc02365b25559731' +
    '2d5dfa98e38a92ae05df2910676cbac9d300e6cfe19ea82c6316013f58e289a90d38341bab33ffb0bb480c5fb9b1cd2e' +
    'c5f3db47e5a59c770aa62068fe7fc1ad',
  'hex',
)

/** RC4, which a few old PKCS#12 files use and OpenSSL 3 in Node lacks. The same in both directions. */
export function rc4(key: Uint8Array, data: Uint8Array): Buffer {
  const s = Uint8Array.from({ length: 256 }, (_, i) => i)
  for (let i = 0, j = 0; i < 256; i++) {
    j = (j + s[i]! + key[i % key.length]!) & 0xff
    swap(s, i, j)
  }
  const out = Buffer.from(data)
  for (let at = 0, i = 0, j = 0; at < out.length; at++) {
    i = (i + 1) & 0xff
    j = (j + s[i]!) & 0xff
    swap(s, i, j)
    out[at]! ^= s[(s[i]! + s[j]!) & 0xff]!
  }
  return out
}

function swap(s: Uint8Array, i: number, j: number): void {
  const kept = s[i]!
  s[i] = s[j]!
  s[j] = kept
}

/** RFC 3720 appendix B.4: the checksum of Castagnoli. Bit by bit, since it is asked for a few hundred octets of a connection at most. */
export function crc32c(octets: Uint8Array): number {
  let rest = 0xffffffff
  for (const octet of octets) {
    rest ^= octet
    for (let bit = 0; bit < 8; bit++) rest = (rest >>> 1) ^ (rest & 1 ? polynomial : 0)
  }
  return (rest ^ 0xffffffff) >>> 0
}

/** with its bits the other way round */
const polynomial = 0x82f63b78

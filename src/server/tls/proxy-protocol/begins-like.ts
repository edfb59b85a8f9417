/** Whether the octets begin with this, or are too few to tell yet. */
export function beginsLike(octets: Buffer, beginning: Buffer): boolean {
  const known = Math.min(octets.length, beginning.length)
  return octets.subarray(0, known).equals(beginning.subarray(0, known))
}

/** Where the number starts once octets that only repeat its sign are skipped: lists exist that write a serial number too long. */
export function shortestFrom(bytes: Uint8Array, start: number, end: number): number {
  let from = start
  while (from + 1 < end) {
    const negative = bytes[from + 1]! >= 0x80
    if (bytes[from] !== (negative ? 0xff : 0x00)) break
    from++
  }
  return from
}

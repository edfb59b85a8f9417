/** Values that one statement takes at a time; databases limit how many are bound. */
const size = 1000

export function* chunks<T>(values: readonly T[]): Generator<readonly T[]> {
  for (let start = 0; start < values.length; start += size) yield values.slice(start, start + size)
}

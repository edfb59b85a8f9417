import { mutateBytes } from './mutate-bytes.ts'
import type { Random } from './random.ts'

/** Text with lines moved, removed or doubled, pieces of a dictionary put in, or octets changed. */
export function mutateText(
  input: Buffer,
  random: Random,
  others: readonly Buffer[],
  dictionary: readonly string[],
): Buffer {
  const kind = random.below(5)
  if (kind === 0) return mutateBytes(input, random, others)
  if (kind <= 2) {
    const at = random.below(input.length + 1)
    const cut = random.below(3) === 0 ? random.below(12) : 0
    const repeats = random.below(12) === 0 ? 1 << random.below(10) : 1
    const piece = Buffer.from(random.one(dictionary).repeat(repeats))
    return Buffer.concat([input.subarray(0, at), piece, input.subarray(at + cut)]).subarray(0, 100_000)
  }
  const lines = input.toString('latin1').split('\n')
  const from = random.below(lines.length)
  const line = lines[from]!
  if (kind === 3) lines.splice(from, 1)
  if (random.below(2) === 0) lines.splice(random.below(lines.length + 1), 0, line)
  else lines[random.below(lines.length)] = `${' '.repeat(random.below(6))}${line.trimStart()}`
  return Buffer.from(lines.join('\n'), 'latin1').subarray(0, 100_000)
}

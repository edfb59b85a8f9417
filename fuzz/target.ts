import type { Random } from './random.ts'

/** Something that reads what strangers send. */
export interface Target {
  readonly name: string
  /** well-formed inputs, made when the target is loaded */
  readonly seeds: readonly Buffer[]
  /** milliseconds that one input may take on a busy machine */
  readonly limitMs: number
  /** how many times as often as the most expensive one it is run */
  readonly weight: number
  mutate(input: Buffer, random: Random, others: readonly Buffer[]): Buffer
  /**
   * Reads the input. Answers what became of it, in a few words that differ where the way through the code differs: an input with
   * a new answer is kept and mutated further. Throws when something is wrong that is not the input.
   */
  run(input: Buffer): string | Promise<string>
}

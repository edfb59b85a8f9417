import { availableParallelism } from 'node:os'
import { z } from 'zod'

/** In how many processes it serves. */
export const workersOption = z
  .union([z.literal('auto'), z.int().min(1).max(64)])
  .default(1)
  .describe(
    'Processes that serve, all on the same ports; auto: one for each core. With 1 nothing is between the server and the system; with more, a further process looks after them. See docs/workers.md.',
  )

export function workerCount(workers: z.output<typeof workersOption>): number {
  return workers === 'auto' ? availableParallelism() : workers
}

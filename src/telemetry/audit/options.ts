import { z } from 'zod'

/** The audit record: who was let in, who was not and why, and what was changed. */
export const auditOptions = z
  .strictObject({
    enabled: z.boolean().default(true).describe('Whether an audit file is kept.'),
    file: z
      .string()
      .min(1)
      .default('data/audit.jsonl')
      .describe(
        'The audit file: one JSON record a line, each carrying the hash of the one before. It is only ever appended to; move it away to begin the next one.',
      ),
    flushInterval: z
      .int()
      .min(0)
      .max(10_000)
      .default(100)
      .describe(
        'Milliseconds that a record may wait in memory before it is written and synced to disk together with others.',
      ),
    maxPending: z
      .int()
      .min(100)
      .max(10_000_000)
      .default(50_000)
      .describe(
        'Records that may wait in memory while the disk does not take them. Further ones are given up, counted, and their number is recorded.',
      ),
  })
  .describe('The tamper-evident audit record.')

export type AuditOptions = z.output<typeof auditOptions>

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
    rotate: z
      .strictObject({
        megabytes: z
          .int()
          .min(1)
          .max(100_000)
          .optional()
          .describe('A file that has grown so large is put aside, and the next record begins a new one.'),
        days: z
          .int()
          .min(1)
          .max(3650)
          .optional()
          .describe('The same for a file whose first record is of so many days ago, by the calendar in UTC.'),
      })
      .prefault({})
      .describe(
        'When a file is put aside, beside the next one: `audit-DATE-LASTSEQUENCE.jsonl`. The chain goes on, and `audit list` and `audit verify` read all of them. Default: never.',
      ),
    keepDays: z
      .int()
      .min(1)
      .max(36_500)
      .optional()
      .describe(
        'Files that were put aside are deleted so many days after their last record; a record says up to where. Default: never.',
      ),
  })
  .describe('The tamper-evident audit record.')

export type AuditOptions = z.output<typeof auditOptions>

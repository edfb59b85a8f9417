import { z } from 'zod'

/** When a running server takes over what has changed. */
export const reloadOptions = z
  .strictObject({
    watch: z
      .enum(['on', 'off'])
      .default('on')
      .describe(
        'on: this file and every file that it names are watched, and taken over when their content changes; off: on SIGHUP only.',
      ),
    pollSeconds: z
      .int()
      .min(1)
      .max(3_600)
      .default(10)
      .describe('Seconds between two looks at the files by their date, for file systems that tell nothing of changes.'),
  })
  .describe('How changed files are taken over. A file that is broken changes nothing and raises an alarm.')

import { z } from 'zod'

/** What is told on standard error. */
export const logOptions = z
  .strictObject({
    level: z
      .enum(['debug', 'info', 'warn', 'error', 'silent'])
      .default('info')
      .describe(
        'The least level that is logged: `info` tells each first request of a connection, each refusal and each change; `debug` every handshake and request too.',
      ),
  })
  .describe('The log: one JSON object a line on standard error.')

export type LogOptions = z.output<typeof logOptions>

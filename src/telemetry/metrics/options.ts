import { z } from 'zod'

/** The management listener: plain HTTP for probes and Prometheus, for this machine only unless told otherwise. */
export const managementOptions = z
  .strictObject({
    enabled: z.boolean().default(true).describe('Whether the management listener is there.'),
    address: z
      .string()
      .min(1)
      .default('127.0.0.1')
      .describe(
        'Address of the management listener. It speaks plain HTTP and asks nobody who they are: give it an address that only your monitoring reaches.',
      ),
    port: z.int().min(0).max(65_535).default(9990).describe('Port of the management listener; 0 takes any free one.'),
  })
  .describe('Health (`/healthz`, `/readyz`) and metrics (`/metrics`).')

export type ManagementOptions = z.output<typeof managementOptions>

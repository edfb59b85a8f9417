import { z } from 'zod'

/** What session tickets are sealed with, for all listeners. */
export const ticketFields = {
  secretFile: z
    .string()
    .min(1)
    .default('data/ticket-secret.json')
    .describe(
      'File (mode 0600) that keeps the secret over a restart, so that clients still resume; made when it is not there.',
    ),
  rotationHours: z
    .int()
    .min(1)
    .max(168)
    .default(24)
    .describe('Hours after which another secret takes over, and each client proves its key by a full handshake again.'),
}

import { z } from 'zod'
import { CodedError } from '../errors.ts'
import { ticketFields } from '../server/tls/ticket-options.ts'
import { resolveSecret, secretOption } from './secret.ts'

/** `tickets` in the configuration. */
export const ticketsSection = z
  .strictObject({
    ...ticketFields,
    sharedKey: secretOption
      .optional()
      .describe(
        'For replicas (`users.store: postgres`): a secret of at least 32 characters, the same at each (`openssl rand -base64 32`), as `env:NAME` or `file:PATH`. With it clients resume at whichever replica they come to: the secret of tickets is kept in the database, encrypted under it. Without it each replica has a secretFile of its own.',
      ),
  })
  .prefault({})
  .describe('Session tickets of TLS. They die when trust moves; a resumed connection is judged like a new one anyway.')

/** Throws ERR_SECRET_UNAVAILABLE, or ERR_CONFIG_INVALID for one that could be guessed. */
export function readSharedKey(
  { sharedKey }: z.output<typeof ticketsSection>,
  { folder, env }: { readonly folder: string; readonly env: Readonly<Record<string, string | undefined>> },
): string | undefined {
  if (sharedKey === undefined) return undefined
  const key = resolveSecret(sharedKey, folder, env)
  if (key.length >= shortest) return key
  throw new CodedError('ERR_CONFIG_INVALID', `the key is shorter than ${shortest} characters`, {
    remedy: 'Make one with `openssl rand -base64 32`, and give the same to each replica.',
  })
}

const shortest = 32

import { z } from 'zod'
import { usersFields } from '../identity/users/options.ts'
import { secretOption } from './secret.ts'
import { keyStoreOptions, trustStoreOptions } from './stores.ts'

const postgres = z
  .strictObject({
    url: secretOption
      .optional()
      .describe(
        '`postgres://USER@HOST:PORT/DATABASE`, or `env:NAME` or `file:PATH` where it stands: instead of host, port, user and database, and of the password where it holds one.',
      ),
    host: z
      .string()
      .min(1)
      .default('127.0.0.1')
      .describe('Name or address of the server, or the folder of its Unix socket.'),
    port: z.int().min(1).max(65_535).default(5432).describe('Port of the server.'),
    database: z.string().min(1).max(63).default('countersign').describe('Name of the database.'),
    user: z.string().min(1).max(63).default('countersign').describe('The account that the server lets in.'),
    password: secretOption.optional().describe('Its password: `env:NAME`, `file:PATH` or the password itself.'),
    schema: z
      .string()
      .regex(/^[a-z_][a-z0-9_]{0,62}$/)
      .refine(name => !name.startsWith('pg_'), 'names that begin with pg_ are the server’s own')
      .default('countersign')
      .describe('The schema with the tables; made when it is not there, and nobody else’s.'),
    tls: z
      .strictObject({
        trustStore: z
          .array(trustStoreOptions)
          .min(1)
          .max(100)
          .describe('Who may vouch for the server. Its certificate must name the host.'),
        keyStore: keyStoreOptions
          .optional()
          .describe('What we prove ourselves with, where the server asks for a certificate.'),
      })
      .optional()
      .describe('Required unless the server is on this machine.'),
    insecurePlaintext: z
      .boolean()
      .default(false)
      .describe(
        'Speak to a server on another machine without TLS: whoever is on the way reads and changes everything.',
      ),
    pool: z
      .int()
      .min(1)
      .max(100)
      .default(10)
      .describe('Connections at a time, besides the one that watches for changes.'),
    insecureGoOnSeconds: z
      .number()
      .min(0)
      .max(3600)
      .default(0)
      .describe(
        'Seconds for which users that were known go on to be let in while the server cannot be reached, beyond the one second in which a change is in force otherwise. Whoever is locked meanwhile by way of another replica gets in for that long.',
      ),
  })
  .prefault({})
  .describe('The server of `store: postgres`.')

/** `users` in the configuration. */
export const usersSection = z
  .strictObject({ ...usersFields, postgres })
  .prefault({})
  .describe('The users and their passwords. Commands change them while the server runs.')

export type UsersSection = z.output<typeof usersSection>

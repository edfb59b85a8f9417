import { z } from 'zod'

export const passwordOptions = z
  .strictObject({
    rememberFor: z
      .int()
      .min(0)
      .max(3600)
      .default(60)
      .describe(
        'Seconds in which a password that was right is not hashed again, unless any user changes; 0: always hash.',
      ),
    failuresPerUser: z
      .int()
      .min(1)
      .max(100)
      .default(5)
      .describe(
        'Wrong passwords for one user before the first delay; each further one doubles it. One is forgotten in ten minutes.',
      ),
    failuresPerAddress: z
      .int()
      .min(1)
      .max(100_000)
      .default(30)
      .describe(
        'The same for everything from one IPv4 address or IPv6 /64 network; the delay is a minute at most, and one is forgotten in a minute. Raise it when all clients come through one proxy.',
      ),
    longestDelay: z
      .int()
      .min(1)
      .max(86_400)
      .default(900)
      .describe(
        'Seconds: the longest delay for one user. From an address where the user signed in lately, guesses are counted apart.',
      ),
  })
  .prefault({})
  .describe('How passwords are checked.')

export type PasswordOptions = z.output<typeof passwordOptions>

/** What every kind of store has, and that of a file of this machine. */
export const usersFields = {
  store: z
    .enum(['sqlite', 'postgres'])
    .default('sqlite')
    .describe(
      'Where users live, and bindings, locks and counted passwords with them. sqlite: in a file of this machine. postgres: in a database, for any number of replicas.',
    ),
  file: z
    .string()
    .min(1)
    .default('data/countersign.db')
    .describe(
      'The file of `store: sqlite`; made when it does not exist, readable by its owner only, not on a network file system.',
    ),
  passwords: passwordOptions,
}

export const usersOptions = z.strictObject(usersFields).prefault({})

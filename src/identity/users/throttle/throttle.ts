import { createHash } from 'node:crypto'
import type { Transaction } from 'kysely'
import { type Clock, systemClock } from '../../../clock.ts'
import type { Schema } from '../../../storage/schema.ts'
import type { Storage } from '../../../storage/storage.ts'
import type { PasswordOptions } from '../options.ts'
import { addressGroup } from './address-group.ts'
import { blockedFor, type Count, countFailure, expiryOf, type Rule, takeBack } from './count.ts'

const second = 1000
const minute = 60 * second

export interface ThrottleRules {
  /** guesses at one user */
  readonly user: Rule
  /** failures from one address, at whomever */
  readonly address: Rule
}

/**
 * An office behind one address mistypes more than a person does, and everyone there waits for the one who does: so more is free, and
 * the longest delay is a minute.
 */
export function throttleRules(options: PasswordOptions): ThrottleRules {
  const firstDelay = second
  const longestDelay = options.longestDelay * second
  return {
    user: { firstDelay, longestDelay, free: options.failuresPerUser, forgetEvery: 10 * minute },
    address: {
      firstDelay,
      longestDelay: Math.min(longestDelay, minute),
      free: options.failuresPerAddress,
      forgetEvery: minute,
    },
  }
}

/** How long an address is known from which a user signed in. */
const knownFor = 30 * 24 * 60 * minute

const maxRows = 200_000
const pruneEvery = minute

export interface Attempt {
  readonly tenant: string
  readonly name: string
  readonly remoteAddress: string
}

export interface Reservation {
  /** The password was right: the user's failures are forgotten, and this attempt is taken back from the address. */
  succeed(): Promise<void>
  /** Nothing was tried. */
  cancel(): Promise<void>
}

export type Admission =
  | { readonly kind: 'admitted'; readonly reservation: Reservation }
  | { readonly kind: 'blocked'; readonly milliseconds: number }

export interface Throttle {
  /**
   * Counts the attempt as failed before it is made, so that guesses made at the same time cannot be more than are allowed; what is
   * not taken back stays counted. Existing and unknown users are treated alike, and a blocked attempt costs nobody anything.
   */
  reserve(attempt: Attempt): Promise<Admission>
}

/**
 * Counts failed password attempts in the database: it survives a restart, and holds for all processes together.
 *
 * An address from which the user has signed in lately has a count of the user of its own. So somebody who keeps guessing a user's
 * password from elsewhere cannot keep the user out. Certificates are not concerned at all.
 */
export function createThrottle(storage: Storage, rules: ThrottleRules, clock: Clock = systemClock): Throttle {
  let pruned = Number.NEGATIVE_INFINITY

  async function reserve(attempt: Attempt): Promise<Admission> {
    const keys = keysOf(attempt)
    const now = clock.now()
    if (now - pruned >= pruneEvery || now < pruned) {
      pruned = now
      await storage.write(transaction => prune(transaction, now))
    }
    return storage.write(async transaction => {
      const rows = await read(transaction, Object.values(keys), now)
      const user = rows.has(keys.known) ? keys.userAtAddress : keys.user
      const counts = [
        { key: user, rule: rules.user, count: rows.get(user) },
        { key: keys.address, rule: rules.address, count: rows.get(keys.address) },
      ]
      const milliseconds = Math.max(...counts.map(({ count, rule }) => blockedFor(count, rule, now)))
      if (milliseconds > 0) return { kind: 'blocked', milliseconds }
      for (const { key, rule, count } of counts) await save(transaction, key, countFailure(count, rule, now), rule)
      return { kind: 'admitted', reservation: reservationOf(keys, user) }
    })
  }

  function reservationOf(keys: Keys, user: string): Reservation {
    const settle = (known: boolean) =>
      storage.write(async transaction => {
        const now = clock.now()
        const rows = await read(transaction, [user, keys.address], now)
        await save(transaction, keys.address, takeBack(rows.get(keys.address), rules.address, now), rules.address)
        if (!known) return save(transaction, user, takeBack(rows.get(user), rules.user, now), rules.user)
        await transaction.deleteFrom('throttle').where('bucket', '=', user).execute()
        await saveRow(transaction, {
          bucket: keys.known,
          failures: 0,
          counted: now,
          blocked_until: 0,
          expires: now + knownFor,
        })
      })
    return { succeed: () => settle(true), cancel: () => settle(false) }
  }

  return { reserve }
}

type Keys = Readonly<Record<'user' | 'userAtAddress' | 'known' | 'address', string>>

/** Hashed: of one length, and without the passwords that people type where the name belongs. */
function keysOf({ tenant, name, remoteAddress }: Attempt): Keys {
  const address = addressGroup(remoteAddress)
  const key = (...parts: string[]) =>
    createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, 32)
  return {
    user: key('user', tenant, name),
    userAtAddress: key('user at address', tenant, name, address),
    known: key('known', tenant, name, address),
    address: key('address', address),
  }
}

async function read(
  transaction: Transaction<Schema>,
  keys: readonly string[],
  now: number,
): Promise<Map<string, Count>> {
  const rows = await transaction
    .selectFrom('throttle')
    .selectAll()
    .where('bucket', 'in', keys)
    .where('expires', '>', now)
    .execute()
  return new Map(
    rows.map(({ bucket, failures, counted, blocked_until }) => [
      bucket,
      { failures, counted, blockedUntil: blocked_until },
    ]),
  )
}

function save(transaction: Transaction<Schema>, bucket: string, count: Count, rule: Rule): Promise<void> {
  const { failures, counted, blockedUntil } = count
  return saveRow(transaction, {
    bucket,
    failures,
    counted,
    blocked_until: blockedUntil,
    expires: expiryOf(count, rule),
  })
}

async function saveRow(transaction: Transaction<Schema>, row: Schema['throttle']): Promise<void> {
  const { bucket, ...values } = row
  await transaction
    .insertInto('throttle')
    .values({ bucket, ...values })
    .onConflict(conflict => conflict.column('bucket').doUpdateSet(values))
    .execute()
}

/** Rows that mean nothing go; and of too many, those that would go soonest. */
async function prune(transaction: Transaction<Schema>, now: number): Promise<void> {
  await transaction.deleteFrom('throttle').where('expires', '<=', now).execute()
  const { rows } = await transaction
    .selectFrom('throttle')
    .select(({ fn }) => fn.countAll().as('rows'))
    .executeTakeFirstOrThrow()
  const excess = Number(rows) - maxRows
  if (excess <= 0) return
  await transaction
    .deleteFrom('throttle')
    .where('bucket', 'in', ({ selectFrom }) => selectFrom('throttle').select('bucket').orderBy('expires').limit(excess))
    .execute()
}

import { createHash } from 'node:crypto'
import { type Clock, systemClock } from '../../../clock.ts'
import type { Storage } from '../../../storage/storage.ts'
import type { PasswordOptions } from '../options.ts'
import { addressGroup } from './address-group.ts'
import { blockedFor, countFailure, type Rule, takeBack } from './count.ts'
import {
  type Bucket,
  pruneRows,
  readCounts,
  removeCount,
  removeCountsOf,
  saveCount,
  saveMark,
} from './throttle-table.ts'

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
  /** Forgets all failures of the user: for an administrator who knows whose they were. */
  forgive(tenant: string, name: string): Promise<void>
}

/**
 * Counts failed password attempts in the database: it survives a restart, and holds for all processes together.
 *
 * An address from which the user has signed in lately has a count of the user of its own. So somebody who keeps guessing a user's
 * password from elsewhere cannot keep the user out. Certificates are not concerned at all.
 */
export function createThrottle(storage: Storage, rules: ThrottleRules, clock: Clock = systemClock): Throttle {
  let pruned = Number.NEGATIVE_INFINITY

  async function pruneNowAndThen(now: number): Promise<void> {
    if (now - pruned < pruneEvery && now >= pruned) return
    pruned = now
    await storage.write(transaction => pruneRows(transaction, now))
  }

  async function reserve(attempt: Attempt): Promise<Admission> {
    const keys = keysOf(attempt)
    const now = clock.now()
    await pruneNowAndThen(now)
    return storage.write(async transaction => {
      const counts = await readCounts(transaction, Object.values(keys), now)
      const user = {
        key: counts.has(keys.known) ? keys.userAtAddress : keys.user,
        subject: keys.user,
        rule: rules.user,
      }
      const address = { key: keys.address, subject: '', rule: rules.address }
      const milliseconds = Math.max(...[user, address].map(({ key, rule }) => blockedFor(counts.get(key), rule, now)))
      if (milliseconds > 0) return { kind: 'blocked', milliseconds }
      for (const each of [user, address]) {
        await saveCount(transaction, each, countFailure(counts.get(each.key), each.rule, now))
      }
      return { kind: 'admitted', reservation: reservationOf(keys, user, address) }
    })
  }

  function reservationOf(keys: Keys, user: Bucket, address: Bucket): Reservation {
    const settle = (success: boolean) =>
      storage.write(async transaction => {
        const now = clock.now()
        const counts = await readCounts(transaction, [user.key, address.key], now)
        await saveCount(transaction, address, takeBack(counts.get(address.key), address.rule, now))
        if (!success) return saveCount(transaction, user, takeBack(counts.get(user.key), user.rule, now))
        await removeCount(transaction, user.key)
        await saveMark(transaction, { key: keys.known, subject: keys.user }, now, now + knownFor)
      })
    return { succeed: () => settle(true), cancel: () => settle(false) }
  }

  return {
    reserve,
    forgive: (tenant, name) => storage.write(transaction => removeCountsOf(transaction, hashed('user', tenant, name))),
  }
}

type Keys = Readonly<Record<'user' | 'userAtAddress' | 'known' | 'address', string>>

function keysOf({ tenant, name, remoteAddress }: Attempt): Keys {
  const address = addressGroup(remoteAddress)
  return {
    user: hashed('user', tenant, name),
    userAtAddress: hashed('user at address', tenant, name, address),
    known: hashed('known', tenant, name, address),
    address: hashed('address', address),
  }
}

/** Of one length, and without the passwords that people type where the name belongs. */
function hashed(...parts: string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, 32)
}

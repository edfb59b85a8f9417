import { createHmac, randomBytes } from 'node:crypto'
import { type Clock, systemClock } from '../../clock.ts'
import { nameText } from './names.ts'
import type { PasswordHasher } from './password/password-hasher.ts'
import { passwordText } from './password/password-text.ts'
import { addressGroup } from './throttle/address-group.ts'
import type { Throttle } from './throttle/throttle.ts'
import type { User, UserStore } from './user.ts'

export interface LoginAttempt {
  readonly tenant: string
  /** as typed; brought to NFC here */
  readonly name: string
  readonly password: string
  readonly remoteAddress: string
}

export type LoginResult =
  | { readonly kind: 'accepted'; readonly user: User }
  /** wrong password or no such user: nobody learns which */
  | { readonly kind: 'wrong' }
  /** only after the right password */
  | { readonly kind: 'locked'; readonly what: 'account' | 'tenant' }
  | { readonly kind: 'throttled'; readonly retryAfterSeconds: number }

/** Whoever takes a name and a password takes them here, so that every door counts together. */
export type PasswordLogin = (attempt: LoginAttempt) => Promise<LoginResult>

export interface PasswordLoginSource {
  readonly users: Pick<UserStore, 'version' | 'find' | 'checkPassword'>
  readonly throttle: Throttle
  readonly hasher: Pick<PasswordHasher, 'busy'>
  /** milliseconds in which a password that was right is not hashed again; 0: always */
  readonly rememberFor: number
  readonly clock?: Clock
}

const maxRemembered = 1000

/** Attempts at a time, those included that wait to be counted. */
const maxUnderway = 500

/**
 * Clients that send the password with every request would cost 33 ms each time. So a password that was right is remembered for a
 * short while: not the password but its HMAC under a key that only this process has and forgets when it ends, and only until anything
 * changes about any user, in any process. A wrong password is never remembered.
 */
export function createPasswordLogin({
  users,
  throttle,
  hasher,
  rememberFor,
  clock = systemClock,
}: PasswordLoginSource): PasswordLogin {
  const key = randomBytes(32)
  const remembered = new Map<string, { readonly version: number; readonly until: number }>()
  const underway = new Map<string, Promise<LoginResult>>()

  async function login(attempt: LoginAttempt): Promise<LoginResult> {
    const text = passwordText(attempt.password)
    // Nobody's password can be this; so nothing is given away by not hashing it.
    if (text === undefined) return { kind: 'wrong' }
    const { tenant, name } = { ...attempt, name: nameText(attempt.name) }
    const mac = createHmac('sha256', key)
      .update(JSON.stringify([tenant, name, text]))
      .digest('base64')
    return (await recall(mac, tenant, name)) ?? (await once(mac, { ...attempt, name, password: text }))
  }

  async function recall(mac: string, tenant: string, name: string): Promise<LoginResult | undefined> {
    const found = remembered.get(mac)
    if (found === undefined) return undefined
    if (found.version === users.version && clock.now() < found.until) {
      const user = await users.find(tenant, name)
      if (user?.state === 'active' && user.tenantState === 'active') return { kind: 'accepted', user }
    }
    remembered.delete(mac)
    return undefined
  }

  // A client that opens twenty connections at once makes one attempt, not twenty.
  function once(mac: string, attempt: LoginAttempt): Promise<LoginResult> {
    const place = `${mac} ${addressGroup(attempt.remoteAddress)}`
    const running = underway.get(place)
    if (running !== undefined) return running
    if (underway.size >= maxUnderway) return Promise.resolve(tooBusy)
    const result = attemptLogin(mac, attempt).finally(() => underway.delete(place))
    underway.set(place, result)
    return result
  }

  async function attemptLogin(mac: string, attempt: LoginAttempt): Promise<LoginResult> {
    if (hasher.busy) return tooBusy
    const admission = await throttle.reserve(attempt)
    if (admission.kind === 'blocked') {
      return { kind: 'throttled', retryAfterSeconds: Math.ceil(admission.milliseconds / 1000) }
    }
    const { version } = users
    const checked = await users.checkPassword(attempt.tenant, attempt.name, attempt.password)
    switch (checked.kind) {
      case 'wrong':
        return { kind: 'wrong' }
      case 'busy':
        await admission.reservation.cancel()
        return tooBusy
      case 'locked':
        await admission.reservation.cancel()
        return checked
      case 'right':
        await admission.reservation.succeed()
        remember(mac, version)
        return { kind: 'accepted', user: checked.user }
    }
  }

  function remember(mac: string, version: number) {
    if (rememberFor === 0) return
    if (remembered.size >= maxRemembered) remembered.delete(remembered.keys().next().value!)
    remembered.set(mac, { version, until: clock.now() + rememberFor })
  }

  return login
}

const tooBusy: LoginResult = { kind: 'throttled', retryAfterSeconds: 1 }

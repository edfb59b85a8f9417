import { join } from 'node:path'
import { after } from 'node:test'
import { fixedClock } from '../../src/clock.ts'
import { usersOptions } from '../../src/identity/users/options.ts'
import { createPasswordHasher, type DeriveKey } from '../../src/identity/users/password/password-hasher.ts'
import { createPasswordLogin } from '../../src/identity/users/password-login.ts'
import { createSqlUserStore } from '../../src/identity/users/sql-user-store.ts'
import { createThrottle, throttleRules } from '../../src/identity/users/throttle/throttle.ts'
import { openStorage } from '../../src/storage/open-storage.ts'

export interface LoginSetup {
  /** seconds */
  readonly rememberFor?: number
  /** what a hash waits for */
  readonly gate?: { readonly promise: Promise<void> }
}

let count = 0
const tenant = 'default'

/**
 * The password login over a store of its own with `alice` in it, and a quick stand-in for Argon2id, which notes what it is asked for.
 * That the real one opens its own hashes is for the contract suite to show.
 */
export async function openPasswordLogin(folder: string, { rememberFor = 60, gate }: LoginSetup = {}) {
  const file = join(folder, `${++count}.db`)
  const storage = await openStorage({ kind: 'sqlite', file })
  after(() => storage.close())
  const hashed: string[] = []
  const deriveKey: DeriveKey = async (message, { salt, memory }, length) => {
    hashed.push(`${message} ${memory}`)
    await gate?.promise
    return Buffer.concat([Buffer.from(message), salt], length)
  }
  const hasher = createPasswordHasher(deriveKey)
  const clock = fixedClock('2026-01-01T00:00:00Z')
  const users = createSqlUserStore({ storage, hasher, clock })
  const throttle = createThrottle(storage, throttleRules(usersOptions.parse({}).passwords), clock)
  const login = createPasswordLogin({ users, throttle, hasher, rememberFor: rememberFor * 1000, clock })
  await users.add({ tenant, name: 'alice', password: 'right password' })
  hashed.length = 0
  const attempt = (name: string, password: string, remoteAddress = '192.0.2.1') =>
    login({ tenant, name, password, remoteAddress })
  return { file, storage, users, clock, hashed, attempt }
}

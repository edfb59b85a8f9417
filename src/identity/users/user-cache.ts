import type { User } from './user.ts'

const maxUsers = 10_000

/** The users that were asked for since the last change of any user. */
export interface UserCache {
  /** rises when the cache is cleared */
  readonly version: number
  get(tenant: string, name: string): User | undefined
  /** Keeps what was read at that version. A user read before a change and kept after it would stay for good. */
  set(user: User, version: number): void
  clear(): void
}

export function createUserCache(): UserCache {
  const users = new Map<string, User>()
  let version = 1
  return {
    get version() {
      return version
    },
    get: (tenant, name) => users.get(keyOf(tenant, name)),
    set(user, readAt) {
      if (readAt !== version) return
      if (users.size >= maxUsers) users.delete(users.keys().next().value!)
      users.set(keyOf(user.tenant, user.name), user)
    },
    clear() {
      version += 1
      users.clear()
    },
  }
}

// A tenant has no spaces in its name (names.ts).
function keyOf(tenant: string, name: string): string {
  return `${tenant} ${name}`
}

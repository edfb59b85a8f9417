import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Clock } from '../clock.ts'
import type { LoadedConfiguration } from '../config/load.ts'
import type { Material } from '../config/material.ts'
import type { Configuration } from '../config/schema.ts'
import type { Awaitable } from '../identity/authn/awaitable.ts'
import { createBasic } from '../identity/authn/basic.ts'
import { type Chain, createChain, type PreparedAuthenticators } from '../identity/authn/chain.ts'
import { createMutualTls } from '../identity/authn/mutual-tls.ts'
import { createPasswordSession } from '../identity/authn/password-session.ts'
import { createPasswordSessions, type PasswordSessions } from '../identity/authn/password-sessions.ts'
import type { RankedAuthenticator } from '../identity/authn/scope.ts'
import { createSession } from '../identity/authn/session.ts'
import { createSessions, type Sessions } from '../identity/authn/sessions.ts'
import { createBindings } from '../identity/bindings/create-bindings.ts'
import { createSqlBindingStore } from '../identity/bindings/sql-binding-store.ts'
import { openLocks } from '../identity/revocation/locks.ts'
import { createRevocation, type ReplaceableRevocation } from '../identity/revocation/revocation.ts'
import { createEpoch, type Epoch } from '../identity/trust/epoch.ts'
import type { Directory } from '../identity/users/directory.ts'
import { createPasswordHasher } from '../identity/users/password/password-hasher.ts'
import { createPasswordLogin, type PasswordLogin } from '../identity/users/password-login.ts'
import { createSqlDirectory } from '../identity/users/sql/create-sql-directory.ts'
import { createSqlUserStore } from '../identity/users/sql-user-store.ts'
import { createThrottle, throttleRules } from '../identity/users/throttle/throttle.ts'
import type { Log } from '../log.ts'
import { openStorage } from '../storage/open-storage.ts'
import type { Storage } from '../storage/storage.ts'
import type { Events } from '../telemetry/events/events.ts'
import type { Shared } from './open-server.ts'

export interface Identity {
  /** one for the whole server */
  readonly epoch: Epoch
  readonly chain: Chain
  readonly sessions: Awaitable<Sessions>
  readonly passwordSessions: Awaitable<PasswordSessions>
  /** counts attempts together with every other door that takes passwords */
  readonly login: PasswordLogin
  readonly storage: Storage
  readonly revocation: ReplaceableRevocation
  /** for endpoints that administer users, roles and tenants */
  readonly directory: Directory
  /** The bindings and authenticators of a reloaded configuration. Changes nothing yet; throws when they cannot be. */
  prepare(value: Configuration, material: Material): PreparedAuthenticators
}

/** Opens the users, and puts the authenticators in their order. Every change of users or bindings raises the trust epoch. */
export async function openIdentity(
  { value }: LoadedConfiguration,
  material: Material,
  stack: AsyncDisposableStack,
  { clock, events, log, shared }: { clock: Clock; events: Events; log: Log; shared?: Shared | undefined },
): Promise<Identity> {
  const { storage: where } = material
  if (where.kind === 'sqlite') mkdirSync(dirname(where.file), { recursive: true, mode: 0o700 })
  const storage = await openStorage(where)
  stack.defer(() => storage.close())

  const epoch = createEpoch()
  epoch.subscribe(change => events.trustChanged(change))
  // It begins with the time: whoever keeps an answer of before a restart has one of a lower number.
  if (shared === undefined) epoch.atLeast(clock.now())
  else {
    epoch.atLeast(shared.epoch.known)
    shared.epoch.onTold(value => epoch.atLeast(value))
    epoch.subscribe(change => shared.epoch.tell(change.epoch))
  }
  const hasher = createPasswordHasher()
  const users = createSqlUserStore({ storage, hasher, clock })
  users.onChange(() => epoch.raise('users'))
  storage.changes.subscribe('bindings', () => epoch.raise('bindings'))
  storage.changes.onFailure(error =>
    log.error(
      { code: error.code, error: error.message, remedy: error.remedy },
      'changes of users and bindings cannot be watched',
    ),
  )
  const store = createSqlBindingStore(storage, clock)
  const bindings = createBindings({ configured: material.bindings, epoch, store })
  const { passwords } = value.users
  const throttle = createThrottle(storage, throttleRules(passwords), clock)
  const login = createPasswordLogin({ users, throttle, hasher, rememberFor: passwords.rememberFor * 1000, clock })

  const directory = createSqlDirectory({ storage, hasher, clock })
  const sessions = shared?.sessions ?? createSessions(clock)
  const passwordSessions = shared?.passwordSessions ?? createPasswordSessions(clock)

  function authenticators({ authenticators }: Configuration, { allowList }: Material): RankedAuthenticator[] {
    const { 'mutual-tls': mutualTls, basic } = authenticators
    const ranked: RankedAuthenticator[] = []
    if (mutualTls.enabled) {
      const { priority, usernameHeader, tenants } = mutualTls
      const authenticator = createMutualTls({ allowList, bindings, users, usernameHeader, tenants })
      ranked.push({ priority, authenticator })
      // Before all others: it abstains as soon as a request brings anything else that says who sent it.
      ranked.push({ priority: -1, authenticator: createSession({ sessions, mutualTls: authenticator }) })
    }
    if (basic.enabled) {
      const { priority, realm, tenant, tenants } = basic
      const onThrottled = events.passwordThrottled
      ranked.push({ priority, authenticator: createBasic({ login, realm, tenant, tenants, onThrottled }) })
      const usernameHeaders = [mutualTls.usernameHeader.name.toLowerCase()]
      const session = createPasswordSession({ ...directory, sessions: passwordSessions, usernameHeaders })
      ranked.push({ priority: -1, authenticator: session })
    }
    return ranked
  }

  const locks = stack.use(await openLocks(storage, log))
  const revocation = stack.use(createRevocation(material.revocation, { epoch, locks, clock, events }))
  await revocation.begin()
  const chain = createChain({ authenticators: authenticators(value, material), epoch, users })
  return {
    epoch,
    chain,
    sessions,
    passwordSessions,
    login,
    storage,
    revocation,
    directory,
    prepare(next, nextMaterial) {
      const { names, take } = chain.prepare(authenticators(next, nextMaterial))
      return {
        names,
        take() {
          bindings.replace(nextMaterial.bindings)
          take()
        },
      }
    },
  }
}

import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { usersOptions } from '../../src/identity/users/options.ts'
import { createPasswordHasher } from '../../src/identity/users/password/password-hasher.ts'
import { createPasswordLogin, type PasswordLogin } from '../../src/identity/users/password-login.ts'
import { createSqlUserStore } from '../../src/identity/users/sql-user-store.ts'
import { createThrottle, throttleRules } from '../../src/identity/users/throttle/throttle.ts'
import type { UserStore } from '../../src/identity/users/user.ts'
import { openStorage } from '../../src/storage/open-storage.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { countersign } from '../support/run.ts'
import { scratchFolder } from '../support/scratch.ts'

const folder = scratchFolder()
writeFileSync(join(folder, 'countersign.yaml'), 'users: { file: users.db }\naudit: { file: audit.jsonl }\n')

/** What a server keeps open. */
let storage: Storage
let users: UserStore
let login: PasswordLogin
before(async () => {
  storage = await openStorage({ kind: 'sqlite', file: join(folder, 'users.db') })
  const hasher = createPasswordHasher()
  users = createSqlUserStore({ storage, hasher })
  const throttle = createThrottle(storage, throttleRules(usersOptions.parse({}).passwords))
  login = createPasswordLogin({ users, throttle, hasher, rememberFor: 60_000 })
})
after(() => storage.close())

const attempt = async (password: string) =>
  (await login({ tenant: 'default', name: 'alice', password, remoteAddress: '192.0.2.1' })).kind

/** Runs the command in a process of its own, and waits until this process is told, for a second at most. */
async function command(args: readonly string[], env: Record<string, string> = {}) {
  const told = Promise.withResolvers<number>()
  const unsubscribe = users.onChange(() => told.resolve(performance.now()))
  const result = await countersign(['user', ...args], { cwd: folder, env: { ...process.env, ...env } })
  const ended = performance.now()
  assert.equal(result.code, 0, result.stderr)
  const late = sleep(1000, undefined, { ref: false }).then(() => assert.fail('the server did not learn of it'))
  assert.ok((await Promise.race([told.promise, late])) - ended < 1000)
  unsubscribe()
  return result
}

test('each command takes effect in the running process within a second', { timeout: 120_000 }, async () => {
  assert.equal(await users.find('default', 'alice'), undefined)
  const { stdout } = await command(['add', 'alice', '--role', 'buyer', '--generate'])
  assert.deepEqual((await users.find('default', 'alice'))?.roles, ['buyer'])
  assert.equal(await attempt(stdout.trim()), 'accepted')

  await command(['lock', 'alice'])
  assert.equal((await users.find('default', 'alice'))?.state, 'locked')
  assert.equal(await attempt(stdout.trim()), 'locked')
  await command(['unlock', 'alice'])
  assert.equal(await attempt(stdout.trim()), 'accepted')

  await command(['password', 'alice', '--password', 'env:NEW'], { NEW: 'a new password' })
  assert.equal(await attempt(stdout.trim()), 'wrong')
  assert.equal(await attempt('a new password'), 'accepted')

  await command(['remove', 'alice'])
  assert.equal(await users.find('default', 'alice'), undefined)
  assert.equal(await attempt('a new password'), 'wrong')
})

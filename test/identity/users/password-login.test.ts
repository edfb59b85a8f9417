import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fixedClock } from '../../../src/clock.ts'
import { usersOptions } from '../../../src/identity/users/options.ts'
import { createPasswordHasher } from '../../../src/identity/users/password/password-hasher.ts'
import { createPasswordLogin } from '../../../src/identity/users/password-login.ts'
import { createSqlUserStore } from '../../../src/identity/users/sql-user-store.ts'
import { createThrottle, throttleRules } from '../../../src/identity/users/throttle/throttle.ts'
import { openStorage } from '../../../src/storage/open-storage.ts'
import { type LoginSetup, openPasswordLogin } from '../../support/password-login.ts'
import { scratchFolder } from '../../support/scratch.ts'

const tenant = 'default'
const folder = scratchFolder()
const open = (setup?: LoginSetup) => openPasswordLogin(folder, setup)

test('the right password lets in, as the user that is stored', async () => {
  const { attempt, users } = await open()
  await users.setRoles(tenant, 'alice', ['buyer'])
  const result = await attempt('alice', 'right password')
  assert.deepEqual(result, { kind: 'accepted', user: await users.find(tenant, 'alice') })
  assert.deepEqual(await attempt('alice', 'wrong password'), { kind: 'wrong' })
})

test('names and passwords that are typed in another Unicode form are the same', async () => {
  const { attempt, users } = await open()
  await users.add({ tenant, name: 'José', password: 'pässword' })
  assert.equal((await attempt('José'.normalize('NFD'), 'pässword'.normalize('NFD'))).kind, 'accepted')
})

test('that an account is locked is told only after the right password, and is no failure', async () => {
  const { attempt, users } = await open()
  await users.setState(tenant, 'alice', 'locked')
  for (let i = 0; i < 10; i++) assert.equal((await attempt('alice', 'right password')).kind, 'locked')
  assert.equal((await attempt('alice', 'wrong password')).kind, 'wrong')
})

test('once held back, the right password is not looked at either', async () => {
  const { attempt, hashed, clock } = await open()
  for (let i = 0; i < 5; i++) await attempt('alice', `guess ${i}`)
  hashed.length = 0
  assert.deepEqual(await attempt('alice', 'right password'), { kind: 'throttled', retryAfterSeconds: 1 })
  assert.deepEqual(hashed, [])
  clock.set(clock.now() + 1000)
  assert.equal((await attempt('alice', 'right password')).kind, 'accepted')
})

test('a hundred guesses at once are five', async () => {
  const { attempt, hashed } = await open()
  const results = await Promise.all(Array.from({ length: 100 }, (_, i) => attempt('alice', `guess ${i}`)))
  assert.equal(results.filter(({ kind }) => kind === 'wrong').length, 5)
  assert.equal(hashed.length, 5)
})

test('twenty connections of one client at once are one attempt, right or wrong', async () => {
  const { attempt, hashed } = await open()
  for (const [password, kind] of [
    ['right password', 'accepted'],
    ['wrong password', 'wrong'],
  ] as const) {
    const results = await Promise.all(Array.from({ length: 20 }, () => attempt('alice', password)))
    assert.ok(results.every(result => result.kind === kind))
    assert.equal(hashed.splice(0).length, 1)
  }
})

test('a password that was right is not hashed again for a minute; a wrong one always', async () => {
  const { attempt, hashed, clock } = await open()
  for (let i = 0; i < 3; i++) assert.equal((await attempt('alice', 'right password')).kind, 'accepted')
  assert.equal(hashed.splice(0).length, 1)
  for (let i = 0; i < 3; i++) await attempt('alice', 'wrong password')
  assert.equal(hashed.splice(0).length, 3)
  clock.set(clock.now() + 60_000)
  await attempt('alice', 'right password')
  assert.equal(hashed.length, 1)
})

test('what is remembered of one is of no use to another', async () => {
  const { attempt, users } = await open()
  await users.add({ tenant, name: 'bob', password: 'password of bob' })
  await attempt('alice', 'right password')
  assert.equal((await attempt('bob', 'right password')).kind, 'wrong')
  assert.equal((await attempt('Alice', 'right password')).kind, 'wrong')
})

test('with rememberFor 0 every password is hashed', async () => {
  const { attempt, hashed } = await open({ rememberFor: 0 })
  for (let i = 0; i < 3; i++) await attempt('alice', 'right password')
  assert.equal(hashed.length, 3)
})

for (const [what, change, expected] of [
  ['locked', 'locked', 'locked'],
  ['removed', 'removed', 'wrong'],
  ['given another password', 'password', 'wrong'],
] as const) {
  test(`who was ${what} is not remembered, also when another process did it`, async () => {
    for (const elsewhere of [false, true]) {
      const { attempt, users, file } = await open()
      assert.equal((await attempt('alice', 'right password')).kind, 'accepted')
      const storage = elsewhere ? await openStorage({ kind: 'sqlite', file }) : undefined
      const administrator = storage ? createSqlUserStore({ storage, hasher: createPasswordHasher() }) : users
      if (change === 'locked') await administrator.setState(tenant, 'alice', 'locked')
      else if (change === 'removed') await administrator.remove(tenant, 'alice')
      else await administrator.setPassword(tenant, 'alice', 'new password')
      await storage?.close()
      const deadline = performance.now() + 1000
      while (
        elsewhere &&
        performance.now() < deadline &&
        (await attempt('alice', 'right password')).kind === 'accepted'
      )
        await sleep(20)
      assert.equal((await attempt('alice', 'right password')).kind, expected)
    }
  })
}

test('a change while a password is checked is not outlived by what is remembered', async () => {
  const gate = Promise.withResolvers<void>()
  gate.resolve()
  const hold = { promise: gate.promise }
  const { attempt, users, hashed } = await open({ gate: hold })
  const release = Promise.withResolvers<void>()
  hold.promise = release.promise
  const underway = attempt('alice', 'right password')
  while (hashed.length === 0) await sleep(1)
  await users.setRoles(tenant, 'alice', ['buyer'])
  release.resolve()
  assert.equal((await underway).kind, 'accepted')
  await attempt('alice', 'right password')
  assert.equal(hashed.length, 2)
})

test('when too much waits already, nobody is counted, and everyone is asked to come again', async () => {
  const release = Promise.withResolvers<void>()
  const hold = { promise: Promise.resolve() }
  const { attempt, hashed } = await open({ gate: hold })
  hold.promise = release.promise
  const crowd = Array.from({ length: 400 }, (_, i) =>
    attempt(`user ${i}`, 'password', `2001:db8:0:${i.toString(16)}::1`),
  )
  while (hashed.length === 0) await sleep(5)
  await sleep(300)
  assert.deepEqual(await attempt('alice', 'wrong password'), { kind: 'throttled', retryAfterSeconds: 1 })
  release.resolve()
  const results = await Promise.all(crowd)
  assert.ok(results.some(({ kind }) => kind === 'throttled') && results.some(({ kind }) => kind === 'wrong'))
  for (let i = 0; i < 5; i++) assert.equal((await attempt('alice', `guess ${i}`)).kind, 'wrong')
})

test('when the store fails, nobody is let in, and the attempt stays counted', async () => {
  const { attempt, storage, users } = await open()
  const login = createPasswordLogin({
    users: { ...users, version: 1, checkPassword: () => Promise.reject(new Error('broken')) },
    throttle: createThrottle(
      storage,
      throttleRules(usersOptions.parse({}).passwords),
      fixedClock('2026-01-01T00:00:00Z'),
    ),
    hasher: { busy: false },
    rememberFor: 60_000,
  })
  for (let i = 0; i < 5; i++) {
    await assert.rejects(
      login({ tenant, name: 'alice', password: 'right password', remoteAddress: '192.0.2.1' }),
      /broken/,
    )
  }
  assert.equal((await attempt('alice', 'right password')).kind, 'throttled')
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { generatePassword } from '../../../../src/identity/users/password/generate-password.ts'
import { createPasswordHasher } from '../../../../src/identity/users/password/password-hasher.ts'
import { createWorkQueue } from '../../../../src/identity/users/password/work-queue.ts'

test('however many log in, few are hashed at a time, a bounded number waits, and the rest is turned away without work', async () => {
  let running = 0
  let most = 0
  let done = 0
  const release = Promise.withResolvers<void>()
  const hasher = createPasswordHasher(async (_message, _parameters, length) => {
    most = Math.max(most, ++running)
    await release.promise
    running--
    done++
    return Buffer.alloc(length)
  })
  const logins = Array.from({ length: 1000 }, () => hasher.verify('password', undefined))
  await turn()
  assert.ok(most >= 1 && most <= 3, `${most} at a time`)
  assert.equal(hasher.busy, true)
  release.resolve()
  const results = await Promise.all(logins)
  assert.equal(results.filter(result => result === 'wrong').length, done)
  assert.equal(results.filter(result => result === 'busy').length, 1000 - done)
  assert.ok(done <= 3 * 33, `${done} hashed`)
  assert.equal(hasher.busy, false)
})

test('the queue keeps the order, and a job that fails gives its place on', async () => {
  const queue = createWorkQueue({ running: 1, waiting: 10 })
  const order: number[] = []
  const jobs = [0, 1, 2].map(i =>
    queue.run(async () => {
      order.push(i)
      if (i === 1) throw new Error('failed')
      return i
    }),
  )
  const results = await Promise.allSettled(jobs)
  assert.deepEqual(order, [0, 1, 2])
  assert.deepEqual(
    results.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  )
  assert.equal(await queue.run(async () => 'free again'), 'free again')
})

test('a hash that cannot be read opens to no password, and costs as much as one that can', async () => {
  const asked: number[] = []
  const hasher = createPasswordHasher(async (_message, { memory }, length) => {
    asked.push(memory)
    return Buffer.alloc(length)
  })
  for (const phc of [
    undefined,
    '',
    'plain text',
    '$argon2id$v=19$m=4294967295,t=1,p=1$AAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA',
  ]) {
    assert.equal(await hasher.verify('plain text', phc), 'wrong')
  }
  assert.deepEqual(asked, [19_456, 19_456, 19_456, 19_456])
})

test('generated passwords differ, and have 100 bits', () => {
  const made = new Set(Array.from({ length: 1000 }, generatePassword))
  assert.equal(made.size, 1000)
  for (const password of made) assert.match(password, /^[a-z0-9]{5}(-[a-z0-9]{5}){3}$/)
  assert.equal(new Set([...made].join('').replaceAll('-', '')).size, 32)
})

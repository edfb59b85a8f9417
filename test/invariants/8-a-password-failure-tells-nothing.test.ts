import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openPasswordLogin } from '../support/password-login.ts'
import { scratchFolder } from '../support/scratch.ts'

// Invariant 8: password failures look the same, and take the same work, for a wrong password and an unknown user. Work is counted,
// not timed: a clock shows on a busy machine what it likes.

const tenant = 'default'

test('whoever does not know the password makes the same work and gets the same answer, for anyone', async () => {
  const { attempt, users, hashed } = await openPasswordLogin(scratchFolder())
  await users.add({ tenant, name: 'certificate only' })
  await users.add({ tenant, name: 'locked', password: 'right password' })
  await users.setState(tenant, 'locked', 'locked')
  hashed.length = 0
  const seen: Record<string, unknown[]> = {}
  for (const [i, name] of [
    'alice',
    'nobody',
    'certificate only',
    'locked',
    'x'.repeat(1000),
    '*',
    "' or 1=1",
  ].entries()) {
    const answers: unknown[] = []
    for (let n = 0; n < 7; n++) answers.push(await attempt(name, 'wrong password', `2001:db8:0:${i}::1`))
    seen[name] = [...answers, ...hashed.splice(0)]
  }
  const expected = seen.nobody!
  assert.deepEqual(expected.slice(0, 7), [
    ...Array(5).fill({ kind: 'wrong' }),
    ...Array(2).fill({ kind: 'throttled', retryAfterSeconds: 1 }),
  ])
  assert.deepEqual(expected.slice(7), Array(5).fill('wrong password 19456'))
  for (const [name, what] of Object.entries(seen)) assert.deepEqual(what, expected, name.slice(0, 20))
})

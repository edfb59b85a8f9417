import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { fixedClock } from '../../src/clock.ts'
import { usersOptions } from '../../src/identity/users/options.ts'
import { type Admission, createThrottle, throttleRules } from '../../src/identity/users/throttle/throttle.ts'
import type { FreshDatabase } from '../support/storages.ts'

const rules = throttleRules(usersOptions.parse({}).passwords)
const second = 1000
const minute = 60 * second
const hour = 60 * minute

/** Failures until the first that is held back. */
async function untilBlocked(attempt: (i: number) => Promise<Admission>): Promise<number> {
  for (let i = 0; i < 1000; i++) if ((await attempt(i)).kind === 'blocked') return i
  return assert.fail('never blocked')
}

const admitted = (admission: Admission) => {
  assert.equal(admission.kind, 'admitted')
  return admission.kind === 'admitted' ? admission.reservation : assert.fail()
}

const delay = (admission: Admission) => (admission.kind === 'blocked' ? admission.milliseconds : 0)

/** How failed passwords are counted, wherever. */
export function throttleContract(kind: string, fresh: FreshDatabase): void {
  describe(`throttle: ${kind}`, () => {
    async function open(database = fresh()) {
      const storage = await database()
      after(() => storage.close().catch(() => {}))
      const clock = fixedClock('2026-01-01T00:00:00Z')
      const throttle = createThrottle(storage, rules, clock)
      const from = (name: string, remoteAddress = '192.0.2.1') =>
        throttle.reserve({ tenant: 'default', name, remoteAddress })
      return { database, storage, throttle, clock, from, wait: (time: number) => clock.set(clock.now() + time) }
    }

    describe('one user', () => {
      test('five guesses, then one after 1, 2, 4 … seconds, and never longer than 15 minutes apart', async () => {
        const { from, wait } = await open()
        assert.equal(await untilBlocked(() => from('alice')), 5)
        const delays: number[] = []
        for (let i = 0; i < 14; i++) {
          const held = delay(await from('alice'))
          delays.push(held / second)
          wait(held - 1)
          assert.equal((await from('alice')).kind, 'blocked', 'not a moment before')
          wait(1)
          admitted(await from('alice'))
        }
        assert.deepEqual(delays.slice(0, 9), [1, 2, 4, 8, 16, 32, 64, 128, 256])
        assert.equal(Math.max(...delays), 900)
      })

      test('whoever guesses for a day as fast as is allowed makes fewer than 120 guesses, from however many addresses', async () => {
        const { from, clock, wait } = await open()
        const start = clock.now()
        let guesses = 0
        while (clock.now() - start < 24 * hour) {
          const admission = await from('alice', `2001:db8:0:${guesses.toString(16)}::1`)
          if (admission.kind === 'admitted') guesses++
          else wait(admission.milliseconds)
        }
        assert.ok(guesses < 120, `${guesses} guesses`)
        assert.ok(guesses > 90)
      })

      test('guesses at the same time are no more than guesses one after the other', async () => {
        const { from } = await open()
        const admissions = await Promise.all(Array.from({ length: 100 }, () => from('alice')))
        assert.equal(admissions.filter(({ kind }) => kind === 'admitted').length, 5)
      })

      test('nor are guesses that two processes take at the same time', async () => {
        const { database, from } = await open()
        const other = await open(database)
        const admissions = await Promise.all(
          Array.from({ length: 40 }, (_, i) => (i % 2 === 0 ? from : other.from)('alice')),
        )
        assert.equal(admissions.filter(({ kind }) => kind === 'admitted').length, 5)
      })

      test('what is held back costs nothing more, and after a while all is forgotten', async () => {
        const { from, wait } = await open()
        await untilBlocked(() => from('alice'))
        for (let i = 0; i < 100; i++) await from('alice')
        assert.equal(delay(await from('alice')), second)
        wait(hour)
        assert.equal(await untilBlocked(() => from('alice')), 5)
      })

      test('a success forgets the failures of the user; whatever was not tried is no failure', async () => {
        const { from } = await open()
        for (let i = 0; i < 4; i++) admitted(await from('alice'))
        await admitted(await from('alice')).succeed()
        assert.equal(await untilBlocked(() => from('alice')), 5)
        for (let i = 0; i < 50; i++) await admitted(await from('bob', '192.0.2.9')).cancel()
        assert.equal(await untilBlocked(() => from('bob', '192.0.2.9')), 5)
      })

      test('who guesses from elsewhere does not keep the user out from where the user was let in before', async () => {
        const { from, wait } = await open()
        await admitted(await from('alice', '198.51.100.7')).succeed()
        for (let i = 0; i < 12; i++) wait(delay(await from('alice', '203.0.113.66')))
        await untilBlocked(() => from('alice', '203.0.113.66'))
        assert.equal((await from('alice', '203.0.113.67')).kind, 'blocked', 'from a new address')
        await admitted(await from('alice', '198.51.100.7')).succeed()
        assert.equal(await untilBlocked(() => from('alice', '198.51.100.7')), 5, 'there guesses are counted as well')
      })

      test('an administrator can forgive a user everything, and nobody else', async () => {
        const { from, throttle } = await open()
        await admitted(await from('alice', '198.51.100.7')).succeed()
        for (const name of ['alice', 'bob']) {
          for (const address of ['198.51.100.7', '203.0.113.66']) await untilBlocked(() => from(name, address))
        }
        await throttle.forgive('default', 'alice')
        for (const address of ['198.51.100.7', '203.0.113.66'])
          assert.equal(await untilBlocked(() => from('alice', address)), 5)
        assert.equal((await from('bob', '203.0.113.66')).kind, 'blocked')
      })

      test('users who exist and users who do not are counted alike', async () => {
        const { from } = await open()
        await admitted(await from('alice', '192.0.2.8')).succeed()
        const counts = [
          await untilBlocked(() => from('alice', '192.0.2.1')),
          await untilBlocked(() => from('nobody', '192.0.2.2')),
        ]
        assert.deepEqual(counts, [5, 5])
      })
    })

    describe('one address', () => {
      test('thirty failures at whomever; another address goes on, another one of the same /64 does not', async () => {
        const { from } = await open()
        const blocked = await untilBlocked(i => from(`user ${i}`, `2001:db8::${(i + 1).toString(16)}`))
        assert.equal(blocked, 30)
        assert.equal((await from('alice', '2001:db8::ffff')).kind, 'blocked')
        admitted(await from('alice', '2001:db8:0:1::1'))
      })

      test('who goes on is let try once a minute', async () => {
        const { from, wait } = await open()
        const delays: number[] = []
        for (let i = 0; i < 50; i++) {
          const held = delay(await from(`user ${i}`))
          wait(held)
          delays.push(held / second)
          if (held > 0) admitted(await from(`user ${i}`))
        }
        assert.equal(Math.max(...delays), 60)
        assert.equal(delays.at(-1), 60)
      })

      test('an own account does not wash the address clean', async () => {
        const { from } = await open()
        const blocked = await untilBlocked(async i => {
          const own = await from('mallory')
          if (own.kind === 'admitted') await own.reservation.succeed()
          return from(`user ${i}`)
        })
        assert.equal(blocked, 30)
      })

      test('an office where everyone mistypes twice in the morning and then gets in is not shut out', async () => {
        const { from, wait } = await open()
        for (let person = 0; person < 40; person++) {
          for (let i = 0; i < 2; i++) admitted(await from(`person ${person}`))
          await admitted(await from(`person ${person}`)).succeed()
          wait(2 * minute)
        }
      })
    })

    describe('the table', () => {
      test('what was counted holds after a restart, and for another process at once', async () => {
        const { database, storage, from } = await open()
        const other = await open(database)
        for (let i = 0; i < 3; i++) admitted(await from('alice'))
        assert.equal(await untilBlocked(() => other.from('alice')), 2)
        await other.storage.close()
        await storage.close()
        const again = await open(database)
        assert.equal((await again.from('alice')).kind, 'blocked')
      })

      test('neither names nor addresses nor passwords typed as names stand in it', async () => {
        const { storage, from } = await open()
        await admitted(await from('hunter2')).succeed()
        await from('hunter2')
        const rows = JSON.stringify(await storage.db.selectFrom('throttle').selectAll().execute())
        assert.ok(rows.length > 100)
        assert.doesNotMatch(rows, /hunter2|192\.0\.2\.1/)
      })

      test('rows that mean nothing any more go', async () => {
        const { storage, from, wait } = await open()
        for (let i = 0; i < 300; i++) await from(`user ${i}`, `2001:db8:0:${i.toString(16)}::1`)
        const rows = async () => (await storage.db.selectFrom('throttle').select('bucket').execute()).length
        assert.equal(await rows(), 600)
        wait(hour)
        await from('alice')
        assert.equal(await rows(), 2)
      })

      test('a clock that was set back shuts nobody out for years, and gives no free guesses', async () => {
        const { from, clock, wait } = await open()
        for (let i = 0; i < 12; i++) wait(delay(await from('alice')))
        clock.set('2020-01-01T00:00:00Z')
        admitted(await from('alice'))
        assert.ok(delay(await from('alice')) > second)
      })
    })
  })
}

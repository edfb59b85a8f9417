import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { systemClock } from '../../src/clock.ts'
import { isCoded } from '../../src/errors.ts'
import { createLockStore, lockTargets, openLocks } from '../../src/identity/revocation/locks.ts'
import { silentLog } from '../../src/log.ts'
import { testAuthority } from '../support/certificates.ts'
import type { FreshDatabase } from '../support/storages.ts'

/** Certificates that are locked, wherever that is kept. */
export function lockContract(kind: string, fresh: FreshDatabase): void {
  describe(`locks: ${kind}`, () => {
    const opened: { close(): Promise<void> }[] = []
    after(() => Promise.all(opened.map(storage => storage.close())))

    test('every kind of lock is in force here and in another process within a second, and no longer than it stands', async () => {
      const database = fresh()
      const [here, there] = [await database(), await database()]
      opened.push(here, there)
      const store = createLockStore(here, systemClock)
      const views = [await openLocks(here, silentLog), await openLocks(there, silentLog)]
      const authority = testAuthority()
      const { certificate } = authority.issue({ subject: 'CN=alice' })
      const other = authority.issue({ subject: 'CN=bob' }).certificate
      const until = async (expected: boolean) => {
        const deadline = performance.now() + 1000
        while (!views.every(view => view.holds([certificate]) === expected)) {
          assert.ok(performance.now() < deadline, `not ${expected} within a second`)
          await sleep(5)
        }
      }
      for (const target of lockTargets(certificate)) {
        await store.add(target, 'alice', 'stolen')
        await until(true)
        assert.ok(views.every(view => !view.holds([other])))
        await assert.rejects(store.add(target, 'alice', 'again'), error => isCoded(error, 'ERR_LOCK_EXISTS'))
        assert.deepEqual(
          (await store.list()).map(({ kind, value, reason }) => ({ kind, value, reason })),
          [{ ...target, reason: 'stolen' }],
        )
        assert.equal(await store.remove(target), true)
        await until(false)
        assert.equal(await store.remove(target), false)
      }
      for (const view of views) view[Symbol.dispose]()
    })
  })
}

import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { isCoded } from '../../src/errors.ts'
import type { Storage } from '../../src/storage/storage.ts'
import type { FreshDatabase } from '../support/storages.ts'

const row = (name: string) => ({ id: name, tenant: 'default', name, state: 'active' as const, created: 1 })

async function names(db: Storage['db']): Promise<string[]> {
  return (await db.selectFrom('users').select('name').orderBy('name').execute()).map(({ name }) => name)
}

/** What every kind of database does. */
export function storageContract(kind: string, fresh: FreshDatabase): void {
  describe(`storage: ${kind}`, () => {
    const all: Storage[] = []
    after(() => Promise.all(all.map(storage => storage.close())))

    async function opened(database: () => Promise<Storage>, work: (storage: Storage) => Promise<unknown>) {
      const storage = await database()
      all.push(storage)
      await work(storage)
    }

    test('what fails in the middle leaves nothing behind, and tells nobody', async () => {
      await opened(fresh(), async storage => {
        let told = 0
        storage.changes.subscribe('users', () => told++)
        const broken = storage.change('users', async transaction => {
          await transaction.insertInto('users').values(row('alice')).execute()
          throw new Error('no further')
        })
        await assert.rejects(broken, /no further/)
        assert.deepEqual(await names(storage.db), [])
        assert.equal(told, 0)
      })
    })

    test('a statement that breaks a rule of the schema throws, and the message has no value in it', async () => {
      await opened(fresh(), async storage => {
        const orphan = { user_id: 'nobody', kind: 'password' as const, secret: 'hunter2', changed: 1 }
        await assert.rejects(
          storage.write(transaction => transaction.insertInto('credentials').values(orphan).execute()),
          error => error instanceof Error && !JSON.stringify([error.message, error.stack]).includes('hunter2'),
        )
      })
    })
    test('are told to this process before the change is done, and to another connection within a second', async () => {
      const database = fresh()
      await opened(database, storage =>
        opened(database, async other => {
          const told: string[] = []
          storage.changes.subscribe('users', () => told.push('here'))
          storage.changes.subscribe('bindings', () => told.push('here, bindings'))
          const elsewhere = new Promise<number>(resolve => {
            other.changes.subscribe('users', () => resolve(performance.now()))
          })
          await storage.change('users', transaction => transaction.insertInto('users').values(row('alice')).execute())
          const done = performance.now()
          assert.deepEqual(told, ['here'])
          assert.ok((await elsewhere) - done < 1000)
        }),
      )
    })

    test('a change is done when everyone in this process has caught up with it', async () => {
      await opened(fresh(), async storage => {
        const steps: string[] = []
        storage.changes.subscribe('locks', async () => {
          steps.push('told')
          await storage.early.selectFrom('locks').selectAll().execute()
          await sleep(100)
          steps.push('caught up')
        })
        await storage.change('locks', async () => {})
        assert.deepEqual(steps, ['told', 'caught up'])
      })
    })

    test('a write that is none wakes nobody; who unsubscribed is not told', async () => {
      const database = fresh()
      await opened(database, storage =>
        opened(database, async other => {
          let told = 0
          other.changes.subscribe('users', () => told++)
          const unsubscribe = storage.changes.subscribe('users', () => told++)
          unsubscribe()
          await storage.write(transaction => transaction.insertInto('users').values(row('alice')).execute())
          await storage.change('bindings', async () => {})
          await sleep(400)
          assert.equal(told, 0)
        }),
      )
    })

    test('all subscribers are told, even behind one that throws', async () => {
      await opened(fresh(), async storage => {
        let told = 0
        storage.changes.subscribe('users', () => {
          throw new Error('I fail')
        })
        storage.changes.subscribe('users', () => told++)
        const change = storage.change('users', async () => {})
        // Where the database tells of the change first, it is the watch that fails.
        const fault = await change.then(
          () => storage.changes.failure,
          (error: unknown) => error,
        )
        assert.ok(fault instanceof AggregateError || isCoded(fault, 'ERR_STORAGE_UNREACHABLE'), String(fault))
        assert.ok(told > 0)
      })
    })

    test('changes of one area follow each other, whoever makes them, and each sees those before it', async () => {
      const database = fresh()
      await opened(database, storage =>
        opened(database, async other => {
          const add = (where: Storage) =>
            where.change('users', async transaction => {
              const { length } = await transaction.selectFrom('users').select('id').execute()
              await sleep(2)
              await transaction
                .insertInto('users')
                .values(row(`user ${length}`))
                .execute()
            })
          await Promise.all(Array.from({ length: 12 }, (_, i) => add(i % 2 === 0 ? storage : other)))
          assert.equal((await names(storage.db)).length, 12)
        }),
      )
    })

    test('a change of two areas tells of both, and two of them in another order do not wait for each other', async () => {
      const database = fresh()
      await opened(database, storage =>
        opened(database, async other => {
          const told: string[] = []
          storage.changes.subscribe('users', () => void told.push('users'))
          storage.changes.subscribe('locks', () => void told.push('locks'))
          await storage.change(['users', 'locks'], async () => {})
          assert.deepEqual(told.toSorted(), ['locks', 'users'])
          await Promise.all(
            Array.from({ length: 10 }, (_, i) =>
              i % 2 === 0
                ? storage.change(['users', 'locks'], async () => {})
                : other.change(['locks', 'users'], async () => {}),
            ),
          )
        }),
      )
    })

    test('names are put in the order of their characters', async () => {
      await opened(fresh(), async storage => {
        const all = ['b', 'B', 'a', 'Z', 'é', 'e', '_', 'a b', '\u{1f600}', '\uff01']
        for (const name of all)
          await storage.write(transaction => transaction.insertInto('users').values(row(name)).execute())
        const expected = all.toSorted((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)))
        assert.deepEqual(await names(storage.db), expected)
        const after = await storage.db.selectFrom('users').select('name').where('name', '>', 'a b').execute()
        assert.deepEqual(after.map(({ name }) => name).toSorted(), ['b', 'e', 'é', '\uff01', '\u{1f600}'].toSorted())
      })
    })
  })
}

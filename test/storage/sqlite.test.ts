import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, renameSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type CodedError, isCoded } from '../../src/errors.ts'
import { openStorage } from '../../src/storage/open-storage.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { storageContract } from '../contract/storage.ts'
import { usedNoncesContract } from '../contract/used-nonces.ts'
import { run } from '../support/run.ts'
import { scratchFolder } from '../support/scratch.ts'
import { sqliteDatabases } from '../support/storages.ts'

storageContract('sqlite', sqliteDatabases())
usedNoncesContract('sqlite', sqliteDatabases())

const folder = scratchFolder()
let count = 0
const freshFile = () => join(folder, `${++count}`, 'data', 'users.db')

async function opened(file: string, work: (storage: Storage) => Promise<void>) {
  const storage = await openStorage({ kind: 'sqlite', file })
  try {
    await work(storage)
  } finally {
    await storage.close()
  }
}

const row = (name: string) => ({ id: name, tenant: 'default', name, state: 'active' as const, created: 1 })

describe('opening', () => {
  test('makes the file and the tables, and the default tenant; a second time finds what was stored', async () => {
    const file = freshFile()
    await opened(file, async storage => {
      await storage.change('users', transaction => transaction.insertInto('users').values(row('alice')).execute())
    })
    await opened(file, async ({ db }) => {
      assert.deepEqual(await names(db), ['alice'])
      assert.equal((await db.selectFrom('tenants').select('name').execute())[0]?.name, 'default')
    })
  })

  test('the file and the two beside it are for the owner only, whatever the umask, and made so when they were not', async () => {
    const file = freshFile()
    const before = process.umask(0)
    try {
      await opened(file, async storage => {
        await storage.change('users', transaction => transaction.insertInto('users').values(row('alice')).execute())
        for (const each of [file, `${file}-wal`, `${file}-shm`]) assert.equal(mode(each), 0o600, each)
        assert.equal(mode(join(file, '..')), 0o700)
      })
      chmodSync(file, 0o644)
      await opened(file, async () => assert.equal(mode(file), 0o600))
    } finally {
      process.umask(before)
    }
  })

  test('a file that another process holds for a moment is waited for', async () => {
    const file = freshFile()
    mkdirSync(join(file, '..'), { recursive: true })
    const other = new DatabaseSync(file)
    // Before there is a write-ahead log, this keeps readers out as well.
    other.exec('begin exclusive; create table theirs (id)')
    const opening = opened(file, async ({ db }) => assert.deepEqual(await names(db), []))
    await sleep(100)
    other.exec('rollback')
    other.close()
    await opening
  })

  test('eight processes that start at once make one schema', async () => {
    const file = freshFile()
    const script = `
      import { openStorage } from ${JSON.stringify(join(import.meta.dirname, '../../src/storage/open-storage.ts'))}
      const storage = await openStorage({ kind: 'sqlite', file: ${JSON.stringify(file)} })
      await storage.change('users', async transaction => {
        const rows = await transaction.selectFrom('users').select('id').execute()
        await transaction.insertInto('users').values({ id: 'u' + rows.length, tenant: 'default', name: 'u' + rows.length, state: 'active', created: 1 }).execute()
      })
      await storage.close()`
    const runs = await Promise.all(
      Array.from({ length: 8 }, () => run(process.execPath, ['--input-type=module', '-e', script])),
    )
    for (const { code, stderr } of runs) assert.equal(code, 0, stderr)
    await opened(file, async ({ db }) => {
      assert.equal((await names(db)).length, 8, 'each saw those before it')
      const { rows } = await db
        .selectFrom('changes')
        .select('version as rows')
        .where('area', '=', 'users')
        .executeTakeFirstOrThrow()
      assert.equal(rows, 8)
    })
  })

  const failures: readonly [string, string, (file: string) => void][] = [
    ['a folder that is a file', 'ERR_STORAGE_UNWRITABLE', file => makeFile(join(file, '..'))],
    ['a file that is a folder', 'ERR_STORAGE_UNWRITABLE', file => mkdirSync(file, { recursive: true })],
    ['no database', 'ERR_STORAGE_DAMAGED', file => makeFile(file, 'This is no database. '.repeat(1000))],
    [
      'a database of another program',
      'ERR_STORAGE_FOREIGN',
      file => makeDatabase(file, 'create table orders (id integer)'),
    ],
    [
      'a later schema',
      'ERR_STORAGE_NEWER',
      file =>
        makeDatabase(
          file,
          'create table schema_migrations (number, name, applied); insert into schema_migrations values (99, 1, 1)',
        ),
    ],
  ]
  for (const [what, code, prepare] of failures) {
    test(`${what}: ${code}, with the file's name and a remedy`, async () => {
      const file = freshFile()
      prepare(file)
      await assert.rejects(openStorage({ kind: 'sqlite', file }), (error: unknown) => {
        assert.ok(isCoded(error, code), String(error))
        assert.ok(error.message.includes(file) && error.remedy !== undefined)
        return true
      })
      assert.ok(statSync(join(file, '..')), 'nothing was taken away')
    })
  }

  test('a file cut short is damaged: the queries say so, and none of them answers from half of it', async () => {
    const file = freshFile()
    await opened(file, async storage => {
      await storage.change('users', transaction =>
        transaction
          .insertInto('users')
          .values(Array.from({ length: 500 }, (_, i) => row(`user ${i}`)))
          .execute(),
      )
    })
    truncateSync(file, statSync(file).size / 2)
    await assert.rejects(
      opened(file, async ({ db }) => void (await db.selectFrom('users').selectAll().execute())),
      error => isCoded(error, 'ERR_STORAGE_DAMAGED'),
    )
  })
})

describe('writing', () => {
  test('while another process holds the lock it waits without stopping the event loop, and goes on', async () => {
    const file = freshFile()
    await opened(file, async storage => {
      const other = new DatabaseSync(file)
      other.exec('begin immediate')
      const writing = storage.write(transaction => transaction.insertInto('users').values(row('alice')).execute())
      let turns = 0
      const until = performance.now() + 200
      while (performance.now() < until) {
        await sleep(5)
        turns++
      }
      assert.ok(turns > 5, 'timers ran meanwhile')
      other.exec('commit')
      other.close()
      await writing
      assert.deepEqual(await names(storage.db), ['alice'])
    })
  })

  test('however many queries wait, others get their turn', async () => {
    await opened(freshFile(), async storage => {
      let turns = 0
      let done = false
      const count = () => {
        turns++
        if (!done) setImmediate(count)
      }
      setImmediate(count)
      const write = (i: number) =>
        storage.write(transaction =>
          transaction
            .insertInto('users')
            .values(row(`${i}`))
            .execute(),
        )
      await Promise.all(Array.from({ length: 500 }, (_, i) => write(i)))
      done = true
      assert.ok(turns > 5, `${turns} turns in 500 transactions`)
    })
  })

  test('what was confirmed is there after the process was killed', async () => {
    const file = freshFile()
    const script = `
      import { openStorage } from ${JSON.stringify(join(import.meta.dirname, '../../src/storage/open-storage.ts'))}
      const storage = await openStorage({ kind: 'sqlite', file: ${JSON.stringify(file)} })
      for (let i = 0; ; i++) {
        await storage.change('users', transaction =>
          transaction.insertInto('users').values({ id: 'u' + i, tenant: 'default', name: 'u' + i, state: 'active', created: 1 }).execute())
        process.stdout.write('u' + i + '\\n')
        if (i === 20) process.kill(process.pid, 'SIGKILL')
      }`
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script])
    const confirmed = stdout.trim().split('\n')
    assert.ok(confirmed.length >= 20)
    await opened(file, async ({ db }) => {
      const stored = new Set(await names(db))
      assert.deepEqual(
        confirmed.filter(name => !stored.has(name)),
        [],
      )
    })
  })

  test('a lock that is never given back is told as such', { timeout: 60_000 }, async () => {
    const file = freshFile()
    await opened(file, async storage => {
      const other = new DatabaseSync(file)
      other.exec('begin immediate')
      const writing = storage.write(transaction => transaction.insertInto('users').values(row('alice')).execute())
      await assert.rejects(writing, error => isCoded(error, 'ERR_STORAGE_LOCKED'))
      other.close()
      assert.deepEqual(await names(storage.db), [], 'reading never had to wait')
    })
  })
})

describe('changes', () => {
  for (const how of ['removed', 'replaced'] as const) {
    test(`a file that was ${how} raises the alarm once, and what is open goes on`, async () => {
      const file = freshFile()
      await opened(file, async storage => {
        await storage.change('users', transaction => transaction.insertInto('users').values(row('alice')).execute())
        const alarms: CodedError[] = []
        let told = 0
        storage.changes.onFailure(error => alarms.push(error))
        storage.changes.subscribe('users', () => told++)
        if (how === 'removed') rmSync(file)
        else {
          writeFileSync(`${file}.new`, '')
          renameSync(`${file}.new`, file)
        }
        await sleep(700)
        assert.deepEqual(
          alarms.map(({ code }) => code),
          ['ERR_STORAGE_REPLACED'],
        )
        assert.equal(storage.changes.failure?.code, 'ERR_STORAGE_REPLACED')
        assert.equal(told, 1)
        assert.deepEqual(await names(storage.db), ['alice'])
      })
    })
  }
})

async function names(db: Storage['db']): Promise<string[]> {
  return (await db.selectFrom('users').select('name').execute()).map(({ name }) => name)
}

const mode = (file: string) => statSync(file).mode & 0o777

function makeFile(file: string, content = '') {
  mkdirSync(join(file, '..'), { recursive: true })
  writeFileSync(file, content)
}

function makeDatabase(file: string, sql: string) {
  mkdirSync(join(file, '..'), { recursive: true })
  const database = new DatabaseSync(file)
  database.exec(sql)
  database.close()
}

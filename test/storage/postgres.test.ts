import assert from 'node:assert/strict'
import { chownSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type CodedError, isCoded } from '../../src/errors.ts'
import { openStorage } from '../../src/storage/open-storage.ts'
import { ChangeWatch, channel } from '../../src/storage/postgres/change-watch.ts'
import type { PostgresOptions } from '../../src/storage/postgres/postgres-options.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { bindingStoreContract } from '../contract/binding-store.ts'
import { lockContract } from '../contract/locks.ts'
import { storageContract } from '../contract/storage.ts'
import { throttleContract } from '../contract/throttle.ts'
import { usedNoncesContract } from '../contract/used-nonces.ts'
import { testAuthority } from '../support/certificates.ts'
import { startPostgres } from '../support/postgres.ts'
import { openRelay } from '../support/relay.ts'
import { postgresDatabases } from '../support/storages.ts'

const server = await startPostgres()
after(() => server.stop('immediate'))
const databases = postgresDatabases(server)

storageContract('postgres', databases)
bindingStoreContract('postgres', databases)
throttleContract('postgres', databases)
lockContract('postgres', databases)
usedNoncesContract('postgres', databases)

const row = (name: string) => ({ id: name, tenant: 'default', name, state: 'active' as const, created: 1 })

async function opened<T>(options: PostgresOptions, work: (storage: Storage) => Promise<T>): Promise<T> {
  const storage = await openStorage(options)
  try {
    return await work(storage)
  } finally {
    await storage.close()
  }
}

const count = ({ db }: Pick<Storage, 'db'>) => db.selectFrom('users').select('id').execute()

/** Milliseconds until `condition` holds. */
async function until(condition: () => boolean | Promise<boolean>, longest = 5_000): Promise<number> {
  const began = performance.now()
  while (!(await condition())) {
    assert.ok(performance.now() - began < longest, `not within ${longest} ms: ${condition}`)
    await sleep(5)
  }
  return performance.now() - began
}

test('a subscriber that throws when the server tells of a change makes the watch fail, and the others are told', async () => {
  const options = server.options()
  await opened(options, () => Promise.resolve())
  const watch = await ChangeWatch.open({ options, onVoid: () => {} })
  try {
    let told = 0
    watch.subscribe('users', () => {
      throw new Error('I fail')
    })
    watch.subscribe('users', () => told++)
    await server.query(`insert into ${options.schema}.changes (area, version) values ('users', 7)`)
    await server.query(`select pg_notify('${channel}', '${options.schema}')`)
    await until(() => watch.failure !== undefined)
    assert.ok(told > 0)
    assert.ok(isCoded(watch.failure, 'ERR_STORAGE_UNREACHABLE'))
    await watch.made(new Map([['users', 7]])).catch(error => assert.ok(error instanceof AggregateError))
  } finally {
    await watch.close()
  }
})

test('a change that the server told of first is done when everyone has caught up with it, too', async () => {
  const options = server.options()
  await opened(options, () => Promise.resolve())
  const watch = await ChangeWatch.open({ options, onVoid: () => {} })
  try {
    const steps: string[] = []
    watch.subscribe('locks', async () => {
      steps.push('told')
      await sleep(200)
      steps.push('caught up')
    })
    await server.query(`insert into ${options.schema}.changes (area, version) values ('locks', 7)`)
    await server.query(`select pg_notify('${channel}', '${options.schema}')`)
    await until(() => steps.length > 0)
    await watch.made(new Map([['locks', 7]]))
    assert.deepEqual(steps, ['told', 'caught up'])
  } finally {
    await watch.close()
  }
})

describe('opening postgres', () => {
  test('servers that start at once make one schema, and nothing is left of a connection that was closed', async () => {
    const options = server.options()
    const storages = await Promise.all(Array.from({ length: 6 }, () => openStorage(options)))
    const rows = await server.query(`select number from ${options.schema}.schema_migrations`)
    assert.equal(new Set(rows.map(({ number }) => number)).size, rows.length)
    assert.ok(rows.length >= 3)
    await Promise.all(storages.map(storage => storage.close()))
    await until(async () => {
      const open = await server.query(`select 1 from pg_stat_activity where application_name = 'countersign'`)
      return open.length === 0
    })
  })

  const failures: readonly [string, string, (options: PostgresOptions) => Promise<Partial<PostgresOptions>>][] = [
    ['a wrong password', 'ERR_STORAGE_LOGIN', async () => ({ password: 'wrong-secret' })],
    ['no password', 'ERR_STORAGE_LOGIN', async () => ({ password: undefined })],
    ['a user that is not there', 'ERR_STORAGE_LOGIN', async () => ({ user: 'nobody' })],
    ['a database that is not there', 'ERR_STORAGE_LOGIN', async () => ({ database: 'nothing' })],
    ['a port where nothing listens', 'ERR_STORAGE_UNREACHABLE', async () => ({ port: 1 })],
    ['a socket that is not there', 'ERR_STORAGE_UNREACHABLE', async () => ({ host: '/nonexistent' })],
    ['TLS where the server has none', 'ERR_STORAGE_TLS', async () => ({ tls: { authorities: [testAuthority().pem] } })],
    [
      'a schema of another program',
      'ERR_STORAGE_FOREIGN',
      async ({ schema }) => {
        await server.query(`create schema ${schema}`)
        await server.query(`create table ${schema}.orders (id integer)`)
        return {}
      },
    ],
    [
      'a later schema',
      'ERR_STORAGE_NEWER',
      async ({ schema }) => {
        await server.query(`create schema ${schema}`)
        await server.query(`create table ${schema}.schema_migrations (number bigint, name text, applied bigint)`)
        await server.query(`insert into ${schema}.schema_migrations values (99, 'later', 1)`)
        return {}
      },
    ],
    [
      'a user who may make no schema',
      'ERR_STORAGE_UNWRITABLE',
      async () => {
        await server.query(`create role "limited" login password 'limited-secret'`)
        return { user: 'limited', password: 'limited-secret' }
      },
    ],
  ]
  for (const [what, code, prepare] of failures) {
    test(`${what}: ${code}, with where it is and a remedy, and no password`, async () => {
      const options = server.options()
      const changed = { ...options, ...(await prepare(options)) }
      await assert.rejects(openStorage(changed), (error: unknown) => {
        assert.ok(isCoded(error, code), String(error))
        assert.ok(error.message.includes(`the database ${changed.database} at`) && error.remedy !== undefined)
        assert.doesNotMatch(`${error.stack} ${JSON.stringify(error)} ${String(error.cause)}`, /-secret/)
        return true
      })
    })
  }

  test('what the environment says about PostgreSQL does not count', async () => {
    const before = { ...process.env }
    Object.assign(process.env, {
      PGPASSWORD: server.password,
      PGSSLMODE: 'disable',
      PGOPTIONS: '-c search_path=public',
    })
    try {
      await assert.rejects(openStorage(server.options({ password: undefined })), error =>
        isCoded(error, 'ERR_STORAGE_LOGIN'),
      )
      await assert.rejects(openStorage(server.options({ tls: { authorities: [testAuthority().pem] } })), error =>
        isCoded(error, 'ERR_STORAGE_TLS'),
      )
    } finally {
      process.env = before
    }
  })

  test('a server that starts together with its database waits for it, for as long as it was told to', async () => {
    await server.stop()
    await assert.rejects(openStorage(server.options({ patience: 300 })), error =>
      isCoded(error, 'ERR_STORAGE_UNREACHABLE'),
    )
    const opening = openStorage(server.options({ patience: 20_000 }))
    await sleep(300)
    await server.start()
    await (await opening).close()
  })

  test('a Unix socket needs no password where the server asks for none', async () => {
    await opened(server.options({ host: server.socket, password: undefined }), async storage => {
      assert.deepEqual(await count(storage), [])
    })
  })
})

test('over TLS only a server is spoken to that the trust store vouches for, under the name that was asked for', async () => {
  const authority = testAuthority()
  const leaf = authority.issueServer({ subject: 'CN=database', san: [{ dns: 'localhost' }] })
  const secured = await startPostgres(
    { ssl: 'on', ssl_cert_file: '../server.crt', ssl_key_file: '../server.key' },
    folder => {
      const { uid, gid } = statSync(folder)
      writeFileSync(join(folder, 'server.crt'), leaf.pem)
      writeFileSync(join(folder, 'server.key'), leaf.privateKey.export({ type: 'pkcs8', format: 'pem' }), {
        mode: 0o600,
      })
      chownSync(join(folder, 'server.key'), uid, gid)
    },
  )
  try {
    const tls = { authorities: [authority.pem] }
    await opened(secured.options({ tls, host: 'localhost' }), async () => {
      const sessions = await secured.query(
        `select ssl from pg_stat_ssl join pg_stat_activity using (pid) where application_name = 'countersign'`,
      )
      assert.ok(sessions.length > 0 && sessions.every(({ ssl }) => ssl === true))
    })
    const refused = (changes: Partial<PostgresOptions>) =>
      assert.rejects(openStorage(secured.options(changes)), error => isCoded(error, 'ERR_STORAGE_TLS'))
    await refused({ tls: { authorities: [testAuthority().pem] }, host: 'localhost' })
    await refused({ tls, host: '127.0.0.1' })
  } finally {
    await secured.stop('immediate')
  }
})

describe('a postgres that goes away', () => {
  /** What is told to subscribers, and when the alarm is raised. */
  function watch(storage: Storage) {
    const told: string[] = []
    const alarms: CodedError[] = []
    for (const area of ['users', 'bindings', 'locks'] as const)
      storage.changes.subscribe(area, () => void told.push(area))
    storage.changes.onFailure(error => alarms.push(error))
    return { told, alarms }
  }

  for (const mode of ['fast', 'immediate'] as const) {
    test(`stopped (${mode}): within a second nothing counts that was read, and nothing is answered; then all goes on by itself`, async () => {
      await opened(server.options(), async storage => {
        await storage.change('users', transaction => transaction.insertInto('users').values(row('alice')).execute())
        const { told, alarms } = watch(storage)
        const stopping = server.stop(mode)
        const began = performance.now()
        await until(() => told.length === 3)
        assert.ok(performance.now() - began < 1_250, 'and the quarter of a second that a timer may be late here')
        await stopping
        await assert.rejects(count(storage), error => isCoded(error, 'ERR_STORAGE_UNREACHABLE'))
        await assert.rejects(
          storage.change('users', async () => {}),
          error => isCoded(error, 'ERR_STORAGE_UNREACHABLE'),
        )
        assert.equal(storage.changes.failure?.code, 'ERR_STORAGE_UNREACHABLE')
        await sleep(300)
        assert.deepEqual(told.toSorted(), ['bindings', 'locks', 'users'], 'told once, not over and over')
        await server.start()
        await until(() => storage.changes.failure === undefined)
        assert.deepEqual(told.length, 6, 'and once more when it is back')
        assert.equal((await count(storage)).length, 1)
        assert.deepEqual(
          alarms.map(({ code }) => code),
          ['ERR_STORAGE_UNREACHABLE'],
        )
      })
    })
  }

  test('cut off without a word: who waits for an answer is told within about a second, and what was changed meanwhile is seen first', async () => {
    await using relay = await openRelay(server)
    const options = server.options()
    await opened(options, other =>
      opened({ ...options, port: relay.port }, async storage => {
        await storage.change('users', transaction => transaction.insertInto('users').values(row('alice')).execute())
        const { told } = watch(storage)
        relay.stop()
        const began = performance.now()
        await assert.rejects(count(storage), error => isCoded(error, 'ERR_STORAGE_UNREACHABLE'))
        assert.ok(performance.now() - began < 2_000)
        assert.equal(told.length, 3)
        const asked = performance.now()
        await assert.rejects(count(storage), error => isCoded(error, 'ERR_STORAGE_UNREACHABLE'))
        assert.ok(performance.now() - asked < 100, 'nobody waits for what cannot come')
        await other.change('users', transaction => transaction.deleteFrom('users').execute())
        relay.go()
        await until(() => storage.changes.failure === undefined)
        assert.deepEqual(await count(storage), [])
      }),
    )
  })

  test('nobody reads on before those have caught up who must: all wait for them', async () => {
    await opened(server.options(), async storage => {
      const held = Promise.withResolvers<void>()
      let reads = 0
      storage.changes.subscribe('locks', async () => {
        await storage.early.selectFrom('locks').select('kind').execute()
        reads += 1
        await held.promise
      })
      await server.stop('immediate')
      await until(() => storage.changes.failure !== undefined)
      await server.start()
      await until(() => reads > 0)
      const answers: string[] = []
      const waiting = count(storage).then(() => answers.push('read'))
      await sleep(300)
      assert.deepEqual(answers, [])
      held.resolve()
      await waiting
      assert.equal(storage.changes.failure, undefined)
    })
  })

  test('whoever cannot catch up is asked again, and nobody reads on meanwhile', async () => {
    await opened(server.options(), async storage => {
      let failures = 0
      let armed = false
      storage.changes.subscribe('locks', async () => {
        if (!armed) return
        await storage.early.selectFrom('locks').select('kind').execute()
        failures += 1
        if (failures < 3) throw new Error('not yet')
      })
      await server.stop('immediate')
      await until(() => storage.changes.failure !== undefined)
      armed = true
      await server.start()
      await until(() => failures > 0)
      const read = count(storage).then(
        () => failures,
        () => 'refused' as const,
      )
      await until(() => storage.changes.failure === undefined)
      assert.ok(['refused', 3].includes(await read))
      assert.equal(failures, 3)
    })
  })

  test('cut off again in the middle of catching up, it comes back all the same', async () => {
    await using relay = await openRelay(server)
    await opened({ ...server.options(), port: relay.port }, async storage => {
      let cuts = 0
      let armed = false
      storage.changes.subscribe('locks', async () => {
        if (armed && cuts++ === 0) relay.stop()
        await storage.early.selectFrom('locks').select('kind').execute()
      })
      relay.stop()
      await until(() => storage.changes.failure !== undefined)
      await sleep(1_000)
      armed = true
      relay.go()
      await until(() => cuts > 0)
      await sleep(1_500)
      await assert.rejects(count(storage), error => isCoded(error, 'ERR_STORAGE_UNREACHABLE'))
      relay.go()
      await until(() => storage.changes.failure === undefined, 10_000)
      assert.deepEqual(await count(storage), [])
    })
  })

  test('a change while those catch up is told to them as well', async () => {
    const options = server.options()
    await opened(options, async storage => {
      const held = Promise.withResolvers<void>()
      let told = 0
      storage.changes.subscribe('locks', async () => {
        told += 1
        await held.promise
      })
      await server.stop('immediate')
      await until(() => told === 1)
      await server.start()
      await until(() => told === 2)
      await server.query(`insert into ${options.schema}.changes values ('locks', 7)`)
      await sleep(400)
      held.resolve()
      await until(() => told === 3)
      await until(() => storage.changes.failure === undefined)
    })
  })

  test('with goOnFor, what was read counts for longer, and the alarm is raised all the same', async () => {
    await opened(server.options({ goOnFor: 2_000 }), async storage => {
      const { told, alarms } = watch(storage)
      await server.stop('immediate')
      const began = performance.now()
      await until(() => alarms.length === 1, 2_000)
      await sleep(1_500)
      assert.deepEqual(told, [])
      await until(() => told.length === 3)
      assert.ok(performance.now() - began > 2_500)
      await server.start()
      await until(() => storage.changes.failure === undefined)
    })
  })

  test('a notification that was missed is found by looking', async () => {
    const options = server.options()
    await opened(options, async storage => {
      const { told, alarms } = watch(storage)
      await server.query(`insert into ${options.schema}.changes values ('bindings', 1)`)
      assert.ok((await until(() => told.length > 0)) < 1_000)
      assert.deepEqual([told, alarms], [['bindings'], []])
    })
  })

  test('a session that is ended in the middle of a change leaves nothing behind, and the process alive', async () => {
    const options = server.options()
    await opened(options, async storage => {
      const changing = storage.change('users', async transaction => {
        await transaction.insertInto('users').values(row('alice')).execute()
        await server.query(
          `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'countersign'`,
        )
        await sleep(50)
        await transaction.insertInto('users').values(row('bob')).execute()
      })
      await assert.rejects(changing, error => isCoded(error, 'ERR_STORAGE_UNREACHABLE'))
      await until(() => storage.changes.failure === undefined)
      assert.deepEqual(await count(storage), [])
    })
  })

  test('a standby is no server of ours, until it is the primary', async () => {
    const options = server.options()
    await opened(options, async storage => {
      await server.stop()
      writeFileSync(join(server.folder, 'data', 'standby.signal'), '')
      await server.start()
      await until(() => /standby/.test(storage.changes.failure?.message ?? ''))
      await assert.rejects(count(storage), error => isCoded(error, 'ERR_STORAGE_UNREACHABLE'))
      await server.query('select pg_promote()')
      await until(() => storage.changes.failure === undefined, 20_000)
      assert.deepEqual(await count(storage), [])
    })
    rmSync(join(server.folder, 'data', 'standby.signal'), { force: true })
  })
})

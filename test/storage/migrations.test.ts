import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { Kysely } from 'kysely'
import { fixedClock } from '../../src/clock.ts'
import { bindingOptions } from '../../src/identity/bindings/options.ts'
import { createSqlBindingStore } from '../../src/identity/bindings/sql-binding-store.ts'
import { migrations } from '../../src/storage/migrations/migrate.ts'
import { openStorage } from '../../src/storage/open-storage.ts'
import { sqliteDialect } from '../../src/storage/sqlite/sqlite-dialect.ts'
import { scratchFolder } from '../support/scratch.ts'

/** A file as the first `count` migrations leave it. */
async function olderFile(count: number): Promise<string> {
  const file = join(scratchFolder(), 'older.db')
  const database = new DatabaseSync(file)
  const db = new Kysely<unknown>({ dialect: sqliteDialect(database, file) })
  database.exec(
    'create table schema_migrations (number bigint primary key, name text not null, applied bigint not null)',
  )
  for (const [index, { name, up }] of migrations.slice(0, count).entries()) {
    await up(db)
    database.prepare('insert into schema_migrations values (?, ?, 1)').run(index + 1, name)
  }
  await db.destroy()
  return file
}

test('users, roles and tenants of an older file are found by folded names, have versions and numbers', async () => {
  const file = await olderFile(2)
  const database = new DatabaseSync(file)
  database.exec(`
    insert into tenants values ('second', 20), ('first', 10);
    insert into users values ('u1', 'default', 'Ångström', 'locked', 5);
    insert into roles values ('r1', 'default', 'Käufer', 6);
    insert into user_roles values ('u1', 'r1');
  `)
  const many = database.prepare("insert into users values (?, 'first', ?, 'active', 7)")
  for (let i = 0; i < 2500; i += 1) many.run(`id ${i}`, `User ${i}`)
  database.close()

  const storage = await openStorage({ kind: 'sqlite', file })
  const { db } = storage
  const users = db.selectFrom('users').select(['name', 'folded', 'state', 'created', 'modified', 'version'])
  assert.deepEqual(
    { ...(await users.where('id', '=', 'u1').executeTakeFirstOrThrow()) },
    {
      name: 'Ångström',
      folded: 'ångström',
      state: 'locked',
      created: 5,
      modified: 5,
      version: 1,
    },
  )
  const others = await users.where('tenant', '=', 'first').execute()
  assert.equal(others.length, 2500)
  assert.ok(others.every(({ name, folded }) => folded === name.toLowerCase()))
  const role = await db.selectFrom('roles').select(['folded', 'modified']).executeTakeFirstOrThrow()
  assert.deepEqual([role.folded, role.modified], ['käufer', 6])
  const tenants = await db.selectFrom('tenants').select(['name', 'number', 'state']).orderBy('number').execute()
  assert.deepEqual(
    tenants.map(({ name, number, state }) => [name, number, state]),
    [
      ['default', -1234, 'active'],
      ['first', 1, 'active'],
      ['second', 2, 'active'],
    ],
  )
  await storage.close()
})

test('bindings of an older file stay, and can be made for another tenant', async () => {
  const file = await olderFile(3)
  const database = new DatabaseSync(file)
  const row = [
    'b1',
    'default',
    'anchor',
    'ca',
    '',
    '{"anchor":"ca","users":["alice"],"tenant":"default","insecureAnyUser":false}',
    7,
  ]
  database.prepare('insert into bindings values (?, ?, ?, ?, ?, ?, ?)').run(...row)
  database.close()
  const storage = await openStorage({ kind: 'sqlite', file })
  const store = createSqlBindingStore(storage, fixedClock(9))
  const before = await store.find([{ kind: 'anchor', value: 'ca' }])
  assert.deepEqual(
    before.map(({ id, created, options }) => [id, created, options.users]),
    [['b1', 7, ['alice']]],
  )
  const again = { anchor: 'ca', users: ['bob'] }
  await assert.rejects(store.add(bindingOptions.parse(again)), { code: 'ERR_BINDING_EXISTS' })
  const options = bindingOptions.parse({ ...again, tenant: 'partner.example' })
  await store.add(options)
  await assert.rejects(store.add(options), { code: 'ERR_BINDING_EXISTS' })
  assert.deepEqual((await store.find([{ kind: 'anchor', value: 'ca' }])).length, 2)
  await storage.close()
})

import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { createPasswordHasher } from '../../src/identity/users/password/password-hasher.ts'
import { createSqlUserStore } from '../../src/identity/users/sql-user-store.ts'
import { openStorage } from '../../src/storage/open-storage.ts'
import { countersign } from '../support/run.ts'
import { scratchFolder } from '../support/scratch.ts'

// Invariant 9: no password and no hash of one in a log, an error, an audit record or a process list.

const secret = 'correct-horse-battery'

test('the user commands print, record and store no password, whether they succeed or fail', {
  timeout: 120_000,
}, async () => {
  const folder = scratchFolder()
  writeFileSync(join(folder, 'countersign.yaml'), 'users: { file: users.db }\naudit: { file: audit.jsonl }\n')
  writeFileSync(join(folder, 'password'), `${secret}\n`)
  const env = { ...process.env, SECRET: secret, COUNTERSIGN_DEBUG: '1' }
  const outputs: string[] = []
  for (const [args, code, input] of [
    [['add', 'alice', '--password', 'env:SECRET'], 0],
    [['add', 'alice', '--password-file', 'password'], 3],
    [['add', 'bob'], 0, `${secret}\n`],
    [['add', 'carol', '--password', secret], 2],
    [['password', 'nobody', '--password', 'env:SECRET'], 3],
    [['password', 'alice', '--password', 'env:SECRET'], 0],
    [['list', '--json'], 0],
    [['list'], 0],
  ] as const) {
    const result = await countersign(['user', ...args], { cwd: folder, env, ...(input ? { input } : {}) })
    assert.equal(result.code, code, result.stderr)
    outputs.push(result.stdout, result.stderr)
  }
  const audit = readFileSync(join(folder, 'audit.jsonl'), 'latin1')
  assert.match(audit, /password-set/)
  for (const text of [...outputs, audit]) assert.doesNotMatch(text, /correct-horse|argon2/)
  for (const file of ['users.db', 'audit.jsonl']) {
    assert.equal(readFileSync(join(folder, file), 'latin1').includes(secret), false, file)
  }
})

test('an error of the store has neither the password nor the hash in it, however closely it is looked at', async () => {
  const file = join(scratchFolder(), 'users.db')
  const storage = await openStorage({ kind: 'sqlite', file })
  const store = createSqlUserStore({ storage, hasher: createPasswordHasher() })
  await store.add({ tenant: 'default', name: 'alice', password: secret })
  const vandal = new DatabaseSync(file)
  const errors: unknown[] = []
  const failing = async (work: () => Promise<unknown>) => {
    errors.push(
      await work().then(
        () => assert.fail('should have failed'),
        (error: unknown) => error,
      ),
    )
  }
  await failing(() => store.add({ tenant: 'default', name: 'alice', password: secret }))
  await failing(() => store.setPassword('default', 'alice', `${secret}\n`))
  vandal.exec("create trigger no before insert on credentials begin select raise(abort, 'no'); end")
  await failing(() => store.setPassword('default', 'alice', secret))
  vandal.exec('drop table credentials')
  await failing(() => store.setPassword('default', 'alice', secret))
  await failing(() => store.checkPassword('default', 'alice', secret))
  vandal.close()
  await storage.close()
  await failing(() => store.checkPassword('default', 'alice', secret))
  assert.equal(errors.length, 6)
  for (const error of errors) {
    const text = inspect(error, { depth: 10, showHidden: true }) + JSON.stringify(error)
    assert.doesNotMatch(text, /correct-horse|argon2id\$/)
  }
})

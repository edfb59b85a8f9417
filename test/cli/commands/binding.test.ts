import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { systemClock } from '../../../src/clock.ts'
import { selectorOf } from '../../../src/identity/bindings/selector.ts'
import { createSqlBindingStore } from '../../../src/identity/bindings/sql-binding-store.ts'
import { openStorage } from '../../../src/storage/open-storage.ts'
import { selfSigned } from '../../support/certificates.ts'
import { scratchFolder } from '../../support/scratch.ts'
import { inProcess } from '../transcript.ts'

test('a binding that is added and removed counts in a process that has the store open, and both are audited', async () => {
  const folder = scratchFolder()
  const config = join(folder, 'countersign.yaml')
  writeFileSync(config, 'users: { store: sqlite, file: countersign.db }\naudit: { file: audit.jsonl }\n')
  const storage = await openStorage({ kind: 'sqlite', file: join(folder, 'countersign.db') })
  after(() => storage.close())
  const store = createSqlBindingStore(storage, systemClock)
  const { thumbprint } = selfSigned()
  const find = async () =>
    (await store.find([selectorOf('thumbprint', thumbprint)])).map(({ options }) => options.users)
  const changed = () => new Promise<void>(resolve => storage.changes.subscribe('bindings', resolve))

  let told = changed()
  const added = await inProcess(
    ['binding', 'add', '--thumbprint', thumbprint, '--any-user', '--config', config],
    '',
    {},
    Date.now(),
  )
  assert.deepEqual([added.code, await find()], [0, [['*']]], added.stderr)
  await told

  told = changed()
  const id = added.stdout.trim()
  const removed = await inProcess(['binding', 'remove', id, '--config', config], '', {}, Date.now())
  assert.deepEqual([removed.code, await find()], [0, []], removed.stderr)
  await told

  const lines = readFileSync(join(folder, 'audit.jsonl'), 'utf8').split('\n')
  const records = lines.filter(line => line.includes('binding-changed'))
  for (const [i, action] of ['added', 'removed'].entries()) {
    assert.match(records[i]!, new RegExp(`"${action}"`))
    assert.match(records[i]!, new RegExp(`thumbprint ${thumbprint.slice(0, 16)}`))
  }
})

import assert from 'node:assert/strict'
import { existsSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { isCoded } from '../../../src/errors.ts'
import { writeKeyStoreFile } from '../../../src/pki/keystore/file.ts'
import { withKeyStoreLock } from '../../../src/pki/keystore/lock.ts'
import { run } from '../../support/run.ts'
import { scratchFolder } from '../../support/scratch.ts'

const folder = scratchFolder()
const bytes = Buffer.from('a store')

test('a change reads and writes under one lock, which is gone afterwards', async () => {
  const path = join(folder, 'one.jks')
  const result = await withKeyStoreLock(path, async () => {
    assert.match(readFileSync(`${path}.lock`, 'utf8'), new RegExp(`^${process.pid} `))
    await writeKeyStoreFile(path, bytes)
    return 'done'
  })
  assert.equal(result, 'done')
  assert.equal(existsSync(`${path}.lock`), false)
})

test('the lock is gone after a change that fails', async () => {
  const path = join(folder, 'failing.jks')
  await assert.rejects(
    withKeyStoreLock(path, async () => {
      throw new Error('no')
    }),
    /no/,
  )
  assert.equal(existsSync(`${path}.lock`), false)
})

test('two changes of one process follow each other', async () => {
  const path = join(folder, 'counter')
  writeFileSync(path, '0')
  const increment = () =>
    withKeyStoreLock(path, async () => {
      const value = Number(readFileSync(path, 'utf8'))
      await sleep(20)
      await writeKeyStoreFile(path, Buffer.from(`${value + 1}`))
    })
  await Promise.all(Array.from({ length: 5 }, increment))
  assert.equal(readFileSync(path, 'utf8'), '5')
})

const gone = await deadProcess()
const stale: Record<string, string> = {
  'of a process that is gone': `${gone} ${hostname()} 0123456789abcdef\n`,
  'of an earlier process with our number': `${process.pid} ${hostname()} 0123456789abcdef\n`,
}
for (const [name, content] of Object.entries(stale)) {
  test(`the lock ${name} is taken over`, async () => {
    const path = join(folder, `${name}.jks`)
    writeFileSync(`${path}.lock`, content)
    await writeKeyStoreFile(path, bytes)
    assert.deepEqual(readFileSync(path), bytes)
    assert.equal(existsSync(`${path}.lock`), false)
  })
}

test('a lock without an owner is taken over when it is old', async () => {
  const path = join(folder, 'nobody.jks')
  writeFileSync(`${path}.lock`, '')
  utimesSync(`${path}.lock`, new Date(0), new Date(0))
  await writeKeyStoreFile(path, bytes)
  assert.deepEqual(readFileSync(path), bytes)
})

// a process that lives and is not this one; and one of which nothing can be known
const owners = {
  'a writer that is at work': [process.ppid, hostname()],
  'a writer on another host': [gone, 'another-host'],
}
describe('waited for, and then named:', { concurrency: true }, () => {
  for (const [name, [pid, host]] of Object.entries(owners)) {
    test(name, async () => {
      const path = join(folder, `${name}.jks`)
      writeFileSync(`${path}.lock`, `${pid} ${host} 0123456789abcdef\n`)
      await assert.rejects(
        writeKeyStoreFile(path, bytes),
        error =>
          isCoded(error, 'ERR_KEYSTORE_LOCKED') &&
          error.message.includes(`process ${pid} on ${host}`) &&
          error.message.includes(`${path}.lock`),
      )
      assert.equal(existsSync(path), false)
      assert.equal(existsSync(`${path}.lock`), true)
    })
  }
})

async function deadProcess(): Promise<number> {
  const { stdout } = await run(process.execPath, ['-e', 'console.log(process.pid)'])
  return Number(stdout)
}

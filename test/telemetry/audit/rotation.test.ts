// Files that are put aside by size or by day: one chain over all of them, whatever happens in between.
import assert from 'node:assert/strict'
import { appendFileSync, copyFileSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { test } from 'node:test'
import type { Clock } from '../../../src/clock.ts'
import { silentLog } from '../../../src/log.ts'
import { openAudit } from '../../../src/telemetry/audit/audit.ts'
import type { Rotation } from '../../../src/telemetry/audit/audit-file.ts'
import { earlierFiles } from '../../../src/telemetry/audit/earlier-files.ts'
import { listAudit } from '../../../src/telemetry/audit/list.ts'
import { verifyAudit } from '../../../src/telemetry/audit/verify.ts'
import { scratchFolder } from '../../support/scratch.ts'

const folder = scratchFolder()
const day = 86_400_000
let now = Date.parse('2026-01-02T12:00:00Z')
const clock: Clock = { now: () => now }
let count = 0
const newFile = () => join(folder, `${++count}/audit.jsonl`)
/** Some 500 octets: two or three records. */
const small: Rotation = { rotate: { megabytes: 0.0005 } }
const daily: Rotation = { rotate: { days: 1 } }
const open = (file: string, rotation: Rotation) =>
  openAudit({ file, rotation, clock, log: silentLog, flushInterval: 1 })

/** Each in a write of its own. */
async function write(file: string, rotation: Rotation, ...texts: string[]): Promise<void> {
  await using audit = await open(file, rotation)
  for (const text of texts) {
    audit.append('access-granted', { text })
    await audit.flush()
  }
}

const allOf = async (file: string) => [...(await earlierFiles(file)), file]

async function textsOf(file: string): Promise<unknown[]> {
  const texts: unknown[] = []
  for (const each of await allOf(file))
    for await (const { fields } of listAudit(each, { kind: 'access-granted' })) texts.push(fields.text)
  return texts
}

async function intact(file: string): Promise<readonly string[]> {
  const verdict = await verifyAudit(await allOf(file))
  assert.ok(verdict.ok, verdict.ok ? '' : `${verdict.reason}: ${verdict.detail}`)
  return verdict.notes
}

const letters = [...'abcdefghijkl']

test('by size: no record is lost, and each file goes on from the one before', async () => {
  const file = newFile()
  await write(file, small, ...letters)
  assert.ok((await earlierFiles(file)).length >= 3)
  assert.deepEqual(await textsOf(file), letters)
  assert.deepEqual(await intact(file), [])
  for (const each of (await allOf(file)).slice(1))
    assert.match(readFileSync(each, 'utf8'), /^\{"sequence":\d+,"time":"[^"]+","kind":"log-continued"/)
})

test('by day: at the first record of another day in UTC, and by the name tells which', async () => {
  const file = newFile()
  await write(file, daily, 'a')
  now += day / 2 - 1
  await write(file, daily, 'b')
  assert.equal((await earlierFiles(file)).length, 0)
  now += 1
  await write(file, daily, 'c')
  assert.deepEqual(
    (await earlierFiles(file)).map(each => basename(each)),
    ['audit-2026-01-02-000002.jsonl'],
  )
  assert.deepEqual(await textsOf(file), ['a', 'b', 'c'])
  await intact(file)
})

test('a crash after a file was put aside loses nothing, even when the head file is behind', async () => {
  const file = newFile()
  await write(file, daily, 'a')
  copyFileSync(`${file}.head`, `${file}.old`)
  await write(file, daily, 'b', 'c')
  renameSync(`${file}.old`, `${file}.head`)
  renameSync(file, file.replace('.jsonl', '-2026-01-03-000003.jsonl'))
  await write(file, daily, 'd')
  assert.deepEqual(await textsOf(file), ['a', 'b', 'c', 'd'])
  await intact(file)
})

test('a line that a crash cut short is explained before its file is put aside', async () => {
  const file = newFile()
  await write(file, daily, 'a')
  appendFileSync(file, '{"sequence":2,"ti')
  now += day
  await write(file, daily, 'b', 'c')
  assert.deepEqual(await textsOf(file), ['a', 'b', 'c'])
  assert.equal((await intact(file)).length, 1)
})

test('several writers put files aside under each other, and keep one chain', async () => {
  const file = newFile()
  const writers = await Promise.all(Array.from({ length: 3 }, () => open(file, small)))
  await Promise.all(
    writers.map(async (audit, writer) => {
      for (let i = 0; i < 15; i++) {
        audit.append('access-granted', { text: `${writer}.${i}` })
        await audit.flush()
      }
    }),
  )
  for (const audit of writers) await audit[Symbol.asyncDispose]()
  const wanted = [0, 1, 2].flatMap(writer => Array.from({ length: 15 }, (_, i) => `${writer}.${i}`))
  assert.deepEqual((await textsOf(file)).toSorted(), wanted.toSorted())
  assert.ok((await earlierFiles(file)).length > 5)
  await intact(file)
})

test('a file that stands where one would be put is left alone', async () => {
  const file = newFile()
  await write(file, daily, 'a')
  const taken = file.replace('.jsonl', `-${new Date(now).toISOString().slice(0, 10)}-000001.jsonl`)
  writeFileSync(taken, 'mine')
  now += day
  await write(file, daily, 'b')
  assert.equal(readFileSync(taken, 'utf8'), 'mine')
  assert.ok(readFileSync(file, 'utf8').includes('"text":"b"'))
})

async function aged(): Promise<string> {
  const file = newFile()
  for (const text of 'abcdef') {
    await write(file, { ...daily, keepDays: 3 }, text)
    now += day
  }
  return file
}

test('what is older than may be kept is deleted, a record says so, and the rest is intact', async () => {
  const file = await aged()
  assert.deepEqual(await textsOf(file), ['d', 'e', 'f'])
  const notes = await intact(file)
  assert.match(notes.join(), /records up to \d+ were deleted when their time was over/)
})

test('a file that goes without such a record is missed, and so is one that was to stay', async () => {
  const unexplained = newFile()
  await write(unexplained, small, ...letters)
  rmSync((await earlierFiles(unexplained))[0]!)
  const verdict = await verifyAudit(await allOf(unexplained))
  assert.deepEqual([verdict.ok, !verdict.ok && verdict.reason], [false, 'removed'])
  const file = await aged()
  for (const at of [0, 1]) {
    const files = await allOf(file)
    const without = await verifyAudit(files.toSpliced(at, 1))
    assert.equal(!without.ok && without.reason, 'removed', `${at}`)
  }
})

test('a crash in the middle of deleting leaves what can still be verified', async () => {
  const file = newFile()
  for (const text of 'abc') {
    await write(file, daily, text)
    now += day
  }
  now += 10 * day
  const old = await allOf(file)
  for (const each of old) copyFileSync(each, `${each}.kept`)
  await write(file, { ...daily, keepDays: 3 }, 'd')
  assert.deepEqual(old.map(existsSync), [false, false, true])
  assert.deepEqual(await textsOf(file), ['d'])
  await intact(file)
  // The oldest goes first: what is left over is the end of what was to go.
  const left = await verifyAudit([...old.slice(1).map(each => `${each}.kept`), file])
  assert.ok(left.ok, left.ok ? '' : left.detail)
  const first = await verifyAudit([`${old[0]}.kept`, file])
  assert.equal(!first.ok && first.reason, 'removed')
})

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { appendFileSync, existsSync, readFileSync, renameSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fixedClock } from '../../../src/clock.ts'
import { isCoded } from '../../../src/errors.ts'
import { type Log, silentLog } from '../../../src/log.ts'
import { openAudit } from '../../../src/telemetry/audit/audit.ts'
import { listAudit } from '../../../src/telemetry/audit/list.ts'
import { verifyAudit } from '../../../src/telemetry/audit/verify.ts'
import { run } from '../../support/run.ts'
import { scratchFolder } from '../../support/scratch.ts'

const folder = scratchFolder()
const clock = fixedClock('2026-01-02T03:04:05.678Z')
let files = 0
const newFile = () => join(folder, `deep/${++files}/audit.jsonl`)
const open = (file: string, log: Log = silentLog) => openAudit({ file, clock, log, flushInterval: 1 })
const linesOf = (file: string) => readFileSync(file, 'utf8').trimEnd().split('\n')

async function write(file: string, ...texts: string[]): Promise<void> {
  await using audit = await open(file)
  for (const text of texts) audit.append('access-granted', { text })
}

async function textsOf(file: string): Promise<unknown[]> {
  const records = await Array.fromAsync(listAudit(file, { kind: 'access-granted' }))
  return records.map(record => record.fields.text)
}

test('records stand in the order in which they came, chained by SHA-256 over the line without its hash', async () => {
  const file = newFile()
  await write(file, 'one', 'zwei "\u2028\ud800', 'three')
  let previous = '0'.repeat(64)
  for (const [i, line] of linesOf(file).entries()) {
    const [, text, hash] = /^(.*),"hash":"(.{64})"}$/s.exec(line) ?? []
    const record = JSON.parse(line)
    assert.equal(createHash('sha256').update(`${text}}`).digest('hex'), hash)
    assert.deepEqual([record.sequence, record.previous, record.time], [i, previous, '2026-01-02T03:04:05.678Z'])
    previous = record.hash
  }
  assert.equal(JSON.parse(linesOf(file)[0]!).kind, 'log-started')
  assert.deepEqual(await textsOf(file), ['one', 'zwei "\u2028\ud800', 'three'])
  const verdict = await verifyAudit([file])
  assert.deepEqual(verdict.ok && [verdict.records, verdict.last?.sequence, verdict.notes], [4, 3, []])
})

test('only the owner may read the files', async () => {
  const file = newFile()
  await write(file, 'one')
  for (const name of [file, `${file}.head`]) assert.equal(statSync(name).mode & 0o777, 0o600, name)
  assert.equal(existsSync(`${file}.lock-journal`), false)
})

test('an existing file is continued', async () => {
  const file = newFile()
  await write(file, 'one')
  await write(file, 'two')
  assert.deepEqual(await textsOf(file), ['one', 'two'])
  assert.equal((await verifyAudit([file])).ok, true)
})

test('a record does not change any more once it was handed over', async () => {
  const file = newFile()
  await using audit = await open(file)
  const fields = { text: 'before' }
  audit.append('access-granted', fields)
  fields.text = 'after'
  await audit.flush()
  assert.deepEqual(await textsOf(file), ['before'])
})

const tears: [string, (file: string) => void][] = [
  ['a line that a crash cut short', file => appendFileSync(file, '{"sequence":2,"time":"2026-')],
  ['zeros that a crash left', file => appendFileSync(file, Buffer.alloc(5000))],
  ['a repair that was cut short itself', file => appendFileSync(file, '{"seq\n{"sequence":2,"ti')],
  ['garbage with a line feed', file => appendFileSync(file, '{"sequence":2,"ti\n')],
  ['a single line feed', file => appendFileSync(file, '\n')],
]
for (const [what, tear] of tears) {
  test(`${what} is kept, and explained by a record`, async () => {
    const file = newFile()
    await write(file, 'one')
    const before = readFileSync(file)
    tear(file)
    await write(file, 'two')
    assert.deepEqual(readFileSync(file).subarray(0, before.length), before)
    assert.deepEqual(await textsOf(file), ['one', 'two'])
    assert.equal((await Array.fromAsync(listAudit(file, { kind: 'line-repaired' }))).length, 1)
    const verdict = await verifyAudit([file])
    assert.match(verdict.ok ? verdict.notes.join() : verdict.detail, /line 3 was cut short, which record 2 explains/)
  })
}

test('a whole record that only misses its line feed is a record', async () => {
  const file = newFile()
  await write(file, 'one')
  truncateSync(file, statSync(file).size - 1)
  await write(file, 'two')
  assert.deepEqual(await textsOf(file), ['one', 'two'])
  assert.deepEqual(await verifyAudit([file]).then(verdict => verdict.ok && verdict.notes), [])
})

test('a file that begins with a line cut short is explained too', async () => {
  const file = newFile()
  await write(file, 'one')
  const other = newFile()
  await write(other, 'x')
  renameSync(`${other}.head`, `${other}.gone`)
  writeFileSync(other, '{"sequence":0')
  await write(other, 'two')
  const verdict = await verifyAudit([other])
  assert.equal(verdict.ok && verdict.notes.length, 1)
})

test('records that were cut off are noted as missing when the file is continued', async () => {
  const file = newFile()
  await write(file, 'one', 'two', 'three')
  writeFileSync(file, `${linesOf(file).slice(0, 2).join('\n')}\n`)
  await write(file, 'four')
  const [missing] = await Array.fromAsync(listAudit(file, { kind: 'records-missing' }))
  assert.deepEqual([missing?.sequence, missing?.fields], [4, { from: 2, to: 3 }])
  const verdict = await verifyAudit([file])
  assert.deepEqual(verdict.ok ? undefined : [verdict.reason, verdict.sequence], ['removed', 2])
})

test('a last record that was changed stops the writer', async () => {
  const file = newFile()
  await write(file, 'one')
  writeFileSync(file, readFileSync(file, 'utf8').replace('one', 'two'))
  await assert.rejects(open(file), error => isCoded(error, 'ERR_AUDIT_DAMAGED'))
})

test('a file that is something else stops the writer', async () => {
  const file = newFile()
  await write(file, 'one')
  writeFileSync(file, Buffer.alloc(5 << 20, 'x'))
  await assert.rejects(open(file), error => isCoded(error, 'ERR_AUDIT_DAMAGED'))
})

test('a file that was moved away is archived, and the next one goes on from it', async () => {
  const file = newFile()
  {
    await using audit = await open(file)
    audit.append('access-granted', { text: 'one' })
    await audit.flush()
    renameSync(file, `${file}.1`)
    audit.append('access-granted', { text: 'two' })
    await audit.flush()
    assert.deepEqual(await textsOf(`${file}.1`), ['one'])
    assert.deepEqual(await textsOf(file), ['two'])
  }
  const both = await verifyAudit([`${file}.1`, file])
  assert.deepEqual(both.ok && [both.records, both.first?.sequence, both.last?.sequence], [4, 0, 3])
  const second = await verifyAudit([file])
  assert.equal(
    second.ok ? '' : second.detail,
    'the file begins with record 2: hand in the file before it too, or say where this one goes on from',
  )
  const after = JSON.parse(linesOf(`${file}.1`).at(-1)!)
  assert.equal((await verifyAudit([file], { after })).ok, true)
})

test('what cannot wait any longer is given up, and how many is recorded', async () => {
  const file = newFile()
  {
    await using audit = await openAudit({ file, clock, log: silentLog, maxPending: 3 })
    for (let i = 0; i < 10; i++) audit.append('access-granted', { text: i })
    assert.deepEqual([audit.state.pending, audit.state.lost], [3, 7])
    await audit.flush()
    audit.append('access-granted', { text: 'after' })
  }
  assert.deepEqual(await textsOf(file), [0, 1, 2, 'after'])
  const [lost] = await Array.fromAsync(listAudit(file, { kind: 'records-lost' }))
  assert.deepEqual(lost?.fields, { count: 7 })
  assert.equal((await verifyAudit([file])).ok, true)
})

test('a disk that is full is an error at the start', async () => {
  await assert.rejects(open('/dev/full'), error => isCoded(error, 'ERR_AUDIT_UNWRITABLE') && Boolean(error.remedy))
})

test('where the chain stands is logged, for a place that nobody can change together with the file', async () => {
  const lines: { fields: Record<string, unknown>; message: string }[] = []
  const log: Log = { ...silentLog, info: (fields, message) => void lines.push({ fields: { ...fields }, message }) }
  const file = newFile()
  {
    await using audit = await open(file, log)
    audit.append('access-granted', { text: 'one' })
  }
  const last = JSON.parse(linesOf(file).at(-1)!)
  assert.equal(lines.length, 2)
  assert.deepEqual(lines.at(-1), {
    fields: { auditFile: file, auditHead: `1:${last.hash}` },
    message: 'the audit record ends here',
  })
})

const writer = join(import.meta.dirname, 'audit-writer.ts')

test('two processes share one file and one chain', async () => {
  const file = newFile()
  const runs = await Promise.all([
    run(process.execPath, [writer, file, 'a', '300', '--with', 'b']),
    run(process.execPath, [writer, file, 'b', '300', '--with', 'a']),
  ])
  assert.deepEqual(
    runs.map(({ code, stderr }) => [code, stderr]),
    [
      [0, ''],
      [0, ''],
    ],
  )
  const texts = (await textsOf(file)) as string[]
  for (const name of ['a', 'b']) {
    assert.deepEqual(
      texts.filter(text => text.startsWith(name)),
      Array.from({ length: 300 }, (_, i) => `${name}${i}`),
    )
  }
  const verdict = await verifyAudit([file])
  assert.equal(verdict.ok && verdict.records, 601)
})

test('a writer that is killed leaves no lock and no broken chain', async () => {
  const file = newFile()
  for (let i = 0; i < 3; i++) {
    const { code } = await run(process.execPath, [writer, file, `${i}-`, '1000000'], { timeout: 700 })
    assert.equal(code, null)
  }
  await write(file, 'last')
  const verdict = await verifyAudit([file])
  assert.ok(verdict.ok, verdict.ok ? '' : verdict.detail)
  assert.ok(verdict.records > 10)
})

test('a disk that fills up costs no record: they wait, and go on in the next file', async () => {
  const file = newFile()
  await write(file)
  // writes beyond 16 KiB fail, in the middle of a line; the file is moved away when the first failure is seen
  const script = `trap '' XFSZ; ulimit -f 16; exec "$@"`
  const command = [process.execPath, writer, file, 'x', '200', '--move']
  const { code, stderr, stdout } = await run('bash', ['-c', script, 'bash', ...command])
  assert.equal(code, 0, stderr)
  const failures = stdout.trim().split('\n')
  assert.deepEqual(new Set(failures), new Set(['ERR_AUDIT_UNWRITABLE']))
  const parts = [...failures.map((_, i) => `${file}.${i + 1}`), file]
  const texts = (await Promise.all(parts.map(textsOf))).flat()
  assert.deepEqual(
    texts,
    Array.from({ length: 200 }, (_, i) => `x${i}`),
  )
  const verdict = await verifyAudit(parts)
  assert.ok(verdict.ok, verdict.ok ? '' : verdict.detail)
})

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, test } from 'node:test'
import fc from 'fast-check'
import { fixedClock } from '../../../src/clock.ts'
import { isCoded } from '../../../src/errors.ts'
import { silentLog } from '../../../src/log.ts'
import { openAudit } from '../../../src/telemetry/audit/audit.ts'
import { readHead } from '../../../src/telemetry/audit/head-file.ts'
import type { Head } from '../../../src/telemetry/audit/record.ts'
import { type Broken, verifyAudit } from '../../../src/telemetry/audit/verify.ts'
import { scratchFolder } from '../../support/scratch.ts'

const folder = scratchFolder()
const original = join(folder, 'original.jsonl')
let bytes: Buffer
let lines: string[]
let head: Head

before(async () => {
  const clock = fixedClock('2026-01-02T03:04:05Z')
  {
    await using audit = await openAudit({ file: original, clock, log: silentLog })
    for (let i = 1; i < 10; i++) audit.append('access-granted', { user: `user${i}`, path: '/ä' })
  }
  bytes = readFileSync(original)
  lines = bytes.toString().trimEnd().split('\n')
  head = (await readHead(original))!
})

/** The verdict on a file with this content, beside the head file of the original. */
async function verify(content: string | Buffer, headFile: 'kept' | 'gone' = 'kept', heads: Head[] = []) {
  const file = join(folder, 'changed.jsonl')
  writeFileSync(file, content)
  rmSync(`${file}.head`, { force: true })
  if (headFile === 'kept') writeFileSync(`${file}.head`, readFileSync(`${original}.head`))
  return verifyAudit([file], { heads })
}

async function broken(content: string | Buffer, ...rest: [('kept' | 'gone')?, Head[]?]): Promise<Broken> {
  const verdict = await verify(content, ...rest)
  assert.ok(!verdict.ok)
  return verdict
}

const text = (changed: string[]) => `${changed.join('\n')}\n`

test('what was written is intact, with and without its head file', async () => {
  for (const headFile of ['kept', 'gone'] as const) {
    const verdict = await verify(bytes, headFile, [head])
    assert.deepEqual(verdict.ok && [verdict.records, verdict.last], [10, head])
  }
})

test('a changed record is named', async () => {
  const { reason, sequence, line, detail } = await broken(text(lines).replace('user4', 'user5'))
  assert.deepEqual([reason, sequence, line], ['changed', 4, 5])
  assert.equal(detail, 'record 4 is not as it was written')
})

test('a changed record whose hash was mended too is found by the record after it', async () => {
  const body = lines[4]!.replace('user4', 'mallory').replace(/,"hash":"\w+"}$/, '}')
  const hash = createHash('sha256').update(body).digest('hex')
  const forged = `${body.slice(0, -1)},"hash":"${hash}"}`
  const { reason, sequence } = await broken(text(lines.with(4, forged)))
  assert.deepEqual([reason, sequence], ['changed', 5])
})

test('removed records are named', async () => {
  assert.deepEqual(pick(await broken(text(lines.toSpliced(4, 1)))), ['removed', 4, 'record 4 is missing'])
  assert.deepEqual(pick(await broken(text(lines.toSpliced(4, 3)))), ['removed', 4, 'records 4 to 6 are missing'])
  assert.deepEqual(pick(await broken(text(lines.slice(2)))).slice(0, 2), ['removed', 0])
})

test('records in another order, or twice, are named', async () => {
  const swapped = lines.with(4, lines[5]!).with(5, lines[4]!)
  assert.deepEqual(pick(await broken(text(swapped))).slice(0, 2), ['removed', 4])
  const twice = lines.toSpliced(4, 0, lines[3]!)
  assert.deepEqual(pick(await broken(text(twice))), ['reordered', 3, 'record 3 stands where record 4 belongs'])
})

test('a line that is no record is named', async () => {
  assert.deepEqual(pick(await broken(text(lines.toSpliced(4, 0, 'hello')))), ['malformed', 4, 'line 5 is not a record'])
  assert.deepEqual(pick(await broken(text([...lines, 'hello']))), ['malformed', 10, 'line 11 is not a record'])
})

test('a file cut short is seen by its head file, or by a head that was kept elsewhere', async () => {
  const cut = text(lines.slice(0, 7))
  const expected = ['truncated', 7, 'the end is cut off: records up to 9 are known to have existed']
  assert.deepEqual(pick(await broken(cut)), expected)
  assert.deepEqual(pick(await broken(cut, 'gone', [head])), expected)
  assert.equal((await verify(cut, 'gone')).ok, true, 'without any head nobody can know: the documentation says so')
  assert.deepEqual(pick(await broken('')).slice(0, 2), ['truncated', 0])
})

test('a file that was written anew is seen by a head that was kept elsewhere', async () => {
  const file = join(folder, 'anew.jsonl')
  {
    await using audit = await openAudit({ file, clock: fixedClock(0), log: silentLog })
    for (let i = 1; i < 10; i++) audit.append('access-granted', { user: 'somebody else' })
  }
  const verdict = await verifyAudit([file], { heads: [head] })
  assert.deepEqual(verdict.ok ? [] : pick(verdict), ['changed', 9, 'record 9 is not the one that was noted elsewhere'])
})

test('no change of a byte goes unnoticed', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat({ max: bytes.length - 1 }), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
      const changed = Buffer.from(bytes)
      changed[at]! ^= flip
      assert.equal((await verify(changed)).ok, false)
    }),
    { numRuns: 300 },
  )
})

test('no cut goes unnoticed beside the head file, except that of the last line feed', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat({ max: bytes.length - 2 }), async length => {
      assert.equal((await verify(bytes.subarray(0, length))).ok, false)
    }),
    { numRuns: 200 },
  )
})

test('noise of any kind gets a verdict', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 2000 }), async noise => {
      assert.equal((await verify(Buffer.from(noise))).ok, false)
      await verify(Buffer.from(noise), 'gone')
    }),
  )
  assert.equal((await verify(Buffer.alloc(12 << 20, 'x'), 'gone')).ok, false)
})

test('a file that cannot be read is a failure, not a verdict', async () => {
  await assert.rejects(verifyAudit([join(folder, 'none')]), error => isCoded(error, 'ERR_AUDIT_UNREADABLE'))
})

function pick({ reason, sequence, detail }: Broken) {
  return [reason, sequence, detail]
}

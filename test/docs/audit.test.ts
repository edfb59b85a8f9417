import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fixedClock } from '../../src/clock.ts'
import { createLog } from '../../src/log.ts'
import { openAudit } from '../../src/telemetry/audit/audit.ts'
import { readHead } from '../../src/telemetry/audit/head-file.ts'
import { auditKinds } from '../../src/telemetry/audit/kinds.ts'
import { auditOptions } from '../../src/telemetry/audit/options.ts'
import { floodLimits } from '../../src/telemetry/events/flood-guard.ts'
import { run } from '../support/run.ts'
import { scratchFolder } from '../support/scratch.ts'

const root = join(import.meta.dirname, '../..')
const page = readFileSync(join(root, 'docs/audit.md'), 'utf8')

test('docs/audit.md lists every kind of record, and no other', () => {
  const listed = [...page.matchAll(/^\| `([a-z-]+)` \| /gm)].map(match => match[1]!)
  assert.deepEqual(listed.toSorted(), auditKinds.toSorted())
})

test('the numbers of docs/audit.md are those of the source', () => {
  const { flushInterval, file } = auditOptions.parse({})
  assert.ok(page.includes(`\`flushInterval\` (${flushInterval} ms)`))
  assert.ok(page.includes(`audit: { file: ${file} }`))
  const { perSubject, overall, window } = floodLimits
  assert.equal(window, 60_000)
  assert.ok(
    page.includes(`up to ${perSubject} a minute`) && page.includes(`${overall.toLocaleString('en')} a minute in all`),
  )
})

test('the command line of docs/audit.md computes the hash of a record', async () => {
  const folder = scratchFolder()
  const file = join(folder, 'data/audit.jsonl')
  {
    await using audit = await openAudit({ file, clock: fixedClock(0), log: createLog('silent') })
    audit.append('server-stopped', { reason: 'a "quoted", nasty \\ text with\n\u2028 ends of lines and ä' })
  }
  const command = /^tail -n 1 .*$/m.exec(page)![0]
  const { stdout, stderr } = await run('sh', ['-c', command], { cwd: folder })
  assert.equal(stderr, '')
  assert.equal(stdout.slice(0, 64), (await readHead(file))?.hash)
})

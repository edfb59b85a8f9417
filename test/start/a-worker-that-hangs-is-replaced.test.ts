// A worker that answers nobody any more, and does not end by itself either.
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { auditRecords } from '../support/audit-records.ts'
import { until } from '../support/home.ts'
import { scratchFolder } from '../support/scratch.ts'
import { serverProcess } from '../support/server-process.ts'

const folder = scratchFolder()
const server = await serverProcess({ folder, sections: { workers: 2 } })
after(() => server.stop())

const pidOf = (worker: number): number => {
  const line = server.log.findLast(each => each.includes(`"worker":${worker},"pid"`))!
  return JSON.parse(line).pid
}

test('a worker that hangs is ended, and another takes its place; one that only works is left alone', async () => {
  const [hanging, working] = [pidOf(1), pidOf(2)]
  process.kill(hanging, 'SIGSTOP')
  await until(() => pidOf(1) !== hanging, 'a new worker', 60_000)
  assert.ok(!existsSync(`/proc/${hanging}`))
  assert.equal(pidOf(2), working)
  assert.equal(await server.ask(), 200)
  const ended = () => auditRecords(join(folder, 'audit.jsonl')).filter(({ kind }) => kind === 'worker-ended')
  await until(() => ended().length > 0, 'the record')
  assert.deepEqual(
    ended().map(({ worker, reason }) => [worker, reason]),
    [[1, 'no answer for 20 s']],
  )
})

test('what the process that asks has missed itself is held against nobody', async () => {
  // By then both have answered: it is from there that their silence would count.
  await sleep(5_000)
  const before = [pidOf(1), pidOf(2)]
  process.kill(server.pid, 'SIGSTOP')
  await sleep(23_000)
  process.kill(server.pid, 'SIGCONT')
  await sleep(3_000)
  assert.deepEqual([pidOf(1), pidOf(2)], before)
  assert.equal(await server.ask(), 200)
})

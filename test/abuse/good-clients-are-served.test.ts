// Invariant 10 on a whole server: while one client does its worst, the others are answered, and nothing stays behind.
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { scratchFolder } from '../support/scratch.ts'
import { type ServerProcess, serverProcess } from '../support/server-process.ts'
import { attacks, limits, measure } from './measured.ts'

suite('good clients are served, and memory stays bounded, during', () => {
  let server: ServerProcess
  before(async () => {
    server = await serverProcess({ folder: scratchFolder(), limits })
    for (let i = 0; i < 20; i++) await server.ask()
  })
  after(async () => {
    const { code, signal } = await server.stop()
    assert.deepEqual({ code, signal }, { code: 0, signal: null }, server.log.slice(-5).join('\n'))
  })

  for (const attack of attacks) {
    test(attack.name, { timeout: 120_000 }, async t => {
      const { sent, met, asked, failed, slowestMs, rssBefore, rssMost, rssAfter, handlesLeft } = await measure(
        server,
        attack,
        1,
      )
      t.diagnostic(`${sent}: ${met}; ${asked} good clients, slowest ${slowestMs.toFixed(0)} ms`)
      t.diagnostic(`memory ${rssBefore.toFixed(0)}, ${rssMost.toFixed(0)}, ${rssAfter.toFixed(0)} MB`)
      assert.deepEqual(failed, [])
      assert.ok(asked > 0)
      assert.ok(rssMost - rssBefore < 200, `memory grew from ${rssBefore} to ${rssMost} MB`)
      assert.equal(handlesLeft, 0, `${handlesLeft} handles stay open`)
      assert.equal(await server.ask(), 200)
    })
  }
})

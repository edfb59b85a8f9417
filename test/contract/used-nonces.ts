import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createUsedNonces } from '../../src/storage/used-nonces.ts'
import type { FreshDatabase } from '../support/storages.ts'

/** What counts once among several processes, wherever that is noted. */
export function usedNoncesContract(kind: string, fresh: FreshDatabase): void {
  describe(`used nonces: ${kind}`, () => {
    test('of many that come at once, at two processes, one is the first; and it may come again when its time is over', async () => {
      const database = fresh()
      const storages = [await database(), await database()]
      const notes = storages.map(createUsedNonces)
      try {
        const all = Array.from({ length: 20 }, (_, i) => notes[i % 2]!.note('once', 0, 1_000))
        assert.equal((await Promise.all(all)).filter(Boolean).length, 1)
        assert.deepEqual(await Promise.all(notes.map(each => each.note('once', 999, 2_000))), [false, false])
        assert.equal(await notes[0]!.note('another', 0, 1_000_000), true)
        assert.equal(await notes[1]!.note('once', 100_000, 101_000), true, 'forgotten')
        assert.equal(await notes[1]!.note('another', 100_000, 101_000), false, 'not yet')
      } finally {
        for (const storage of storages) await storage.close()
      }
    })
  })
}

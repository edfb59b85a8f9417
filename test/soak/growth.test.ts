import assert from 'node:assert/strict'
import { test } from 'node:test'
import { growth } from '../../soak/growth.ts'

const samples = (rss: (i: number) => number, handles: (i: number) => number = () => 50) =>
  Array.from({ length: 30 }, (_, i) => ({ seconds: i * 10, rssMegabytes: rss(i), handles: handles(i) }))

test('a heap that fills and empties is no growth, nor is one that fills at the start', () => {
  assert.deepEqual(growth(samples(i => 150 + (i % 7) * 8)), [])
  assert.deepEqual(growth(samples(i => Math.min(220, 120 + i * 15))), [])
})

test('a leak is seen, of memory and of handles', () => {
  assert.match(growth(samples(i => 150 + i * 6)).join(), /^memory grew/)
  assert.match(
    growth(
      samples(
        () => 150,
        i => 50 + i * 3,
      ),
    ).join(),
    /^handles grew/,
  )
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { BoundedCache } from '../../../src/identity/trust/bounded-cache.ts'

test('what is asked for stays, and the rest makes room', () => {
  const cache = new BoundedCache<number>(10)
  cache.set('kept', 1)
  for (let i = 0; i < 1000; i++) {
    cache.set(`passing ${i}`, i)
    assert.equal(cache.get('kept'), 1)
    assert.ok(cache.size <= 10)
  }
  assert.equal(cache.get('passing 0'), undefined)
  cache.clear()
  assert.deepEqual([cache.size, cache.get('kept')], [0, undefined])
})

test('it never holds more than its capacity, and never answers for another key', () => {
  const steps = fc.array(fc.tuple(fc.constantFrom('get', 'set'), fc.constantFrom(...'abcdefghijkl')), {
    maxLength: 200,
  })
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 9 }), steps, (capacity, script) => {
      const cache = new BoundedCache<string>(capacity)
      for (const [step, key] of script) {
        if (step === 'set') {
          cache.set(key, `${key}!`)
          assert.equal(cache.get(key), `${key}!`)
        } else assert.ok([undefined, `${key}!`].includes(cache.get(key)))
        assert.ok(cache.size <= capacity)
      }
    }),
  )
})

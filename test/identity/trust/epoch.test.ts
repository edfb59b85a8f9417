import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { createEpoch } from '../../../src/identity/trust/epoch.ts'

test('each rise is told to everyone who listens, with its cause', () => {
  const epoch = createEpoch()
  const told: unknown[] = []
  const unsubscribe = epoch.subscribe(change => told.push(change))
  epoch.subscribe(change => told.push(change.epoch))
  const start = epoch.value
  epoch.raise('users')
  unsubscribe()
  epoch.raise('bindings')
  assert.deepEqual(told, [{ epoch: start + 1, cause: 'users' }, start + 1, start + 2])
  assert.equal(epoch.value, start + 2)
  assert.deepEqual(
    [epoch.begunBy('users'), epoch.begunBy('bindings'), epoch.begunBy('anchors')],
    [start + 1, start + 2, 0],
  )
})

test('a listener that fails keeps neither the others from being told, nor who raised from going on', async () => {
  const epoch = createEpoch()
  const told: number[] = []
  epoch.subscribe(() => {
    throw new Error('this listener fails')
  })
  epoch.subscribe(change => told.push(change.epoch))
  const warned = once(process, 'warning')
  epoch.raise('anchors')
  assert.deepEqual(told, [epoch.value])
  assert.match(String((await warned)[0]), /this listener fails/)
})

test('it goes on from where another process is, never back, and tells nobody of that', () => {
  const epoch = createEpoch()
  const told: number[] = []
  epoch.subscribe(change => told.push(change.epoch))
  epoch.atLeast(40)
  epoch.atLeast(7)
  assert.equal(epoch.value, 40)
  assert.equal(epoch.begunBy('users'), 0)
  epoch.raise('users')
  assert.deepEqual(told, [41])
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  createFloodGuard,
  type FloodLimits,
  floodLimits,
  type Repetition,
} from '../../../src/telemetry/events/flood-guard.ts'

function guarded(limits: Partial<FloodLimits> = {}) {
  const told: Repetition[] = []
  const guard = createFloodGuard(repetition => told.push(repetition), { ...floodLimits, ...limits })
  return { guard, told }
}

test('each kind has its own twenty', () => {
  const { guard, told } = guarded()
  const allowed = (code: string) => Array.from({ length: 30 }, () => guard.allows('refused', { code })).filter(Boolean)
  assert.deepEqual([allowed('a').length, allowed('b').length], [20, 20])
  guard[Symbol.dispose]()
  assert.deepEqual(told, [
    { event: 'refused', subject: { code: 'a' }, count: 10 },
    { event: 'refused', subject: { code: 'b' }, count: 10 },
  ])
})

test('from a million addresses no more is told than the bound for all, and memory stays bounded', () => {
  const { guard, told } = guarded()
  let allowed = 0
  for (let i = 0; i < 1_000_000; i++) if (guard.allows('refused', { address: String(i) })) allowed++
  guard[Symbol.dispose]()
  assert.equal(allowed, floodLimits.subjects + floodLimits.perSubject)
  assert.deepEqual(told, [{ event: 'refused', subject: {}, count: 1_000_000 - allowed }])
})

test('all kinds together have a bound', () => {
  const { guard } = guarded({ overall: 5 })
  const allowed = Array.from({ length: 10 }, (_, i) => guard.allows('refused', { code: String(i) }))
  assert.equal(allowed.filter(Boolean).length, 5)
  guard[Symbol.dispose]()
})

test('a window ends by itself, and the next one begins anew', async t => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const { guard, told } = guarded()
  for (let i = 0; i < 25; i++) guard.allows('refused', {})
  t.mock.timers.tick(floodLimits.window)
  assert.deepEqual(told, [{ event: 'refused', subject: {}, count: 5 }])
  assert.equal(guard.allows('refused', {}), true)
  guard[Symbol.dispose]()
  assert.equal(told.length, 1)
})

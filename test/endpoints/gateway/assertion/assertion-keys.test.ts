import assert from 'node:assert/strict'
import { chmodSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Clock, fixedClock } from '../../../../src/clock.ts'
import { openAssertionKeys } from '../../../../src/endpoints/gateway/assertion/assertion-keys.ts'
import { isCoded } from '../../../../src/errors.ts'
import { silentLog } from '../../../../src/log.ts'
import { scratchFolder } from '../../../support/scratch.ts'

const folder = scratchFolder()
const day = 86_400_000
const start = '2026-11-23T12:00:00Z'
const open = (clock: Clock, keyFile?: string, algorithm: 'ES256' | 'EdDSA' = 'ES256') =>
  openAssertionKeys({ algorithm, rotationDays: 30, keyFile }, clock, silentLog)
const kids = (keys: ReturnType<typeof open>) => keys.published().map(key => key.kid)

test('two keys are published: the one that signs, and the one that will', () => {
  const keys = open(fixedClock(start))
  assert.equal(keys.published().length, 2)
  assert.equal(keys.current().kid, keys.published()[0]!.kid)
  for (const { publicJwk } of keys.published()) {
    assert.deepEqual(Object.keys(publicJwk).toSorted(), ['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y'])
  }
})

test('the next key takes over in its time, and the one before stays published for a little', () => {
  const clock = fixedClock(start)
  const keys = open(clock)
  const [first, second] = kids(keys)
  clock.set(Date.parse(start) + 30 * day - 1000)
  assert.equal(keys.current().kid, first)
  clock.set(Date.parse(start) + 30 * day)
  assert.equal(keys.current().kid, second)
  const [, third] = kids(keys)
  assert.deepEqual(kids(keys), [second, third, first])
  assert.equal(new Set([first, second, third]).size, 3)
  clock.set(Date.parse(start) + 30 * day + 600_000)
  assert.deepEqual(kids(keys), [second, third])
})

test('after a long sleep a key signs all the same, and two are published', () => {
  const clock = fixedClock(start)
  const keys = open(clock)
  const [, second] = kids(keys)
  clock.set(Date.parse(start) + 400 * day)
  assert.equal(keys.current().kid, second)
  assert.equal(keys.published().length, 2)
  assert.ok(keys.published()[1]!.activeFrom > clock.now())
})

test('a clock that was set back leaves a key to sign with', () => {
  const clock = fixedClock(start)
  const keys = open(clock)
  clock.set(Date.parse(start) - day)
  assert.ok(keys.current().kid)
})

test('a file keeps the keys over a restart, for its owner alone', () => {
  const file = join(folder, 'kept.json')
  const clock = fixedClock(start)
  const before = kids(open(clock, file))
  assert.equal(statSync(file).mode & 0o777, 0o600)
  assert.deepEqual(kids(open(clock, file)), before)
  assert.deepEqual(
    readdirSync(folder).filter(name => name.startsWith('kept')),
    ['kept.json'],
    'nothing else is left',
  )
  clock.set(Date.parse(start) + 31 * day)
  const after = kids(open(clock, file))
  assert.equal(after[0], before[1])
  assert.deepEqual(kids(open(clock, file)), after)
})

test('two processes that share the file change over to the same key', () => {
  const file = join(folder, 'shared.json')
  const clock = fixedClock(start)
  const one = open(clock, file)
  const other = open(clock, file)
  for (let month = 1; month <= 4; month++) {
    clock.set(Date.parse(start) + month * 30 * day + 1000)
    assert.equal(one.current().kid, other.current().kid)
    assert.deepEqual(kids(one), kids(other))
  }
})

test('a changed algorithm makes new keys', () => {
  const file = join(folder, 'algorithm.json')
  const clock = fixedClock(start)
  open(clock, file)
  const keys = open(clock, file, 'EdDSA')
  assert.equal(keys.current().publicJwk.crv, 'Ed25519')
  assert.equal(keys.published().length, 2)
})

test('a file that others may read, or that holds no keys, stops the start', () => {
  const clock = fixedClock(start)
  const exposed = join(folder, 'exposed.json')
  open(clock, exposed)
  chmodSync(exposed, 0o640)
  assert.throws(
    () => open(clock, exposed),
    error => isCoded(error, 'ERR_ASSERTION_KEYS_EXPOSED'),
  )
  assert.throws(
    () => open(clock, folder),
    error => isCoded(error, 'ERR_ASSERTION_KEYS_EXPOSED') || isCoded(error, 'ERR_ASSERTION_KEYS_UNREADABLE'),
  )
  assert.throws(
    () => open(clock, join(folder, 'no', 'such', 'folder')),
    error => isCoded(error, 'ERR_ASSERTION_KEYS_UNWRITABLE'),
  )
  const broken = join(folder, 'broken.json')
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.json(),
        fc.constant(JSON.stringify({ keys: [{ kty: 'EC', crv: 'P-256', d: 'AA', nbf: 1 }] })),
      ),
      text => {
        writeFileSync(broken, text, { mode: 0o600 })
        fc.pre(text !== '{"keys":[]}')
        assert.throws(
          () => open(clock, broken),
          error => isCoded(error, 'ERR_ASSERTION_KEYS_MALFORMED') && error.cause === undefined,
        )
        assert.equal(readFileSync(broken, 'utf8'), text, 'and is left alone')
      },
    ),
    { numRuns: 60 },
  )
})

test('a file that cannot be written any more does not stop the signing', () => {
  const file = join(folder, 'later.json')
  const clock = fixedClock(start)
  const errors: object[] = []
  const keys = openAssertionKeys({ algorithm: 'ES256', rotationDays: 30, keyFile: file }, clock, {
    ...silentLog,
    error: fields => void errors.push(fields),
  })
  const [, second] = kids(keys)
  writeFileSync(file, 'broken')
  clock.set(Date.parse(start) + 30 * day)
  assert.equal(keys.current().kid, second)
  assert.equal(keys.published().length, 3)
  assert.equal(errors.length, 1)
  assert.ok(existsSync(file))
})

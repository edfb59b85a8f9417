import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { fixedClock } from '../../../src/clock.ts'
import { createSealer } from '../../../src/server/tls/sealed-secret.ts'
import {
  openSharedTicketKeys,
  type SharedTicketKeysSource,
  type SharedTicketPlace,
} from '../../../src/server/tls/shared-ticket-keys.ts'
import { until } from '../../support/home.ts'

const hour = 3_600_000
const key = 'a key of more than thirty-two characters'

/** A place that replicas share; `away` makes it unreachable. */
function sharedPlace() {
  const rows = new Map<string, string>()
  const listeners = new Set<() => unknown>()
  const place = {
    rows,
    away: false as boolean,
    async read(keyId: string) {
      if (place.away) throw new Error('away')
      return rows.get(keyId)
    },
    async change(keyId: string, _now: number, decide: (kept: string | undefined) => string | undefined) {
      await new Promise(setImmediate)
      if (place.away) throw new Error('away')
      const sealed = decide(rows.get(keyId))
      if (sealed !== undefined) rows.set(keyId, sealed)
      for (const listener of listeners) listener()
      return rows.get(keyId)
    },
    onChange(listener: () => unknown) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  } satisfies SharedTicketPlace & { rows: Map<string, string>; away: boolean }
  return place
}

async function replica(place: SharedTicketPlace, changes: Partial<SharedTicketKeysSource> = {}) {
  const failures: unknown[] = []
  const keys = await openSharedTicketKeys({
    place,
    key,
    rotation: 24 * hour,
    clock: fixedClock('2026-01-01T00:00:00Z'),
    facts: () => [1, 2, 3],
    onFailure: error => failures.push(error),
    ...changes,
  })
  after(() => keys[Symbol.asyncDispose]())
  const told: string[] = []
  const now = () => keys.key({ listener: 'main' }).toString('hex')
  keys.onChange(() => told.push(now()))
  return { keys, failures, told, now }
}

describe('replicas', () => {
  test('have the same keys, one for each policy, and what they keep tells nothing of them', async () => {
    const place = sharedPlace()
    const [one, other] = await Promise.all([replica(place), replica(place)])
    assert.equal(one.now(), other.now())
    assert.notEqual(one.now(), one.keys.key({ listener: 'second' }).toString('hex'))
    assert.equal(place.rows.size, 1)
    const kept = JSON.stringify([...place.rows])
    const { secret } = createSealer(key).open([...place.rows.values()][0]!)!
    for (const encoding of ['hex', 'base64'] as const) assert.equal(kept.includes(secret.toString(encoding)), false)
    assert.equal(kept.includes(key), false)
  })

  test('of another key have other ones, and leave those of the first alone', async () => {
    const place = sharedPlace()
    const one = await replica(place)
    const before = one.now()
    const other = await replica(place, { key: 'another key of more than thirty-two characters' })
    assert.notEqual(one.now(), other.now())
    assert.equal(one.now(), before)
    assert.equal(place.rows.size, 2)
  })

  test('follow what all of them read, without a word to each other', async () => {
    const place = sharedPlace()
    const facts = { users: 1 }
    const [one, other] = [await replica(place, { facts: () => facts }), await replica(place, { facts: () => facts })]
    const before = one.now()
    one.told.length = 0
    facts.users = 2
    one.keys.refresh()
    assert.deepEqual(one.told, [one.now()])
    assert.equal(one.now(), other.now())
    assert.notEqual(one.now(), before)
  })

  test('turn together when trust moves at one of them: there at once, with the others soon, and never back', async () => {
    const place = sharedPlace()
    const [one, other] = [await replica(place), await replica(place)]
    const before = one.now()
    one.keys.turn()
    assert.notEqual(one.now(), before)
    assert.notEqual(one.now(), other.now(), 'the others do not know it yet')
    await until(() => one.now() === other.now() && one.now() !== before, 'one key again')
    assert.ok(other.told.includes(other.now()))
    const later = await replica(place)
    assert.equal(later.now(), one.now())
  })

  test('that turn at the same time count each turn', async () => {
    const place = sharedPlace()
    const all = [await replica(place), await replica(place), await replica(place)]
    for (const { keys } of all) keys.turn()
    await until(() => new Set(all.map(each => each.now())).size === 1, 'one key again')
    assert.equal(createSealer(key).open([...place.rows.values()][0]!)?.turn, 3)
  })

  test('that cannot reach the place turn all the same, alone, and together again when they can', async () => {
    const place = sharedPlace()
    const [one, other] = [await replica(place), await replica(place)]
    const before = one.now()
    place.away = true
    one.keys.turn()
    await until(() => one.failures.length > 0, 'it is told')
    assert.notEqual(one.now(), before)
    assert.equal(other.now(), before)
    place.away = false
    await until(() => one.now() === other.now(), 'one key again')
    assert.notEqual(one.now(), before)
  })
})

test('a secret that is old, from the future, changed or cut short gives way to another', async () => {
  const sealer = createSealer(key)
  const made = Date.parse('2026-01-01T00:00:00Z')
  const secret = Buffer.alloc(32, 7)
  const good = sealer.seal({ secret, made, turn: 5 })
  const changed = Buffer.from(good, 'base64')
  changed[30]! ^= 1
  for (const [what, sealed, kept] of [
    ['good', good, true],
    ['a little ahead', sealer.seal({ secret, made: made + 30_000, turn: 5 }), true],
    ['old', sealer.seal({ secret, made: made - 25 * hour, turn: 5 }), false],
    ['from the future', sealer.seal({ secret, made: made + hour, turn: 5 }), false],
    ['changed', changed.toString('base64'), false],
    ['cut short', good.slice(0, 20), false],
    ['sealed with another key', createSealer(`${key}.`).seal({ secret, made, turn: 5 }), false],
  ] as const) {
    const place = sharedPlace()
    place.rows.set(sealer.keyId, sealed)
    await replica(place)
    const now = sealer.open(place.rows.get(sealer.keyId)!)
    assert.equal(now?.secret.equals(secret), kept, what)
    assert.equal(now?.turn, kept ? 5 : 0, what)
  }
})

test('a place that cannot be reached at the start is an error', async () => {
  const place = sharedPlace()
  place.away = true
  await assert.rejects(replica(place), /away/)
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Connection } from '../../../src/server/tls/connection.ts'
import { Connections, type LossOf } from '../../../src/server/tls/connections.ts'
import { listenerLimits } from '../../../src/server/tls/options.ts'

const lost = { user: 'alice', tenant: 'default', code: 'account_locked', detail: 'The account is locked.' }

/** So many that a run has to let others in between. */
function crowd(count: number) {
  const connections = new Connections(listenerLimits.parse({}))
  const all = Array.from({ length: count }, () => {
    const made = { round: 0, dropped: false, socket: { destroyed: false }, settle: () => undefined } as unknown
    const connection = Object.assign(made as Connection, {
      drop(this: { dropped: boolean }) {
        this.dropped = true
      },
    })
    Object.defineProperty(connection, 'peer', { value: connection })
    Object.defineProperty(connection, 'over', { get: () => connection.dropped })
    return connection
  })
  for (const each of all) connections.add(each)
  return { connections, all, dropped: () => all.filter(({ dropped }) => dropped) }
}

test('trust that moves on while connections are looked at: each is looked at for the last state, and none more than it takes', async () => {
  const { connections, all } = crowd(2000)
  const looks = new Map<unknown, number[]>()
  let round = 1
  const lossOf: LossOf = async peer => {
    looks.set(peer, [...(looks.get(peer) ?? []), round])
    if (looks.size === 700) round = 2
    return undefined
  }
  const onEnded = () => assert.fail('nobody lost anything')
  const run = () => connections.rejudge({ round: () => round, lossOf, onEnded, doubts: () => false })
  await run()
  await run()
  await run()
  for (const each of all) assert.equal(looks.get(each)?.at(-1), 2)
  const twice = [...looks.values()].filter(({ length }) => length === 2).length
  assert.equal([...looks.values()].filter(({ length }) => length > 2).length, 0)
  assert.ok(twice >= 699 && twice <= 1000, `${twice} were looked at twice`)
})

test('others are served between the slices of a run', async () => {
  const { connections } = crowd(3000)
  let turns = 0
  const turn = () => {
    turns += 1
    timer = setImmediate(turn)
  }
  let timer = setImmediate(turn)
  await connections.rejudge({ round: () => 1, lossOf: async () => undefined, onEnded: () => {}, doubts: () => false })
  clearImmediate(timer)
  assert.ok(turns >= 10, `${turns} turns of the event loop`)
})

test('who lost something is ended and told of, once; who cannot be looked at is ended, too', async () => {
  const { connections, all, dropped } = crowd(600)
  const told: unknown[] = []
  const [loser, broken, worse] = [all[10]!, all[300]!, all[599]!]
  Object.assign(worse, {
    wasTrusted: true,
    settle() {
      throw new Error('a fault')
    },
  })
  const count = await connections.rejudge({
    round: () => 1,
    async lossOf(peer) {
      if (peer === broken) throw new Error('the store is away')
      return peer === loser ? lost : undefined
    },
    onEnded: (connection, { code }) => told.push([connection, code]),
    doubts: () => false,
  })
  assert.equal(count, 2)
  assert.deepEqual(new Set(dropped()), new Set([loser, broken, worse]))
  assert.deepEqual(
    new Map(told as [Connection, string][]),
    new Map([
      [loser, 'account_locked'],
      [broken, 'internal_error'],
    ]),
  )
})

test('those whose judgement is in doubt come first', async () => {
  const { connections, all } = crowd(1000)
  const good = { verdict: { ok: true } }
  const doubtful = all.slice(-10)
  for (const each of all) Object.assign(each, { lastJudgement: { ...good }, judgement: () => good })
  const looked: unknown[] = []
  await connections.rejudge({
    round: () => 1,
    lossOf: async peer => void looked.push(peer),
    onEnded: () => {},
    doubts: judgement => doubtful.some(({ lastJudgement }) => lastJudgement === judgement),
  })
  assert.deepEqual(looked.slice(0, 10), doubtful)
  assert.equal(looked.length, 1000)
})

import assert from 'node:assert/strict'
import { chmodSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fixedClock } from '../../../src/clock.ts'
import { isCoded } from '../../../src/errors.ts'
import { openTicketKeys, type TurningTicketKeys } from '../../../src/server/tls/ticket-keys.ts'
import { baseTime } from '../../support/certificates.ts'
import { scratchFolder } from '../../support/scratch.ts'

const hour = 3_600_000

function setting() {
  const folder = scratchFolder()
  const clock = fixedClock(baseTime)
  const failures: unknown[] = []
  const world = { seen: 'as it was' }
  const file = join(folder, 'secret.json')
  const open = (): Promise<TurningTicketKeys> =>
    openTicketKeys({
      file,
      rotation: 24 * hour,
      clock,
      look: async () => world.seen,
      onFailure: error => void failures.push(error),
    })
  return { folder, file, clock, failures, world, open }
}

test('the same state and policy give the same key, also to the next process', async () => {
  const { file, open } = setting()
  let before: Buffer
  {
    await using keys = await open()
    before = keys.key({ name: 'main' })
    assert.equal(before.length, 48)
    assert.deepEqual(keys.key({ name: 'main' }), before)
    assert.notDeepEqual(keys.key({ name: 'other' }), before)
  }
  await using keys = await open()
  assert.deepEqual(keys.key({ name: 'main' }), before)
  assert.equal(statSync(file).mode & 0o777, 0o600)
})

test('each turn gives other keys, and none comes back after a restart', async () => {
  const { folder, open } = setting()
  const before = new Set<string>()
  {
    await using keys = await open()
    let told = 0
    keys.onChange(() => {
      told += 1
    })
    for (let i = 0; i < 1000; i++) {
      before.add(keys.key('policy').toString('hex'))
      keys.turn()
    }
    assert.equal(told, 1000)
    before.add(keys.key('policy').toString('hex'))
    assert.equal(before.size, 1001)
  }
  await using keys = await open()
  const after = keys.key('policy').toString('hex')
  assert.equal([...before].indexOf(after), 1000, 'the last one goes on')
  assert.deepEqual(readdirSync(folder), ['secret.json'], 'and no draft is left')
})

test('what changed while no server ran gives other keys', async () => {
  const { world, open } = setting()
  let before: Buffer
  {
    await using keys = await open()
    before = keys.key('policy')
  }
  world.seen = 'a user was locked'
  await using keys = await open()
  assert.notDeepEqual(keys.key('policy'), before)
})

test('a secret is used for its time, and then nothing of it is left', async () => {
  const { file, clock, open } = setting()
  const first = await open()
  const before = first.key('policy')
  const secret = () => JSON.parse(readFileSync(file, 'utf8')).secret
  const old = secret()
  clock.set(baseTime + 24 * hour)
  first.turn()
  assert.notDeepEqual(first.key('policy'), before)
  await first[Symbol.asyncDispose]()
  assert.notEqual(secret(), old)
  clock.set(baseTime + 72 * hour)
  await using later = await open()
  assert.notDeepEqual(later.key('policy'), before)
  clock.set(baseTime)
  const young = secret()
  await using earlier = await open()
  assert.notEqual(secret(), young, 'a secret from the future is none')
  assert.ok(earlier)
})

test('a file that others can read, or that holds no secret, is not used, and the error tells nothing of it', async () => {
  const { file, open } = setting()
  await (await open())[Symbol.asyncDispose]()
  const text = readFileSync(file, 'utf8')
  chmodSync(file, 0o640)
  await assert.rejects(open(), error => isCoded(error, 'ERR_TICKET_SECRET_EXPOSED'))
  chmodSync(file, 0o600)
  for (const bad of [
    '',
    'x',
    '{}',
    'null',
    text.slice(0, 30),
    text.replace(/"turn":\d+/, '"turn":"1"'),
    text.repeat(99),
  ]) {
    writeFileSync(file, bad)
    await assert.rejects(open(), (error: Error) => {
      assert.ok(isCoded(error, 'ERR_TICKET_SECRET_MALFORMED'))
      assert.ok(!JSON.stringify([error.message, error.cause, error.stack]).includes(text.slice(11, 25)))
      return true
    })
  }
})

test('a secret that can no longer be kept raises an alarm, and the keys turn all the same', async () => {
  const { folder, failures, open } = setting()
  const keys = await open()
  const before = keys.key('policy')
  rmSync(folder, { recursive: true })
  keys.turn()
  assert.notDeepEqual(keys.key('policy'), before)
  await keys[Symbol.asyncDispose]()
  assert.ok(isCoded(failures[0], 'ERR_TICKET_SECRET_UNWRITABLE'))
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CodedError } from '../../src/errors.ts'
import { type Answers, type End, openChannel } from '../../src/start/workers/channel.ts'

/** Two ends of one channel, in one process. */
function channel(answers: Answers, deaf = false) {
  const listeners: ((message: unknown) => void)[][] = [[], []]
  const end = (own: number): End => ({
    send: message =>
      setImmediate(() => {
        if (!deaf) for (const listener of listeners[1 - own]!) listener(message)
      }),
    on: (_event, listener) => listeners[own]!.push(listener),
  })
  openChannel(end(1), answers)
  return openChannel(end(0), {})
}

test('an answer comes to its own question, and a failure with its code and its remedy', async () => {
  const { ask } = channel({
    async twice(value: number) {
      await new Promise(resolve => setTimeout(resolve, 5 - value))
      return value * 2
    },
    coded() {
      throw new CodedError('ERR_LISTEN_FAILED', 'the port is taken', { remedy: 'Choose another.' })
    },
    broken() {
      throw new TypeError('a fault')
    },
  })
  const answers = Promise.all([1, 2, 3].map(value => ask('twice', [value], 1_000)))
  assert.deepEqual(await answers, [2, 4, 6])
  const expected = { code: 'ERR_LISTEN_FAILED', message: 'the port is taken', remedy: 'Choose another.' }
  await assert.rejects(ask('coded', [], 1_000), expected)
  await assert.rejects(ask('broken', [], 1_000), { code: 'ERR_INTERNAL', message: 'a fault' })
  await assert.rejects(ask('something else', [], 1_000), { code: 'ERR_INTERNAL' })
})

test('nobody waits for a process that is silent or gone', async () => {
  const silent = channel({}, true)
  await assert.rejects(silent.ask('anything', [], 20), { code: 'ERR_WORKER' })
  const waiting = silent.ask('anything', [], 10_000)
  silent.close()
  await assert.rejects(waiting, { code: 'ERR_WORKER' })
  await assert.rejects(silent.ask('anything', [], 10_000), { code: 'ERR_WORKER' })
})

// What no server at hand does.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Conversation } from '../../src/diagnosis/conversation.ts'
import { findCause } from '../../src/diagnosis/find-cause.ts'

const conversation: Conversation = {
  address: '127.0.0.1',
  flight: {
    hello: { version: 0x0304, suite: 0x1304 },
    chain: [],
    request: undefined,
    complete: false,
    alert: undefined,
  },
  agreed: { protocol: 'TLSv1.3', suite: 'TLS_AES_128_CCM_SHA256' },
  failure: undefined,
  answer: { status: 200, reason: 'OK', headers: {}, body: '', problem: undefined, whoami: undefined },
  foreign: undefined,
}

test('a handshake in which no certificate was seen is not healthy, whatever came after it', () => {
  const cause = findCause({
    target: { host: '127.0.0.1', port: 1, name: 'localhost' },
    timeoutMs: 1000,
    taken: [],
    conversation,
    trust: { kind: 'named', anchors: [], others: [], text: 'nobody' },
    server: undefined,
    identity: undefined,
    client: undefined,
  })
  assert.equal(cause?.code, 'handshake_failed')
})

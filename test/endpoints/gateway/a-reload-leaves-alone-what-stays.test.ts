import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import https from 'node:https'
import { test } from 'node:test'
import { Kept } from '../../../src/endpoints/gateway/kept.ts'
import { ask, openFront, openUpstream } from './front.ts'

test('what two hold is made once, and ended when both have let go', async () => {
  const ended: string[] = []
  const kept = new Kept<string>(value => void ended.push(value))
  let made = 0
  const make = () => `value ${++made}`
  assert.equal(kept.hold('a', make), 'value 1')
  assert.equal(kept.hold('a', make), 'value 1')
  assert.equal(kept.hold('b', make), 'value 2')
  await kept.release('a')
  assert.deepEqual(ended, [])
  await kept.release('b')
  await kept.release('a')
  assert.deepEqual(ended, ['value 2', 'value 1'])
  await kept.release('a')
  assert.equal(kept.hold('a', make), 'value 3')
})

const events: string[] = []
const upstream = await openUpstream((request, response) => {
  response.on('close', () => events.push(`${request.url} closed`))
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  response.write('data: 1\n\n')
})
const route = (path: string, more: object = {}) => ({ path, upstream: upstream.url, ...more })
const front = await openFront([route('/stays/*'), route('/narrows/*'), route('/goes/*')])
const alice = front.client('alice')

async function stream(path: string): Promise<IncomingMessage> {
  const request = https.request({
    host: '127.0.0.1',
    port: front.port,
    servername: 'localhost',
    path,
    ca: front.ca,
    cert: alice.chainPem,
    key: alice.keyPem,
    agent: false,
  })
  request.on('error', () => {}).end()
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  response.on('error', () => {})
  await once(response, 'data')
  return response
}

test('a stream on a route that stays goes on; on one that is gone, or for others now, it ends', {
  timeout: 20_000,
}, async () => {
  const keysOf = async () => (await ask(front, alice, '/.well-known/jwks.json')).body.toString()
  const before = await keysOf()
  const [stays, narrows, goes] = await Promise.all([stream('/stays/x'), stream('/narrows/x'), stream('/goes/x')])
  const ended = Promise.all([narrows!, goes!].map(one => new Promise(resolve => one.resume().on('close', resolve))))
  await front.reload([route('/stays/*'), route('/narrows/*', { allow: { roles: ['seller'] } })])
  await ended
  assert.equal(stays!.destroyed, false)
  while (events.length < 2) await new Promise(resolve => setTimeout(resolve, 10))
  assert.deepEqual(events.toSorted(), ['/goes/x closed', '/narrows/x closed'])
  assert.equal((await ask(front, alice, '/narrows/x')).status, 403)
  assert.equal((await ask(front, alice, '/goes/x')).status, 404)
  assert.equal(await keysOf(), before, 'assertions that are under way can still be verified')
  stays!.destroy()
})

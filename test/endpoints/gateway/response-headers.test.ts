import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cleanResponseHeaders, cleanTrailers } from '../../../src/endpoints/gateway/response-headers.ts'

const plain = (headers: object) => ({ ...headers })

test('what concerns the hop behind us, what its Connection names, and our own names stay behind', () => {
  const cleaned = cleanResponseHeaders({
    'content-type': 'text/plain',
    'set-cookie': ['a=1', 'b=2'],
    connection: 'close, X-Hop',
    'x-hop': '1',
    'keep-alive': 'timeout=5',
    'transfer-encoding': 'chunked',
    upgrade: 'h2c',
    te: 'trailers',
    trailer: 'x-sum',
    'proxy-authenticate': 'Basic',
    'x-forwarded-user': 'admin',
    'client-cert': ':AA==:',
    'countersign-assertion': 'x',
    'countersign-anything': 'x',
    'alt-svc': 'h3=":443"',
  })
  assert.deepEqual(plain(cleaned), { 'content-type': 'text/plain', 'set-cookie': ['a=1', 'b=2'] })
})

test('Connection may come as several lines', () => {
  const cleaned = cleanResponseHeaders({ connection: ['x-a', 'x-b'], 'x-a': '1', 'x-b': '2', 'x-c': '3' })
  assert.deepEqual(plain(cleaned), { 'x-c': '3' })
})

test('a name like __proto__ is a name like any other', () => {
  const headers = JSON.parse('{"__proto__": "x", "constructor": "y"}')
  const cleaned = cleanResponseHeaders(headers)
  assert.equal(Object.getPrototypeOf(cleaned), null)
  assert.deepEqual(Object.keys(cleaned), ['__proto__', 'constructor'])
})

test('trailers carry no framing, no identity, no cookies', () => {
  const cleaned = cleanTrailers({
    'x-sum': '1',
    'content-length': '3',
    'set-cookie': 'a=1',
    'x-forwarded-user': 'admin',
    'transfer-encoding': 'chunked',
  })
  assert.deepEqual(plain(cleaned), { 'x-sum': '1' })
})

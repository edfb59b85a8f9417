import assert from 'node:assert/strict'
import { test } from 'node:test'
import { crossOriginRefusal } from '../../src/endpoints/cross-origin.ts'

const strict = { crossOrigin: 'refuse', origins: ['https://app.example.org'] } as const

const refused = (headers: Record<string, string>, method = 'POST', websocket = false) =>
  crossOriginRefusal({ method, headers: { host: 'gate.example.org', ...headers }, websocket }, strict) !== undefined

test('programs, our own pages and listed origins pass', () => {
  assert.ok(!refused({}))
  assert.ok(!refused({ 'sec-fetch-site': 'same-origin', origin: 'https://gate.example.org' }))
  assert.ok(!refused({ 'sec-fetch-site': 'none' }))
  assert.ok(!refused({ origin: 'https://gate.example.org' }))
  assert.ok(!refused({ origin: 'https://gate.example.org', host: 'gate.example.org:443' }))
  assert.ok(!refused({ origin: 'https://gate.example.org:9443', host: 'GATE.example.org:9443' }))
  assert.ok(!refused({ 'sec-fetch-site': 'cross-site', origin: 'https://app.example.org' }))
})

test('pages of other sites do not, nor do sandboxed ones and neighbours', () => {
  assert.ok(refused({ 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }))
  assert.ok(refused({ 'sec-fetch-site': 'cross-site' }))
  assert.ok(refused({ 'sec-fetch-site': 'same-site', origin: 'https://other.example.org' }))
  assert.ok(refused({ origin: 'https://evil.example' }))
  assert.ok(refused({ origin: 'null' }))
  assert.ok(refused({ origin: 'https://gate.example.org:8443' }))
  assert.ok(refused({ origin: 'https://gate.example.org.evil.example' }))
  assert.ok(refused({ origin: 'garbage' }))
  assert.ok(refused({ origin: 'http://gate.example.org' }), 'not over TLS')
  assert.ok(refused({ origin: 'garbage', host: '' }))
})

test('reading is for the browser to guard; a WebSocket is not reading', () => {
  const foreign = { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }
  for (const method of ['GET', 'HEAD', 'OPTIONS']) assert.ok(!refused(foreign, method), method)
  for (const method of ['PUT', 'PATCH', 'DELETE', 'QUERY', 'PROPFIND', 'get'])
    assert.ok(refused(foreign, method), method)
  assert.ok(refused(foreign, 'GET', true))
  assert.ok(!refused({ origin: 'https://gate.example.org' }, 'GET', true))
})

test('insecure-allow lets everything through', () => {
  const lax = { crossOrigin: 'insecure-allow', origins: [] } as const
  const request = { method: 'POST', headers: { origin: 'https://evil.example' }, websocket: false }
  assert.equal(crossOriginRefusal(request, lax), undefined)
})

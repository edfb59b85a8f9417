import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ask, ask2, connect2, openEcho, openFront, openUpstream, seen } from './front.ts'

const upstream = await openEcho()
const odd = await openUpstream((request, response) => {
  switch (request.url) {
    case '/odd/204':
      response.writeHead(204).end()
      return
    case '/odd/304':
      response.writeHead(304, { etag: '"x"' }).end()
      return
    case '/odd/cookies':
      response.writeHead(200, { 'set-cookie': ['a=1', 'b=2'], 'x-latin': Buffer.from([0xe4]).toString('latin1') })
      response.end('x')
      return
    case '/odd/early':
      response.writeEarlyHints({ link: '</style.css>; rel=preload' })
      response.end('after the hints')
      return
    case '/odd/trailers':
      response.writeHead(200, { trailer: 'x-sum' })
      response.write('body')
      response.addTrailers({ 'x-sum': '42', 'X-Forwarded-User': 'admin' })
      response.end()
      return
    case '/odd/hop':
      response.writeHead(200, {
        connection: 'close, x-secret',
        'x-secret': '1',
        'x-forwarded-user': 'admin',
        'x-open': '2',
        'keep-alive': 'timeout=9',
        'alt-svc': 'h3=":443"',
      })
      response.end('hop')
      return
    default:
      response.writeHead(418, 'Short and stout', { 'content-length': '6' }).end('teapot')
  }
})
const front = await openFront([
  { path: '/echo/*', upstream: upstream.url },
  { path: '/echo/exact', upstream: `${upstream.url}/elsewhere` },
  { path: '/strip/*', upstream: `${upstream.url}/base`, prefix: 'strip' },
  { path: '/host/*', upstream: upstream.url, host: 'client', authorization: 'forward' },
  { path: '/odd/*', upstream: odd.url },
])
const alice = front.client('alice')

test('method, path, query, fields and body arrive over HTTP/1.1', async () => {
  const reply = await ask(front, alice, '/echo/a%20b?x=%2F&y', {
    method: 'POST',
    headers: { 'Content-Type': 'text/plain', 'X-Own': 'value', Cookie: 'a=1' },
    body: 'hello',
  })
  assert.equal(reply.status, 200)
  const { method, url, headers, body } = seen(reply)
  assert.equal(`${method} ${url}`, 'POST /echo/a%20b?x=%2F&y')
  assert.equal(body, 'hello')
  assert.equal(headers['x-own'], 'value')
  assert.equal(headers.cookie, 'a=1')
  assert.equal(headers['x-forwarded-user'], 'alice')
  assert.equal(headers['x-forwarded-tenant'], 'default')
  assert.equal(headers['x-forwarded-roles'], 'buyer')
  assert.equal(headers['x-forwarded-for'], '127.0.0.1')
  assert.equal(headers['x-forwarded-proto'], 'https')
  assert.equal(headers['client-cert'], `:${alice.der.toString('base64')}:`)
  assert.match(String(headers['countersign-assertion']), /^ey[\w-]+\.[\w-]+\.[\w-]+$/)
  assert.equal(headers.host, `127.0.0.1:${upstream.port}`)
})

test('the same over HTTP/2, with a body of no declared length', async () => {
  const session = connect2(front, alice)
  try {
    const reply = await ask2(session, '/echo/two?q=1', { method: 'PUT', headers: { 'x-own': 'v' }, body: 'hello' })
    assert.equal(reply.status, 200)
    const { method, url, headers, body } = seen(reply)
    assert.equal(`${method} ${url} ${body}`, 'PUT /echo/two?q=1 hello')
    assert.equal(headers['x-own'], 'v')
    assert.equal(headers['x-forwarded-host'], `localhost:${front.port}`)
    assert.equal(headers['x-forwarded-user'], 'alice')
    assert.deepEqual(
      Object.keys(headers).filter(name => name.startsWith(':')),
      [],
    )
  } finally {
    session.close()
  }
})

test('an exact path goes before a prefix; a prefix can be stripped; the Host can be the client’s', async () => {
  assert.equal(seen(await ask(front, alice, '/echo/exact')).url, '/elsewhere/echo/exact')
  assert.equal(seen(await ask(front, alice, '/strip/a/b?c')).url, '/base/a/b?c')
  assert.equal(seen(await ask(front, alice, '/strip')).url, '/base/')
  const kept = seen(
    await ask(front, alice, '/host/x', { headers: { Host: 'shop.example.org', Authorization: 'Bearer t' } }),
  )
  assert.equal(kept.headers.host, 'shop.example.org')
  assert.equal(kept.headers.authorization, 'Bearer t')
  assert.equal((await ask(front, alice, '/nothing')).status, 404)
})

test('HEAD, 204, 304 and unusual statuses come through as they are', async () => {
  const head = await ask(front, alice, '/odd/any', { method: 'HEAD' })
  assert.deepEqual([head.status, head.headers['content-length'], head.body.length], [418, '6', 0])
  assert.equal((await ask(front, alice, '/odd/204')).status, 204)
  const notModified = await ask(front, alice, '/odd/304')
  assert.deepEqual([notModified.status, notModified.headers.etag], [304, '"x"'])
  const teapot = await ask(front, alice, '/odd/any', { method: 'BREW' })
  assert.equal(teapot.status, 400, 'a method that Node does not know is no HTTP')
  assert.equal((await ask(front, alice, '/odd/any', { method: 'PROPFIND' })).body.toString(), 'teapot')
  const session = connect2(front, alice)
  try {
    assert.equal((await ask2(session, '/odd/any', { method: 'HEAD' })).headers['content-length'], '6')
    assert.equal((await ask2(session, '/odd/204')).status, 204)
  } finally {
    session.close()
  }
})

test('cookies stay separate lines, and octets beyond ASCII stay what they were', async () => {
  const reply = await ask(front, alice, '/odd/cookies')
  assert.deepEqual(reply.headers['set-cookie'], ['a=1', 'b=2'])
  assert.equal(reply.headers['x-latin'], '\u00e4')
})

test('trailers reach who takes them, cleaned; others get the body alone', async () => {
  const taken = await ask(front, alice, '/odd/trailers', { headers: { TE: 'trailers' } })
  assert.deepEqual({ ...taken.trailers }, { 'x-sum': '42' })
  const plain = await ask(front, alice, '/odd/trailers')
  assert.deepEqual([plain.body.toString(), { ...plain.trailers }], ['body', {}])
  const session = connect2(front, alice)
  try {
    const two = await ask2(session, '/odd/trailers')
    assert.equal(two.trailers['x-sum'], '42')
    assert.equal(two.trailers['x-forwarded-user'], undefined)
  } finally {
    session.close()
  }
})

test('what the upstream says to its own hop, or in our name, does not reach the client', async () => {
  const { headers, body } = await ask(front, alice, '/odd/hop')
  assert.equal(body.toString(), 'hop')
  assert.equal(headers['x-open'], '2')
  for (const name of ['x-secret', 'x-forwarded-user', 'alt-svc']) assert.equal(headers[name], undefined, name)
  assert.notEqual(headers['keep-alive'], 'timeout=9')
})

test('early hints go ahead of the answer', async () => {
  const session = connect2(front, alice)
  try {
    const stream = session.request({ ':path': '/odd/early' })
    const hints = new Promise(resolve => stream.once('headers', resolve))
    stream.resume().end()
    assert.equal(((await hints) as Record<string, string>).link, '</style.css>; rel=preload')
  } finally {
    session.close()
  }
})

test('a body without an end in sight, or of no octets, keeps its shape', async () => {
  const chunked = await ask(front, alice, '/echo/c', {
    method: 'POST',
    headers: { 'Transfer-Encoding': 'chunked' },
    body: 'abc',
  })
  assert.deepEqual([seen(chunked).body, seen(chunked).headers['transfer-encoding']], ['abc', 'chunked'])
  const empty = await ask(front, alice, '/echo/e', { method: 'POST', headers: { 'Content-Length': '0' } })
  assert.equal(seen(empty).headers['content-length'], '0')
  const get = await ask(front, alice, '/echo/g', { headers: { 'Content-Length': '2' }, body: 'hi' })
  assert.equal(seen(get).body, 'hi')
})

test('TRACE and CONNECT are not passed on', async () => {
  assert.equal((await ask(front, alice, '/echo/x', { method: 'TRACE' })).status, 405)
})

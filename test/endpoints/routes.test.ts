import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gatewayRouteOptions } from '../../src/endpoints/gateway/options.ts'
import { ask, openEcho, openFront, seen } from './gateway/front.ts'

const upstream = await openEcho()
const front = await openFront(
  [
    { path: '/any/*', upstream: upstream.url },
    { path: '/certificates/*', upstream: upstream.url, require: ['mutual-tls'] },
    { path: '/sellers/*', upstream: upstream.url, allow: { roles: ['seller'] } },
    { path: '/bobs/*', upstream: upstream.url, allow: { users: ['bob'] } },
    { path: '/*', upstream: upstream.url, allow: { users: ['nobody'] } },
  ],
  { clientAuth: 'want' },
)
const alice = front.client('alice')
const admin = { Authorization: `Basic ${Buffer.from('admin:admin').toString('base64')}` }
const codeOf = (reply: { body: Buffer }) => JSON.parse(reply.body.toString()).code

test('each route asks for its own proof', async () => {
  assert.equal((await ask(front, alice, '/certificates/x')).status, 200)
  const refused = await ask(front, undefined, '/certificates/x', { headers: admin })
  assert.equal(refused.status, 401)
  assert.equal(codeOf(refused), 'certificate_required')
  assert.equal(refused.headers['www-authenticate'], undefined, 'no password would do')
  assert.equal((await ask(front, undefined, '/any/x', { headers: admin })).status, 200)
})

test('who is known and may not is told so; who is not known is not told what there is', async () => {
  for (const path of ['/sellers/x', '/bobs/x', '/elsewhere']) {
    const known = await ask(front, alice, path)
    assert.deepEqual([known.status, codeOf(known)], [403, 'forbidden'], path)
    assert.equal((await ask(front, undefined, path)).status, 401, path)
  }
  assert.equal((await ask(front, front.client('bob'), '/bobs/x')).status, 200)
})

test('neither case nor encoding leads around a stricter route', async () => {
  for (const path of ['/%73ellers/x', '/sellers', '/sellers/']) {
    assert.equal((await ask(front, alice, path)).status, 403, path)
  }
  for (const path of [
    '/any/../sellers/x',
    '/any/%2e%2e/sellers/x',
    '/any//x',
    '/any%2f..%2fsellers',
    '/any/..;/sellers',
  ]) {
    assert.equal((await ask(front, alice, path)).status, 400, path)
  }
})

test('our own addresses are found before a route for everything', async () => {
  assert.equal((await ask(front, alice, '/whoami')).status, 200)
  assert.equal((await ask(front, undefined, '/problems/')).status, 200)
  assert.equal((await ask(front, undefined, '/.well-known/jwks.json')).status, 200)
  assert.equal((await ask(front, alice, '/whoami', { method: 'POST' })).status, 405)
})

test('every decision is an event, the first of a connection marked', async () => {
  front.granted.length = 0
  front.refused.length = 0
  await ask(front, alice, '/any/x?secret=1')
  const [event] = front.granted
  assert.equal(event?.first, true)
  assert.deepEqual(
    [event?.user, event?.tenant, event?.authenticatedBy, event?.binding, event?.method, event?.path],
    ['alice', 'default', 'mutual-tls', 'CN', 'GET', '/any/x'],
  )
  assert.equal(event?.certificate?.thumbprint, alice.thumbprint)
  await ask(front, undefined, '/any/x')
  await ask(front, alice, '/sellers/x')
  assert.deepEqual(
    front.refused.map(({ code, certificate }) => [code, certificate?.subject]),
    [
      ['certificate_required', undefined],
      ['forbidden', 'CN=alice'],
    ],
  )
})

test('a browser gets a page, with what came from outside made harmless', async () => {
  const reply = await ask(front, undefined, '/any/x', { headers: { Accept: 'text/html' } })
  assert.equal(reply.status, 401)
  assert.match(String(reply.headers['content-type']), /^text\/html/)
  assert.match(reply.body.toString(), /A client certificate is required/)
})

test('a password for us does not go on to an upstream, a token for it does, where the route says so', async () => {
  const other = await openFront([{ path: '/up/*', upstream: upstream.url, authorization: 'forward' }], {
    clientAuth: 'want',
  })
  const client = other.client('alice')
  const token = await ask(other, client, '/up/x', { headers: { Authorization: 'Bearer t' } })
  assert.equal(seen(token).headers.authorization, 'Bearer t')
  const password = await ask(other, client, '/up/x', { headers: admin })
  assert.deepEqual(
    [seen(password).headers.authorization, seen(password).headers['x-forwarded-user']],
    [undefined, 'admin'],
  )
  assert.equal(seen(password).headers['client-cert'], undefined, 'alice’s certificate says nothing about admin')
})

test('options of a route: what is refused', () => {
  const upstreamUrl = 'http://127.0.0.1:8080'
  const accepted = (options: object) =>
    gatewayRouteOptions.safeParse({ upstream: upstreamUrl, path: '/a/*', ...options }).success
  for (const path of ['/', '/*', '/a', '/a/*', '/a/b.c/*', '/whoami-not']) assert.ok(accepted({ path }), path)
  for (const path of [
    '',
    'a',
    '/a*',
    '/a/*/b',
    '/a/',
    '/a?b',
    '/a#b',
    '/a;b',
    '/a%20b',
    '/a\\b',
    '/whoami',
    '/problems/*',
    '/problems',
    '/.well-known/jwks.json',
    '/a/**',
  ]) {
    assert.ok(!accepted({ path }), path)
  }
  for (const upstream of ['ftp://a', 'http://user:pass@a', 'http://a/?q', 'http://a/#f', 'a', 'javascript:alert(1)']) {
    assert.ok(!accepted({ upstream }), upstream)
  }
  assert.ok(!accepted({ insecurePassHeaders: ['X-Forwarded-User'] }))
  assert.ok(!accepted({ insecurePassHeaders: ['client-cert'] }))
  assert.ok(!accepted({ dropHeaders: ['a b'] }))
  assert.ok(!accepted({ websockets: 'allow' }))
})

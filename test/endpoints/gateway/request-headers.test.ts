import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isProtectedName, ownNames } from '../../../src/endpoints/gateway/protected-names.ts'
import { createRequestHeaderFilter, createWithholding } from '../../../src/endpoints/gateway/request-headers.ts'

const filter = createRequestHeaderFilter(
  createWithholding({ dropped: ['UserName', 'authorization', 'x-internal'], passed: [] }),
)

test('ordinary lines pass in their order, repeated ones too', () => {
  const lines = ['Accept', '*/*', 'X-Request-Id', '1', 'X-Tag', 'a', 'x-tag', 'b', 'Cookie', 's=1']
  assert.deepEqual(filter(lines), lines)
})

test('what belongs to this hop, what frames the message, and what the route drops do not pass', () => {
  const gone = [
    ['Connection', 'keep-alive'],
    ['Proxy-Connection', 'keep-alive'],
    ['Keep-Alive', 'timeout=5'],
    ['TE', 'trailers'],
    ['Trailer', 'x-sum'],
    ['Transfer-Encoding', 'chunked'],
    ['Upgrade', 'h2c'],
    ['HTTP2-Settings', 'AAMAAABk'],
    ['Expect', '100-continue'],
    ['Proxy-Authorization', 'Basic eA=='],
    ['Host', 'example.org'],
    ['Content-Length', '3'],
    ['Authorization', 'Basic eA=='],
    ['USERNAME', 'YWRtaW4='],
    ['X-Internal', '1'],
    [':authority', 'example.org'],
    [':path', '/'],
  ]
  for (const line of gone) assert.deepEqual(filter([...line, 'Accept', '*/*']), ['Accept', '*/*'], line.join(': '))
})

test('lines that Connection names stay behind, however it is spelled', () => {
  for (const connection of ['x-hop', 'close, X-Hop', ' x-HOP ,keep-alive', 'x-hop,x-hop']) {
    assert.deepEqual(filter(['CONNECTION', connection, 'X-Hop', '1', 'X-End', '2']), ['X-End', '2'], connection)
  }
  assert.deepEqual(filter(['Connection', 'a', 'Connection', 'b', 'A', '1', 'B', '2', 'C', '3']), ['C', '3'])
})

test('a cookie that HTTP/2 split is one line again', () => {
  assert.deepEqual(filter(['cookie', 'a=1', 'accept', '*/*', 'cookie', 'b=2', 'cookie', 'c=3']), [
    'cookie',
    'a=1; b=2; c=3',
    'accept',
    '*/*',
  ])
})

test('insecurePassHeaders lets a protected name in, and never one that this server sets', () => {
  const lax = createRequestHeaderFilter(createWithholding({ dropped: [], passed: ['X-User', 'x-forwarded-user'] }))
  assert.deepEqual(lax(['x-user', '1', 'X-Forwarded-User', 'admin', 'x-roles', 'all']), ['x-user', '1'])
})

test('no spelling of a name that this server sets passes: case, signs in place of hyphens, anything around it', () => {
  const spelling = fc.constantFrom(...ownNames).chain(name =>
    fc
      .tuple(
        fc.array(fc.boolean(), { minLength: name.length, maxLength: name.length }),
        fc.constantFrom('-', '_', '.', '~', '!', '+', '|', "'", '*'),
      )
      .map(([upper, hyphen]) =>
        [...name]
          .map((c, i) => (upper[i] ? c.toUpperCase() : c))
          .join('')
          .replaceAll('-', hyphen),
      ),
  )
  fc.assert(
    fc.property(spelling, fc.string(), (name, value) => {
      // `clientcert` and the like are no spelling: nothing folds a name that has lost its hyphens.
      assert.deepEqual(filter([name, value]), [], name)
    }),
    { numRuns: 300 },
  )
})

test('names of other gateways are protected, names of applications are not', () => {
  for (const name of [
    'remote-user',
    'x-remote-user',
    'x-ssl-client-cert',
    'ssl-client-verify',
    'x-auth-request-email',
    'x-webauth-user',
    'x-real-ip',
    'x-forwarded-anything',
    'x-original-url',
    'x-rewrite-url',
    'x-amzn-mtls-clientcert',
    'x-client-cert',
    'proxy',
    'x_custom',
  ])
    assert.ok(isProtectedName(name), name)
  for (const name of ['x-auth-token', 'x-csrf-token', 'x-requested-with', 'x-request-id', 'traceparent', 'x-api-key'])
    assert.ok(!isProtectedName(name), name)
})

test('a client that invents names does not fill the memory, and is judged all the same', () => {
  for (let i = 0; i < 5000; i++) assert.deepEqual(filter([`x_${i}`, '1', `x-${i}`, '2']), [`x-${i}`, '2'])
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createUpstreamPath } from '../../../src/endpoints/gateway/upstream-path.ts'

const cases: readonly [path: string, upstream: string, prefix: 'keep' | 'strip', target: string, expected: string][] = [
  ['/orders/*', 'http://u', 'keep', '/orders/1?a=%2F', '/orders/1?a=%2F'],
  ['/orders/*', 'http://u/base/', 'keep', '/orders/1', '/base/orders/1'],
  ['/orders/*', 'http://u/base', 'strip', '/orders/1?x', '/base/1?x'],
  ['/orders/*', 'http://u', 'strip', '/orders', '/'],
  ['/orders/*', 'http://u', 'strip', '/orders?x=1', '/?x=1'],
  ['/orders/*', 'http://u', 'strip', '/orders/', '/'],
  ['/orders/*', 'http://u', 'strip', '/%6frders/1%20a', '/1%20a'],
  ['/a/b/*', 'http://u', 'strip', '/%61/b?q=/x/', '/?q=/x/'],
  ['/*', 'http://u', 'strip', '/any?thing', '/any?thing'],
  ['/one', 'http://u/base', 'strip', '/one', '/base/one'],
]

for (const [path, upstream, prefix, target, expected] of cases) {
  test(`${path} to ${upstream}, ${prefix}: ${target}`, () => {
    assert.equal(createUpstreamPath({ path, upstream, prefix })(target), expected)
  })
}

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { readTarget } from '../../../src/server/http/target.ts'

suite('a request target', () => {
  for (const [target, path, query] of [
    ['/', '/', ''],
    ['/whoami', '/whoami', ''],
    ['/orders/5/', '/orders/5/', ''],
    ['/orders?a=1&b=%2F..%2F', '/orders', 'a=1&b=%2F..%2F'],
    ['/orders?', '/orders', ''],
    ['/.well-known/jwks.json', '/.well-known/jwks.json', ''],
    ['/caf%C3%A9', '/café', ''],
    ['/a%20b', '/a b', ''],
    ['/%41', '/A', ''],
    ['/100%25', '/100%', ''],
    ['/a..b/...', '/a..b/...', ''],
  ] as const) {
    test(`${target} is ${path}`, () => {
      assert.deepEqual(readTarget(target), { path, query })
    })
  }

  for (const target of [
    '',
    '*',
    'whoami',
    'http://localhost/whoami',
    '//evil.example/whoami',
    '/a//b',
    '/a/../b',
    '/a/..',
    '/..',
    '/./a',
    '/a/.',
    '/a/%2e%2e/b',
    '/a/%2E./b',
    '/a%2fb',
    '/a%5Cb',
    '/a\\b',
    '/a;b=c/d',
    '/a%3Bb',
    '/a%00',
    '/a%0d%0aX:1',
    '/a%7f',
    '/a%252e%252e/b',
    '/a%25%32%65',
    '/a%',
    '/a%2',
    '/a%zz',
    '/a%ff',
    '/a%c0%af',
    '/a#b',
    '/a?b#c',
    '/a b',
    '/a\tb',
    '/é',
  ]) {
    test(`${JSON.stringify(target)} is refused with a reason`, () => {
      assert.equal(typeof readTarget(target), 'string')
    })
  }

  test('whatever comes: a path that is read has no second reading', () => {
    const piece = fc.constantFrom(
      '/',
      '.',
      '..',
      '%2e',
      '%2F',
      '%25',
      '%5c',
      ';',
      '\\',
      'a',
      'B',
      '%00',
      '?',
      '#',
      '~',
      ' ',
    )
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(piece).map(pieces => `/${pieces.join('')}`),
        ),
        target => {
          const read = readTarget(target)
          if (typeof read === 'string') return
          const { path } = read
          assert.ok(path.startsWith('/'))
          assert.equal(
            new URL(`https://h${path.replaceAll('%', '%25').replaceAll('?', '%3F')}`).pathname.includes('/../'),
            false,
          )
          assert.doesNotMatch(path, /\/\/|\/\.{1,2}(?:\/|$)|[\\;]|%[0-9a-fA-F]{2}|\p{Cc}/u)
        },
      ),
      { numRuns: 5000 },
    )
  })
})

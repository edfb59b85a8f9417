import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { assertedByHeader, readAssertedText, readAssertion } from '../../../src/identity/authn/assertion-header.ts'

const base64 = { name: 'UserName', encoding: 'base64' } as const
const plain = { name: 'UserName', encoding: 'plain' } as const
const encode = (text: string) => Buffer.from(text, 'utf8').toString('base64')
/** how node:http hands over the octets of a header */
const onTheWire = (text: string) => Buffer.from(text, 'utf8').toString('latin1')

test('no header is no assertion', () => {
  assert.deepEqual(readAssertion(undefined, base64), { kind: 'absent' })
  assert.deepEqual(readAssertion(undefined, plain), { kind: 'absent' })
})

test('names come through as they were sent', () => {
  for (const user of [
    'alice',
    'alice@example.org',
    'partner/bob',
    'José',
    'ユーザー',
    '😀',
    ' a ',
    '\ufeffa',
    'a'.repeat(255),
  ]) {
    assert.deepEqual(readAssertion(encode(user), base64), { kind: 'user', user })
    assert.deepEqual(readAssertion(onTheWire(user), plain), { kind: 'user', user })
  }
})

test('whatever is not the one canonical way to write a name is malformed', () => {
  for (const value of [
    '',
    ' ',
    'YWxpY2U',
    'YWxpY2U==',
    'YWxpY2V=',
    'YWxp\nY2U=',
    'YWxpY2U= ',
    ' YWxpY2U=',
    'YWxpY2U=YWxpY2U=',
    'YWxpY2U=, YWRtaW4=',
    'YWxpY2U=,YWRtaW4=',
    ',YWxpY2U=',
    'YWxpY2U%3D',
    'alice',
    '_-8=',
    'YWxp_Y2U=',
    '=',
    '====',
    encode('\u0000'),
    encode('admin\u0000'),
    encode('a\nb'),
    encode('a\u007fb'),
    encode('a\u0085b'),
    encode('a\u2028b'),
    encode('*'),
    encode('a'.repeat(256)),
    encode('😀'.repeat(400)),
    'A'.repeat(100_000),
    Buffer.from([0xff, 0xfe]).toString('base64'),
    Buffer.from([0xc0, 0x80]).toString('base64'),
    Buffer.from([0xed, 0xa0, 0x80]).toString('base64'),
    Buffer.from([0x61, 0xc3]).toString('base64'),
  ])
    assert.equal(readAssertion(value, base64).kind, 'malformed', JSON.stringify(value.slice(0, 60)))
  for (const value of [
    '',
    'a,b',
    'alice, admin',
    'a\u0000',
    'a\tb',
    '\xff',
    '*',
    'a'.repeat(256),
    '\xc0\x80',
    '\xed\xa0\x80',
  ])
    assert.equal(readAssertion(value, plain).kind, 'malformed', JSON.stringify(value))
})

test('a header that came more than once is malformed, even when all say the same', () => {
  for (const header of [base64, plain])
    for (const values of [['YWxpY2U=', 'YWxpY2U='], ['YWxpY2U='], []])
      assert.equal(readAssertion(values, header).kind, 'malformed')
})

test('any value gives one name that encodes to that very value, or is malformed', () => {
  const value = fc.oneof(
    fc.string(),
    fc.base64String(),
    fc.string({ unit: 'binary' }).map(encode),
    fc.uint8Array().map(octets => Buffer.from(octets).toString('base64')),
  )
  fc.assert(
    fc.property(value, text => {
      const read = readAssertion(text, base64)
      if (read.kind === 'user') assert.equal(encode(read.user), text)
      else assert.equal(read.kind, 'malformed')
      assert.doesNotMatch(read.kind === 'user' ? read.user : '', /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/)
    }),
    { numRuns: 2000 },
  )
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), text => {
      const read = readAssertion(onTheWire(text), plain)
      if (read.kind === 'user') assert.equal(read.user, text)
    }),
    { numRuns: 2000 },
  )
})

test('text is taken as it is', () => {
  for (const user of ['alice', 'alice@example.org', 'José', ' a ', 'YWxpY2U=', 'a,b', 'a'.repeat(255)])
    assert.deepEqual(readAssertedText(user), { kind: 'user', user })
  for (const text of ['', '*', '\u0000', 'a\nb', '\udc00', 'a'.repeat(256), 'a'.repeat(100_000)])
    assert.equal(readAssertedText(text).kind, 'malformed')
})

test('a plain header becomes text, or a name that nobody has', () => {
  assert.equal(assertedByHeader(undefined), undefined)
  assert.equal(assertedByHeader('alice@partner.example'), 'alice@partner.example')
  assert.equal(assertedByHeader(onTheWire('José')), 'José')
  for (const value of ['', ['alice', 'alice'], 'alice, admin', '\xff']) assert.equal(assertedByHeader(value), '')
})

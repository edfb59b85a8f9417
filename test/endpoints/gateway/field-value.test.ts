import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { encodeFieldValue } from '../../../src/endpoints/gateway/field-value.ts'

test('ordinary names stay as they are', () => {
  for (const name of ['alice', 'alice@example.org', 'partner/alice', 'a+b', 'DOMAIN\\alice', "o'neil"]) {
    assert.equal(encodeFieldValue(name), name)
  }
})

test('what could end, split or disguise a header value is encoded', () => {
  assert.equal(encodeFieldValue('a\r\nX-Forwarded-User: admin'), 'a%0D%0AX-Forwarded-User:%20admin')
  assert.equal(encodeFieldValue('müller'), 'm%C3%BCller')
  assert.equal(encodeFieldValue('alice,admin'), 'alice%2Cadmin')
  assert.equal(encodeFieldValue('a;b"c'), 'a%3Bb%22c')
  assert.equal(encodeFieldValue('\u0130'), '%C4%B0')
  assert.equal(encodeFieldValue('m%C3%BCller'), 'm%25C3%25BCller')
  assert.equal(encodeFieldValue(''), '')
})

test('half a character is refused rather than replaced', () => {
  assert.throws(() => encodeFieldValue('a\ud800'), TypeError)
})

test('any name comes back from its header value, and the value is visible ASCII without separators', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), name => {
      fc.pre(name.isWellFormed())
      const value = encodeFieldValue(name)
      assert.match(value, /^[\x21-\x7e]*$/)
      assert.doesNotMatch(value, /[",;]/)
      assert.equal(decodeURIComponent(value), name)
    }),
  )
})

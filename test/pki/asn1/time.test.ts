import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isCoded } from '../../../src/errors.ts'
import { DerReader, der, tag } from '../../../src/pki/asn1/der.ts'
import { readTime } from '../../../src/pki/asn1/time.ts'

const utc = (text: string) => readTime(new DerReader(der(tag.utcTime, Buffer.from(text))).element())
const generalized = (text: string) => readTime(new DerReader(der(tag.generalizedTime, Buffer.from(text))).element())
const malformed = (error: unknown) => isCoded(error, 'ERR_DER_MALFORMED')

test('UTCTime is of 1950 to 2049', () => {
  assert.equal(utc('490101000000Z'), Date.UTC(2049, 0, 1))
  assert.equal(utc('500101000000Z'), Date.UTC(1950, 0, 1))
  assert.equal(utc('991231235959Z'), Date.UTC(1999, 11, 31, 23, 59, 59))
})

test('GeneralizedTime has any year', () => {
  assert.equal(generalized('99991231235959Z'), Date.UTC(9999, 11, 31, 23, 59, 59))
  assert.equal(generalized('00500101000000Z'), new Date(0).setUTCFullYear(50, 0, 1))
  assert.equal(generalized('20000229120000Z'), Date.UTC(2000, 1, 29, 12))
})

test('days and hours that do not exist, and other spellings of time, are malformed', () => {
  for (const text of [
    '240230000000Z',
    '230229000000Z',
    '240001000000Z',
    '241301000000Z',
    '240100000000Z',
    '240132000000Z',
    '240101240000Z',
    '240101006000Z',
    '240101000060Z',
    '2401010000Z',
    '240101000000',
    '240101000000+0000',
    '2401010000 0Z',
    '24010100000\u00b2Z',
    '',
  ]) {
    assert.throws(() => utc(text), malformed, text)
  }
  for (const text of ['19000229000000Z', '20240101000000.5Z', '20240101000000+0100', '2024010100Z']) {
    assert.throws(() => generalized(text), malformed, text)
  }
  assert.throws(() => readTime(new DerReader(der(tag.integer, Buffer.from('240101000000Z'))).element()), malformed)
})

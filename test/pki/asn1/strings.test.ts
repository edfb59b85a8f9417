import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { DerReader, der, tag } from '../../../src/pki/asn1/der.ts'
import { readText } from '../../../src/pki/asn1/strings.ts'

const read = (tagOctet: number, octets: Uint8Array) => readText(new DerReader(der(tagOctet, octets)).element())

test('each string type is read in its own encoding', () => {
  assert.equal(read(tag.utf8String, Buffer.from('Zoë 😀')), 'Zoë 😀')
  assert.equal(read(tag.utf8String, Buffer.from('\ufffd')), '\ufffd')
  assert.equal(read(tag.printableString, Buffer.from('abc')), 'abc')
  assert.equal(read(tag.ia5String, Buffer.from('a@b')), 'a@b')
  assert.equal(read(0x12, Buffer.from('123')), '123')
  assert.equal(read(tag.teletexString, Buffer.from([0x5a, 0xeb])), 'Zë')
  assert.equal(read(tag.bmpString, Buffer.from([0x01, 0x00, 0x00, 0x41])), 'ĀA')
  assert.equal(read(tag.universalString, Buffer.from([0, 1, 0xf6, 0])), '😀')
})

test('octets that the type does not have are no text', () => {
  assert.equal(read(tag.utf8String, Buffer.from([0xff, 0x41])), undefined)
  assert.equal(read(tag.utf8String, Buffer.from([0xc0, 0x80])), undefined)
  assert.equal(read(tag.printableString, Buffer.from([0xe9])), undefined)
  assert.equal(read(tag.bmpString, Buffer.from([0])), undefined)
  assert.equal(read(tag.bmpString, Buffer.from([0xd8, 0])), undefined)
  assert.equal(read(tag.universalString, Buffer.from([0, 0x11, 0, 0])), undefined)
  assert.equal(read(tag.universalString, Buffer.from([0, 0, 0xd8, 0])), undefined)
  assert.equal(read(tag.integer, Buffer.from('1')), undefined)
})

test('no two encodings of broken UTF-8 read alike', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 20 }), octets => {
      const text = read(tag.utf8String, octets)
      if (text !== undefined) assert.deepEqual(new Uint8Array(Buffer.from(text)), octets)
    }),
  )
})

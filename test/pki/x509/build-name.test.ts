import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isCoded } from '../../../src/errors.ts'
import { buildName } from '../../../src/pki/x509/build-name.ts'
import { readName } from '../../../src/pki/x509/name.ts'

const texts = (name: Buffer) => readName(name).rdns.map(rdn => rdn.map(({ oid, value }) => `${oid}=${value}`))

test('text is most specific first, and the encoding is most general first', () => {
  assert.deepEqual(texts(buildName('CN=alice, O=Example , C=DE')), [
    ['2.5.4.6=DE'],
    ['2.5.4.10=Example'],
    ['2.5.4.3=alice'],
  ])
})

test('a list stands in the order of the encoding', () => {
  const list = [
    { type: 'C', value: 'DE' },
    [
      { type: 'CN', value: 'alice' },
      { type: '2.5.4.5', value: '7' },
    ],
  ]
  assert.deepEqual(texts(buildName(list)), [['2.5.4.6=DE'], ['2.5.4.5=7', '2.5.4.3=alice']])
})

test('a value in hex is DER, whatever its type', () => {
  const name = readName(buildName('1.2.3=#0C0161,CN=#020105'))
  assert.deepEqual(
    name.rdns.map(rdn => rdn[0]!.raw.toString('hex')),
    ['020105', '0c0161'],
  )
})

test('escapes, hex pairs and multi-valued names are read', () => {
  const name = buildName(String.raw`UID=7+CN=Sue\, Grabbit \2B \C3\A9\\\ ,O=a\=b;1.2.3.4=x`)
  assert.deepEqual(texts(name), [
    ['1.2.3.4=x'],
    ['2.5.4.10=a=b'],
    ['0.9.2342.19200300.100.1.1=7', '2.5.4.3=Sue, Grabbit + é\\ '],
  ])
})

test('country, serial number, e-mail and domain component have the string types of RFC 5280', () => {
  const tags = readName(buildName('emailAddress=a@b.test,DC=test,C=DE,serialNumber=1,CN=x')).rdns.map(
    rdn => rdn[0]!.raw[0],
  )
  assert.deepEqual(tags, [0x0c, 0x13, 0x13, 0x16, 0x16])
})

test('an empty text is the empty name', () => {
  assert.deepEqual([...buildName('')], [0x30, 0x00])
})

test('every text comes back as it was written', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary', minLength: 1, maxLength: 12 }), { maxLength: 4 }), values => {
      const built = buildName(values.map(value => ({ type: 'CN', value })))
      assert.deepEqual(
        readName(built).rdns.map(rdn => rdn[0]!.value),
        values,
      )
      assert.deepEqual(buildName(readName(built).toString()), built)
    }),
  )
})

test('malformed text is refused with its own code', () => {
  for (const text of [
    'alice',
    'CN=a,',
    'XY=a',
    'CN=a"b',
    String.raw`CN=\x`,
    String.raw`CN=a\ `.trimEnd(),
    '=a',
    'C=Ä',
    'CN=#',
    'CN=#0c0',
    'CN=#0c02',
    'CN=#05000500',
    'E=ä@b.test',
  ]) {
    assert.throws(
      () => buildName(text),
      error => isCoded(error, 'ERR_NAME_MALFORMED'),
      text,
    )
  }
})

test('no text crashes it', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('C', 'N', '=', ',', '+', '\\', '"', ' ', '2', 'f', 'é', '𝄞', '#', ';') }),
      text => {
        try {
          readName(buildName(text))
        } catch (error) {
          assert.ok(isCoded(error, 'ERR_NAME_MALFORMED'), String(error))
        }
      },
    ),
  )
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { der, oid, sequence, setOf, tag } from '../../../src/pki/asn1/der.ts'
import { buildName, type NameSource } from '../../../src/pki/x509/build-name.ts'
import { attributeValues, readName, sameName } from '../../../src/pki/x509/name.ts'
import { isSelfIssued, nameMatchKey, namesMatch, rdnMatchKeys } from '../../../src/pki/x509/name-match.ts'

const name = (source: NameSource) => readName(buildName(source))
const cn = (value: string, encoding: 'utf8' | 'printable' | 'bmp' | 'teletex' = 'utf8') =>
  name([{ type: 'CN', value, encoding }])

test('RFC 4514 text: most specific first, escaped, multi-valued with a plus', () => {
  assert.equal(String(name('CN=alice,OU=a+UID=b,O=Example\\, Inc.,C=DE')), 'CN=alice,OU=a+UID=b,O=Example\\, Inc.,C=DE')
  assert.equal(String(cn(' a"b+c;d<e>f\\g#')), 'CN=\\ a\\"b\\+c\\;d\\<e\\>f\\\\g#')
  assert.equal(String(cn('#a ')), 'CN=\\#a\\ ')
  assert.equal(String(name('')), '')
})

test('what could steer a terminal or a log is written as octets', () => {
  assert.equal(String(cn('a\n\u001b[31m\u202eb\0')), 'CN=a\\0A\\1B[31m\\E2\\80\\AEb\\00')
})

test('a value without text and an unknown type are written as #hex', () => {
  const odd = sequence(
    setOf(sequence(oid('2.5.4.3'), der(tag.integer, Buffer.from([5])))),
    setOf(sequence(oid('1.2.3'), der(tag.utf8String, Buffer.from('x')))),
  )
  assert.equal(String(readName(odd)), '1.2.3=#0c0178,CN=#020105')
  const broken = sequence(setOf(sequence(oid('2.5.4.3'), der(tag.utf8String, Buffer.from([0xff])))))
  assert.equal(readName(broken).rdns[0]![0]!.value, undefined)
  assert.equal(String(readName(broken)), 'CN=#0c01ff')
})

test('attributes are found by type, all of them, in order', () => {
  const several = name('CN=last,O=x,CN=first')
  assert.deepEqual(attributeValues(several, '2.5.4.3'), ['first', 'last'])
})

test('the same name is the same bytes; matching names may be encoded in other ways', () => {
  assert.ok(!sameName(cn('a', 'utf8'), cn('a', 'printable')))
  for (const other of [cn('A', 'printable'), cn(' a ', 'bmp'), cn('a', 'teletex')])
    assert.ok(namesMatch(cn('a'), other))
  assert.ok(namesMatch(cn('Straße  X'), cn('STRAßE x')))
  assert.ok(namesMatch(cn('ﬁne'), cn('FINE')))
  assert.ok(!namesMatch(cn('a'), cn('b')))
  assert.ok(!namesMatch(cn('a'), name('O=a')))
  assert.ok(!namesMatch(name('CN=a,O=b'), name('O=b,CN=a')))
  assert.ok(!namesMatch(name('CN=a,O=b'), name('CN=a+O=b')))
  assert.ok(!namesMatch(cn('a'), name('')))
})

test('no value can imitate the structure around it', () => {
  const one = name([{ type: 'CN', value: 'a|2.5.4.10:1:b' }])
  const two = name([
    { type: 'CN', value: 'a' },
    { type: 'O', value: 'b' },
  ])
  assert.notEqual(nameMatchKey(one), nameMatchKey(two))
  assert.equal(rdnMatchKeys(one).length, 1)
})

test('self-issued: subject and issuer match', () => {
  assert.ok(isSelfIssued({ subject: cn('a'), issuer: cn('A', 'printable') }))
  assert.ok(!isSelfIssued({ subject: cn('a'), issuer: cn('b') }))
})

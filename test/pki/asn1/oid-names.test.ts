import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { DerReader, oid, readOid } from '../../../src/pki/asn1/der.ts'
import { attributeNames, dottedOid, extensionNames } from '../../../src/pki/asn1/oid-names.ts'

test('a known identifier and an unknown one are read alike', () => {
  for (const dotted of [...attributeNames.keys(), ...extensionNames.keys(), '1.2.3.4', '2.999.1']) {
    assert.equal(dottedOid(new DerReader(oid(dotted)).element()), dotted)
  }
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 }), fc.array(fc.nat(), { minLength: 1, maxLength: 12 }), (top, arcs) => {
      const dotted = [top, arcs[0]! % 40, ...arcs.slice(1)].join('.')
      const element = new DerReader(oid(dotted)).element()
      assert.equal(dottedOid(element), dotted)
      assert.equal(readOid(element), dotted)
    }),
  )
})

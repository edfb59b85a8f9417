import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { isCoded } from '../../../src/errors.ts'
import { bitString, der, integer, nullValue, oid, sequence, tag } from '../../../src/pki/asn1/der.ts'
import { rawExtension } from '../../../src/pki/x509/build-extensions.ts'
import { buildGeneralName } from '../../../src/pki/x509/build-general-name.ts'
import { buildName } from '../../../src/pki/x509/build-name.ts'
import { parseCrl } from '../../../src/pki/x509/crl.ts'
import { baseTime, day, testAuthority } from '../../support/certificates.ts'

const authority = testAuthority({ name: 'Root' })
const malformed = (error: unknown) => isCoded(error, 'ERR_CRL_MALFORMED')
const revokedAt = baseTime - day

suite('a revocation list', () => {
  test('says what it was made of', () => {
    const leaf = authority.issue()
    const list = parseCrl(authority.crl([leaf, { serialNumber: '0a', revokedAt, reason: 'keyCompromise' }]))
    assert.equal(list.version, 2)
    assert.equal(String(list.issuer), 'CN=Root')
    assert.equal(list.thisUpdate, baseTime - day)
    assert.equal(list.nextUpdate, baseTime + 30 * day)
    assert.equal(list.size, 2)
    assert.equal(list.find(leaf.serialNumber)[0]?.revocationDate, revokedAt)
    assert.equal(list.find('0a')[0]?.reason, 1)
    assert.deepEqual(list.find('0b'), [])
    assert.deepEqual(
      [...list.entries()].map(({ serialNumber }) => serialNumber),
      [leaf.serialNumber, '0a'],
    )
  })

  test('may be empty, or of version 1 without an end', () => {
    const empty = parseCrl(authority.crl())
    assert.equal(empty.size, 0)
    assert.deepEqual(empty.find('01'), [])
    const tbs = sequence(sequence(oid('1.2.3')), buildName('CN=x'), der(tag.utcTime, Buffer.from('240101000000Z')))
    const old = parseCrl(sequence(tbs, sequence(oid('1.2.3')), bitString(Buffer.alloc(4))))
    assert.equal(old.version, 1)
    assert.equal(old.nextUpdate, undefined)
  })

  test('finds a serial number however long it is written', () => {
    const list = parseCrl(
      authority.crl([
        { serialNumber: '00000a', revokedAt },
        { serialNumber: 'fffff6', revokedAt },
      ]),
    )
    assert.equal(list.find('0a').length, 1)
    assert.equal(list.find('000a').length, 1)
    assert.equal(list.find('f6').length, 1)
    assert.equal(list.find('00f6').length, 0)
  })

  test('keeps the issuer that entries of an indirect list name for those after them', () => {
    const names = (name: string) => rawExtension('2.5.29.29', sequence(buildGeneralName({ directoryName: name })), true)
    const entries = [
      { serialNumber: '01', revokedAt },
      { serialNumber: '02', revokedAt, extensions: [names('CN=A')] },
      { serialNumber: '03', revokedAt },
      { serialNumber: '01', revokedAt, extensions: [names('CN=B')] },
    ]
    const list = parseCrl(authority.crl(entries))
    const issuer = (serial: string) =>
      list.find(serial).map(({ certificateIssuer }) => certificateIssuer?.value.includes('A') ?? 'own')
    assert.deepEqual(issuer('02'), [true])
    assert.deepEqual(issuer('03'), [true])
    assert.deepEqual(issuer('01').toSorted(), [false, 'own'].toSorted())
    assert.deepEqual([...list.criticalEntryExtensions], ['2.5.29.29'])
  })

  test('is refused when broken; entries when they are looked at', () => {
    const whole = authority.crl([{ serialNumber: '01', revokedAt }])
    assert.throws(() => parseCrl(whole.subarray(0, -1)), malformed)
    assert.throws(() => parseCrl(Buffer.concat([whole, nullValue()])), malformed)
    const broken = Buffer.from(whole)
    broken[broken.indexOf(Buffer.from('020101170d', 'hex')) + 5] = 0x41
    const list = parseCrl(broken)
    assert.throws(() => list.size, malformed)
    assert.throws(() => list.find('01'), malformed)
    assert.throws(() => [...list.entries()], malformed)
    const version3 = Buffer.from(whole)
    version3[version3.indexOf(Buffer.from([2, 1, 1])) + 2] = 2
    assert.throws(() => parseCrl(version3), malformed)
  })

  test('with many entries finds each; with thousands of one serial number is refused, not slow', () => {
    const many = Array.from({ length: 5000 }, (_, i) => ({
      serialNumber: Buffer.from(integer(i * 7919))
        .subarray(2)
        .toString('hex'),
      revokedAt,
    }))
    const list = parseCrl(authority.crl(many))
    assert.equal(list.size, 5000)
    for (const { serialNumber } of many.slice(0, 50)) assert.equal(list.find(serialNumber).length, 1)
    const same = Array.from({ length: 2000 }, () => ({ serialNumber: '01', revokedAt }))
    assert.throws(() => parseCrl(authority.crl(same)).size, malformed)
  })
})

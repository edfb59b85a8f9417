import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { suite, test } from 'node:test'
import { isCoded } from '../../../src/errors.ts'
import { boolean, der, explicit, integer, octetString, oid, sequence, tag } from '../../../src/pki/asn1/der.ts'
import { rawExtension } from '../../../src/pki/x509/build-extensions.ts'
import { parseCertificate } from '../../../src/pki/x509/certificate.ts'
import { selfSigned, testAuthority } from '../../support/certificates.ts'

const authority = testAuthority({ name: 'Root' })
const issued = authority.issue({ subject: 'CN=alice,O=Example', serialNumber: Buffer.from('00c0ffee', 'hex') })

const malformed = (what: RegExp) => (error: unknown) =>
  isCoded(error, 'ERR_CERTIFICATE_MALFORMED') && what.test(error.message)

/** The same certificate with one element of its signed part replaced; the signature is then wrong, which nobody looks at here. */
function replaced(position: number, element: Buffer): Buffer {
  const parts = elementsOf(contentOf(issued.der))
  const fields = elementsOf(contentOf(parts[0]!))
  return sequence(sequence(...fields.with(position, element)), parts[1]!, parts[2]!)
}

suite('a certificate', () => {
  test('says what node:crypto reads from it', () => {
    const theirs = new X509Certificate(issued.der)
    const ours = parseCertificate(issued.der)
    assert.equal(ours.version, 3)
    assert.equal(ours.serialNumber.replace(/^00/, ''), theirs.serialNumber.toLowerCase())
    assert.equal(ours.notBefore, theirs.validFromDate.getTime())
    assert.equal(ours.notAfter, theirs.validToDate.getTime())
    assert.equal(ours.thumbprint, theirs.fingerprint256.replaceAll(':', '').toLowerCase())
    assert.deepEqual(ours.publicKey().export({ format: 'jwk' }), theirs.publicKey.export({ format: 'jwk' }))
    assert.equal(String(ours.subject), 'CN=alice,O=Example')
    assert.equal(String(ours.issuer), 'CN=Root')
    assert.deepEqual([...ours.extensions.keys()].toSorted(), [
      '2.5.29.14',
      '2.5.29.15',
      '2.5.29.19',
      '2.5.29.35',
      '2.5.29.37',
    ])
  })

  test('does not change when the bytes that it was read from do', () => {
    const bytes = Buffer.from(issued.der)
    const certificate = parseCertificate(bytes)
    bytes.fill(0)
    assert.ok(certificate.raw.equals(issued.der))
    assert.equal(certificate.thumbprint, issued.thumbprint)
    assert.equal(String(certificate.subject), 'CN=alice,O=Example')
  })

  test('with an odd serial number, an explicit version 1 or a critical FALSE is read', () => {
    for (const octets of ['ff', '00', '0000ff', '11'.repeat(40)]) {
      const certificate = parseCertificate(replaced(1, der(tag.integer, Buffer.from(octets, 'hex'))))
      assert.equal(certificate.serialNumber, octets)
    }
    const fields = elementsOf(contentOf(elementsOf(contentOf(issued.der))[0]!)).slice(0, 7)
    const [, ...rest] = elementsOf(contentOf(issued.der))
    const version1 = sequence(sequence(...fields.with(0, explicit(0, integer(0)))), ...rest)
    assert.equal(parseCertificate(version1).version, 1)
    const notCritical = sequence(oid('1.2.3'), boolean(false), octetString(Buffer.from('0500', 'hex')))
    const certificate = parseCertificate(replaced(7, explicit(3, sequence(notCritical))))
    assert.equal(certificate.extensions.get('1.2.3')?.critical, false)
  })

  test('is refused, with a reason, when its frame is broken', () => {
    const extension = sequence(oid('1.2.3'), octetString(Buffer.from('0500', 'hex')))
    const cases: [Buffer, RegExp][] = [
      [Buffer.alloc(0), /end of data/],
      [Buffer.concat([issued.der, Buffer.from([5, 0])]), /too many/],
      [replaced(0, explicit(0, integer(3))), /version 4/],
      [replaced(1, der(tag.integer)), /serial number is empty/],
      [replaced(1, octetString(Buffer.from([1]))), /0x04/],
      [replaced(3, sequence(der(tag.set))), /empty relative name/],
      [
        replaced(
          4,
          sequence(der(tag.utcTime, Buffer.from('2401010000Z')), der(tag.utcTime, Buffer.from('490101000000Z'))),
        ),
        /time/,
      ],
      [replaced(6, sequence(sequence())), /end of data|BIT/],
      [replaced(7, explicit(3, sequence())), /empty list of extensions/],
      [replaced(7, explicit(3, sequence(extension, extension))), /1\.2\.3 occurs twice/],
      [replaced(7, explicit(4, sequence(extension))), /too many/],
      [replaced(0, explicit(0, integer(1))), /extensions in a version 2/],
    ]
    for (const [bytes, reason] of cases) assert.throws(() => parseCertificate(bytes), malformed(reason))
  })

  test('with a broken extension is listed all the same', () => {
    const { certificate } = selfSigned({ extensions: [rawExtension('2.5.29.17', Buffer.from('ffff', 'hex'))] })
    assert.equal(String(certificate.subject), 'CN=client')
    assert.equal(certificate.extensions.get('2.5.29.17')?.value.toString('hex'), 'ffff')
  })

  test('with a key that node:crypto cannot read says so only when asked for the key', () => {
    const certificate = parseCertificate(
      replaced(6, sequence(sequence(oid('1.2.3')), der(tag.bitString, Buffer.from([0, 1])))),
    )
    assert.throws(() => certificate.publicKey(), malformed(/public key/))
  })
})

function contentOf(element: Buffer): Buffer {
  const long = element[1]! >= 0x80 ? element[1]! & 0x7f : 0
  return element.subarray(2 + long)
}

function elementsOf(content: Buffer): Buffer[] {
  const found: Buffer[] = []
  for (let rest = content; rest.length > 0; ) {
    const long = rest[1]! >= 0x80 ? rest[1]! & 0x7f : 0
    const length = 2 + long + (long > 0 ? rest.readUIntBE(2, long) : rest[1]!)
    found.push(rest.subarray(0, length))
    rest = rest.subarray(length)
  }
  return found
}

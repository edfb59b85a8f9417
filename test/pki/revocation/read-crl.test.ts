// Large lists are kept compact, and have to say the same as small ones.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { isCoded } from '../../../src/errors.ts'
import { contextTag, der, octetString, sequence } from '../../../src/pki/asn1/der.ts'
import { validatePath } from '../../../src/pki/path/validate.ts'
import { CompactCrl } from '../../../src/pki/revocation/compact-crl.ts'
import { readCrl } from '../../../src/pki/revocation/read-crl.ts'
import { readCrlFile } from '../../../src/pki/revocation/read-crl-file.ts'
import { revocationReasons } from '../../../src/pki/x509/build-crl.ts'
import { rawExtension } from '../../../src/pki/x509/build-extensions.ts'
import { type Crl, parseCrl } from '../../../src/pki/x509/crl.ts'
import { writePem } from '../../../src/pki/x509/pem.ts'
import { baseTime, day, type KeyType, testAuthority } from '../../support/certificates.ts'
import { largeCrl, serialAt } from '../../support/large-crl.ts'

const authority = testAuthority({ name: 'Clients CA' })
const compact = async (octets: Buffer, issuers = [authority.certificate]) => {
  const crl = await readCrl(octets, { issuers, compactFrom: 0 })
  assert.ok(crl instanceof CompactCrl)
  return crl
}
const facts = (crl: Crl) =>
  [...crl.entries()].map(({ serialNumber, revocationDate, reason, certificateIssuer }) => [
    serialNumber.replace(/^(00)+(?=..)/, ''),
    Math.max(revocationDate, 0),
    reason,
    certificateIssuer?.value.toString('hex'),
  ])

describe('a compact list', () => {
  test('says of every serial number what the whole list says', async () => {
    const serial = fc.uint8Array({ minLength: 1, maxLength: 20 }).map(octets => Buffer.from(octets))
    const entry = fc.record({
      serialNumber: serial,
      revokedAt: fc.integer({ min: 0, max: 2 ** 31 }).map(seconds => seconds * 1000),
      reason: fc.constantFrom(...(Object.keys(revocationReasons) as (keyof typeof revocationReasons)[])),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(entry, { maxLength: 60 }), serial, async (revoked, stranger) => {
        const octets = authority.crl(revoked)
        const [small, large] = [parseCrl(octets), await compact(octets)]
        assert.equal(large.size, small.size)
        assert.deepEqual(facts(large), facts(small))
        const asked = [...[...small.entries()].map(({ serialNumber }) => serialNumber), stranger.toString('hex')]
        for (const number of asked) assert.equal(large.find(number).length, small.find(number).length)
        for (const key of ['version', 'thisUpdate', 'nextUpdate'] as const) assert.equal(large[key], small[key])
        assert.deepEqual([...large.extensions.keys()], [...small.extensions.keys()])
      }),
      { numRuns: 60 },
    )
  })

  test('keeps whose certificates the entries are about, and which extensions are critical', async () => {
    const name = (issuer: string) =>
      rawExtension('2.5.29.29', sequence(der(contextTag(2, 'primitive'), Buffer.from(issuer))), true)
    const at = { revokedAt: baseTime - day }
    const octets = authority.crl([
      { serialNumber: '01', ...at },
      { serialNumber: '02', ...at, extensions: [name('one')] },
      { serialNumber: '03', ...at },
      {
        serialNumber: '01',
        ...at,
        extensions: [name('two'), rawExtension('1.2.3.4', octetString(Buffer.of(1)), true)],
      },
    ])
    const [small, large] = [parseCrl(octets), await compact(octets)]
    assert.deepEqual(facts(large), facts(small))
    assert.deepEqual(large.criticalEntryExtensions, small.criticalEntryExtensions)
    assert.equal(large.find('01').length, 2)
  })

  for (const keyType of ['p-256', 'rsa-2048', 'rsa-pss-2048', 'ed25519'] satisfies KeyType[]) {
    test(`knows who signed it (${keyType})`, async () => {
      const root = testAuthority({ name: 'Root', keyType })
      const namesake = testAuthority({ name: 'Root', keyType: keyType === 'p-256' ? 'p-384' : 'p-256' })
      const leaf = root.issue()
      const octets = root.crl([leaf])
      const signed = await compact(octets, [root.certificate])
      assert.deepEqual([signed.signedBy(root.certificate), signed.signedBy(namesake.certificate)], [true, false])
      const late = await compact(octets, [])
      // nothing is believed of it until somebody has looked
      assert.deepEqual([late.signedBy(root.certificate), late.undecided], [false, true])
      await late.verify(octets)
      assert.deepEqual([late.signedBy(root.certificate), late.undecided], [true, false])
      const other = await compact(octets, [])
      other.signedBy(root.certificate)
      await assert.rejects(other.verify(root.crl()), { code: 'ERR_CRL_CHANGED' })
      assert.equal(other.signedBy(root.certificate), false)
      const judge = (crl: Crl) =>
        validatePath(
          {
            leaf: leaf.certificate,
            intermediates: [],
            anchors: [{ alias: 'root', certificate: root.certificate }],
            crls: [crl],
          },
          { at: baseTime, purpose: 'client' },
        )
      for (const crl of [signed, parseCrl(octets)]) {
        const verdict = judge(crl)
        assert.equal(!verdict.ok && verdict.code, 'certificate_revoked')
      }
    })
  }

  test('is broken where the list is broken, and nothing crashes', async () => {
    const octets = authority.crl([{ serialNumber: '0102', revokedAt: baseTime - day, reason: 'keyCompromise' }])
    for (let end = 0; end < octets.length; end++) {
      await assert.rejects(readCrl(octets.subarray(0, end), { compactFrom: 0 }), { code: 'ERR_CRL_MALFORMED' })
    }
    await fc.assert(
      fc.asyncProperty(fc.nat(octets.length - 1), fc.integer({ min: 1, max: 255 }), async (place, change) => {
        const copy = Buffer.from(octets)
        copy[place]! ^= change
        const small = await readCrl(copy).catch(error => error)
        const large = await readCrl(copy, { compactFrom: 0 }).catch(error => error)
        if (!(large instanceof CompactCrl)) return assert.ok(isCoded(large, 'ERR_CRL_MALFORMED'), String(large))
        if (!(small instanceof Error)) assert.deepEqual(facts(large), facts(small))
      }),
      { numRuns: 300 },
    )
  })
})

test('a large list is read in slices that let others run', async () => {
  const octets = largeCrl({ issuer: authority.certificate.subject, signingKey: authority.privateKey, entries: 60_000 })
  let turns = 0
  const watch = setInterval(() => turns++, 1)
  const crl = await readCrl(octets, { issuers: [authority.certificate] })
  clearInterval(watch)
  assert.ok(crl instanceof CompactCrl)
  assert.ok(turns > 2, `others ran ${turns} times`)
  assert.ok(crl.bytes < 60_000 * 40, `${crl.bytes} octets`)
  for (const index of [0, 1, 59_999]) assert.equal(crl.find(serialAt(index)).length, 1)
  assert.deepEqual(crl.find(serialAt(60_000)), [])
})

test('a file holds one list in DER, or any number in PEM', async () => {
  const [one, two] = [authority.crl(), authority.crl([], { number: 2 })]
  const pem = (octets: Buffer) => writePem('X509 CRL', octets)
  assert.equal((await readCrlFile(one)).length, 1)
  assert.equal((await readCrlFile(Buffer.from(`text\n${pem(one)}\n${pem(two)}`))).length, 2)
  assert.equal((await readCrlFile(Buffer.from(pem(one).replaceAll('\n', '\r\n')))).length, 1)
  for (const broken of [
    pem(one).slice(0, -30),
    pem(one).replace(/[A-Za-z0-9]\n/, '!\n'),
    pem(one).replace(/.\n-----END/, '\n-----END'),
    '',
  ]) {
    await assert.rejects(readCrlFile(Buffer.from(broken)), { code: 'ERR_CRL_MALFORMED' })
  }
})

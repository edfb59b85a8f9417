import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { isCoded } from '../../../src/errors.ts'
import { der, tag } from '../../../src/pki/asn1/der.ts'
import {
  authorityInfoAccess,
  basicConstraints,
  certificatePolicies,
  crlDistributionPoints,
  extKeyUsage,
  inhibitAnyPolicy,
  issuerAltName,
  keyIdentifier,
  keyUsage,
  nameConstraints,
  policyConstraints,
  policyMappings,
  rawExtension,
  subjectAltName,
} from '../../../src/pki/x509/build-extensions.ts'
import { buildGeneralName } from '../../../src/pki/x509/build-general-name.ts'
import type { Extension } from '../../../src/pki/x509/certificate.ts'
import { testAuthority } from '../../support/certificates.ts'
import { run } from '../../support/run.ts'
import { scratchFolder } from '../../support/scratch.ts'

const folder = scratchFolder()
const ca = testAuthority()

/** What OpenSSL reads out of one extension, without blanks at the ends of lines. */
async function asOpensslReads(extension: Extension): Promise<string> {
  const file = join(folder, 'one.pem')
  writeFileSync(file, ca.issue({ keyUsage: null, extKeyUsage: null, extensions: [extension] }).pem)
  const { stdout, stderr } = await run('openssl', ['x509', '-noout', '-text', '-certopt', 'ext_error', '-in', file])
  assert.equal(stderr, '')
  return stdout.slice(stdout.indexOf('X509v3 extensions')).replace(/ +/g, ' ')
}

const cases: [string, Extension, RegExp][] = [
  [
    'an authority',
    basicConstraints({ ca: true, pathLength: 300 }),
    /Basic Constraints: critical\n CA:TRUE, pathlen:300\n/,
  ],
  ['no authority', basicConstraints({ ca: false }, false), /Basic Constraints: \n CA:FALSE\n/],
  [
    'key usage',
    keyUsage(['digitalSignature', 'keyCertSign', 'decipherOnly']),
    /Key Usage: critical\n Digital Signature, Certificate Sign, Decipher Only\n/,
  ],
  [
    'extended key usage',
    extKeyUsage(['clientAuth', '1.2.3.4']),
    /Extended Key Usage: \n TLS Web Client Authentication, 1.2.3.4\n/,
  ],
  [
    'all kinds of alternative names',
    subjectAltName([
      { dns: 'a.example.test' },
      { email: 'a@example.test' },
      { uri: 'spiffe://example.test/a' },
      { ip: '192.0.2.7' },
      { ip: '2001:db8::ffff:192.0.2.1' },
      { ip: '::' },
      { upn: 'älice@example.test' },
      { directoryName: 'CN=alice,O=Example' },
      { registeredId: '1.2.3.4' },
      { otherName: { oid: '1.2.3', value: der(tag.utf8String, Buffer.from('x')) } },
      { raw: buildGeneralName({ dns: 'raw.test' }) },
    ]),
    /DNS:a.example.test, email:a@example.test, URI:spiffe:\/\/example.test\/a, IP Address:192.0.2.7, IP Address:2001:DB8:0:0:0:FFFF:C000:201, IP Address:0:0:0:0:0:0:0:0, othername: UPN::älice@example.test, DirName:\/?O ?= ?Example[,/] ?CN ?= ?alice, Registered ID:1.2.3.4, othername: 1.2.3::x, DNS:raw.test\n/,
  ],
  ['issuer alternative names', issuerAltName([{ dns: 'ca.test' }]), /Issuer Alternative Name: \n DNS:ca.test\n/],
  [
    'name constraints',
    nameConstraints({
      permitted: [
        { dns: 'example.test' },
        { ip: '10.0.0.0/9' },
        { ip: '2001:db8::/33' },
        { directoryName: 'O=Example' },
      ],
      excluded: [{ email: '.bad.test' }, { ip: '10.1.1.1' }],
    }),
    /Name Constraints: critical\n Permitted:\n DNS:example.test\n IP:10.0.0.0\/255.128.0.0\n IP:2001:DB8:0:0:0:0:0:0\/FFFF:FFFF:8000:0:0:0:0:0\n DirName:\/?O ?= ?Example\n Excluded:\n email:.bad.test\n IP:10.1.1.1\/255.255.255.255\n/,
  ],
  [
    'policies',
    certificatePolicies(['2.5.29.32.0', '1.2.3.4']),
    /Certificate Policies: \n Policy: X509v3 Any Policy\n Policy: 1.2.3.4\n/,
  ],
  [
    'policy constraints',
    policyConstraints({ requireExplicitPolicy: 0, inhibitPolicyMapping: 200 }),
    /Policy Constraints: critical\n Require Explicit Policy:0, Inhibit Policy Mapping:200\n/,
  ],
  ['policy mappings', policyMappings([['1.2.3', '1.2.4']]), /Policy Mappings: critical\n 1.2.3:1.2.4\n/],
  ['inhibit any policy', inhibitAnyPolicy(1), /Inhibit Any Policy: critical\n 1\n/],
  [
    'where CRLs are',
    crlDistributionPoints(['http://a.test/1.crl', 'http://b.test/1.crl']),
    /Full Name:\n URI:http:\/\/a.test\/1.crl\n? ?URI:http:\/\/b.test\/1.crl/,
  ],
  [
    'where OCSP is',
    authorityInfoAccess({ ocsp: ['http://o.test'], caIssuers: ['http://c.test'] }),
    /OCSP - URI:http:\/\/o.test\n CA Issuers - URI:http:\/\/c.test\n/,
  ],
]
for (const [what, extension, expected] of cases) {
  test(`OpenSSL reads ${what}`, async () => assert.match(await asOpensslReads(extension), expected))
}

test('a CRITICAL of FALSE is left out, and a raw extension is written as it is', () => {
  const { certificate } = ca.issue({
    extensions: [rawExtension('1.2.3.4', Buffer.from([5, 0]), true), rawExtension('1.2.3.5', Buffer.from([5, 0]))],
  })
  const { oid, critical, value } = certificate.extensions.get('1.2.3.4')!
  assert.deepEqual({ oid, critical, value }, { oid: '1.2.3.4', critical: true, value: Buffer.from([5, 0]) })
  assert.equal(certificate.extensions.get('1.2.3.5')?.critical, false)
  assert.equal(certificate.raw.includes(Buffer.from([0x01, 0x01, 0x00])), false)
})

test('the key identifier of a certificate is 160 bits, and that of its issuer follows', () => {
  const { certificate, publicKey } = ca.issue()
  assert.deepEqual(certificate.extensions.get('2.5.29.14')?.value.subarray(2), keyIdentifier(publicKey))
  assert.deepEqual(certificate.extensions.get('2.5.29.35')?.value.subarray(4), keyIdentifier(ca.publicKey))
})

test('names that the type cannot hold are refused', () => {
  for (const source of [
    { dns: 'bücher.test' },
    { ip: '1.2.3' },
    { ip: 'fe80::1%eth0' },
    { ip: '10.0.0.0/8' },
    { email: 'ä@b.test' },
  ]) {
    assert.throws(
      () => buildGeneralName(source),
      error => isCoded(error, 'ERR_NAME_MALFORMED'),
      JSON.stringify(source),
    )
  }
  for (const ip of ['10.0.0.0/33', '10.0.0.0/x', '/8', '::/129']) {
    assert.throws(
      () => nameConstraints({ permitted: [{ ip }] }),
      error => isCoded(error, 'ERR_NAME_MALFORMED'),
      ip,
    )
  }
})

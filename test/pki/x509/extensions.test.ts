import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { isCoded } from '../../../src/errors.ts'
import { bitString, boolean, der, explicit, integer, oid, sequence } from '../../../src/pki/asn1/der.ts'
import * as build from '../../../src/pki/x509/build-extensions.ts'
import { buildGeneralName } from '../../../src/pki/x509/build-general-name.ts'
import type { Extension } from '../../../src/pki/x509/certificate.ts'
import { crlDistributionPoints } from '../../../src/pki/x509/distribution-points.ts'
import * as read from '../../../src/pki/x509/extensions.ts'
import { generalNameText, ipText, userPrincipalName } from '../../../src/pki/x509/general-name.ts'
import { nameConstraints } from '../../../src/pki/x509/name-constraints.ts'
import * as policies from '../../../src/pki/x509/policies.ts'
import { selfSigned } from '../../support/certificates.ts'

const withExtension = (extension: Extension) =>
  selfSigned({ extKeyUsage: null, keyUsage: null, extensions: [extension] }).certificate
const value = (id: string, content: Buffer) => withExtension(build.rawExtension(id, content))
const malformed = (error: unknown) => isCoded(error, 'ERR_CERTIFICATE_MALFORMED') && /extension /.test(error.message)

suite('readers', () => {
  test('give undefined for what is not there, and the same value twice', () => {
    const certificate = withExtension(build.subjectAltName([{ dns: 'a.example' }]))
    assert.equal(read.extendedKeyUsage(certificate), undefined)
    assert.equal(read.subjectAltNames(certificate), read.subjectAltNames(certificate))
  })

  test('basic constraints', () => {
    const of = (content: Buffer) => read.basicConstraints(value('2.5.29.19', content))
    assert.deepEqual(of(sequence()), { ca: false, pathLength: undefined })
    assert.deepEqual(of(sequence(boolean(true), integer(3))), { ca: true, pathLength: 3 })
    assert.deepEqual(of(sequence(boolean(false))), { ca: false, pathLength: undefined })
    for (const broken of [
      sequence(boolean(true), integer(-1)),
      sequence(integer(1), boolean(true)),
      sequence(der(1, Buffer.from([1]))),
      Buffer.alloc(0),
      Buffer.concat([sequence(), sequence()]),
    ]) {
      assert.throws(() => of(broken), malformed)
    }
  })

  test('key usage', () => {
    const of = (content: Buffer) => [...read.keyUsage(value('2.5.29.15', content))!]
    assert.deepEqual([...read.keyUsage(withExtension(build.keyUsage([...read.keyUsages])))!], [...read.keyUsages])
    assert.deepEqual(of(bitString(Buffer.alloc(0))), [])
    assert.deepEqual(of(bitString(Buffer.from([0x80]), 7)), ['digitalSignature'])
    assert.throws(() => of(bitString(Buffer.from([0xff]), 3)), malformed)
  })

  test('extended key usage', () => {
    assert.deepEqual(read.extendedKeyUsage(withExtension(build.extKeyUsage(['clientAuth', '1.2.3']))), [
      '1.3.6.1.5.5.7.3.2',
      '1.2.3',
    ])
    assert.throws(() => read.extendedKeyUsage(value('2.5.29.37', sequence())), malformed)
  })

  test('key identifiers', () => {
    const certificate = withExtension(
      build.rawExtension(
        '2.5.29.35',
        sequence(
          der(0x80, Buffer.from('aa', 'hex')),
          der(0xa1, buildGeneralName({ directoryName: 'CN=x' })),
          der(0x82, Buffer.from('05', 'hex')),
        ),
      ),
    )
    const identifier = read.authorityKeyIdentifier(certificate)
    assert.equal(identifier?.keyIdentifier?.toString('hex'), 'aa')
    assert.equal(identifier?.serialNumber, '05')
    assert.equal(identifier?.issuer?.map(generalNameText).join(), 'DirName:CN=x')
    assert.equal(read.subjectKeyIdentifier(certificate)?.length, 20)
  })

  test('authority information access', () => {
    const access = read.authorityInfoAccess(
      withExtension(build.authorityInfoAccess({ ocsp: ['http://o.example/'], caIssuers: ['http://i.example/'] })),
    )
    assert.deepEqual(
      access?.map(({ method, location }) => [method, generalNameText(location)]),
      [
        ['1.3.6.1.5.5.7.48.1', 'URI:http://o.example/'],
        ['1.3.6.1.5.5.7.48.2', 'URI:http://i.example/'],
      ],
    )
  })

  test('policies, mappings and their constraints', () => {
    assert.deepEqual(
      policies.certificatePolicies(withExtension(build.certificatePolicies(['1.2.3', '2.5.29.32.0'])))?.policies,
      ['1.2.3', '2.5.29.32.0'],
    )
    assert.throws(
      () => policies.certificatePolicies(withExtension(build.certificatePolicies(['1.2.3', '1.2.3']))),
      malformed,
    )
    assert.deepEqual(policies.policyMappings(withExtension(build.policyMappings([['1.2', '1.3']]))), [
      { issuerDomain: '1.2', subjectDomain: '1.3' },
    ])
    assert.deepEqual(policies.policyConstraints(withExtension(build.policyConstraints({ inhibitPolicyMapping: 0 }))), {
      requireExplicitPolicy: undefined,
      inhibitPolicyMapping: 0,
    })
    assert.throws(() => policies.policyConstraints(value('2.5.29.36', sequence())), malformed)
    assert.equal(policies.inhibitAnyPolicy(withExtension(build.inhibitAnyPolicy(4)))?.skipCerts, 4)
  })

  test('name constraints', () => {
    const constraints = nameConstraints(
      withExtension(build.nameConstraints({ permitted: [{ dns: 'a.example' }], excluded: [{ ip: '10.0.0.0/8' }] })),
    )
    assert.deepEqual(constraints?.permitted.map(generalNameText), ['DNS:a.example'])
    assert.deepEqual(constraints?.excluded.map(generalNameText), ['IP:10.0.0.0/255.0.0.0'])
    for (const broken of [sequence(), sequence(explicit(0)), sequence(explicit(1, sequence()))]) {
      assert.throws(() => nameConstraints(value('2.5.29.30', broken)), malformed)
    }
  })

  test('distribution points', () => {
    const [point] = crlDistributionPoints(withExtension(build.crlDistributionPoints(['http://a.example/']))) ?? []
    assert.ok(point?.name !== undefined && 'fullName' in point.name)
    assert.deepEqual(point.name.fullName.map(generalNameText), ['URI:http://a.example/'])
    const bits = Buffer.from(build.namedBits([1, 6]))
    bits[0] = 0x81
    const issuer = der(0xa2, buildGeneralName({ directoryName: 'CN=x' }))
    const [other] = crlDistributionPoints(value('2.5.29.31', sequence(sequence(bits, issuer)))) ?? []
    assert.deepEqual([...other!.reasons!], [1, 6])
    assert.equal(other?.crlIssuer?.length, 1)
    assert.throws(() => crlDistributionPoints(value('2.5.29.31', sequence(sequence(bits)))), malformed)
  })
})

suite('general names', () => {
  test('every kind keeps its kind', () => {
    const certificate = withExtension(
      build.subjectAltName([
        { dns: 'a.example' },
        { email: 'a@b.example' },
        { uri: 'urn:a' },
        { ip: '::1' },
        { upn: 'u@b.example' },
        { directoryName: 'CN=x' },
        { registeredId: '1.2.3' },
        { raw: der(0xa3) },
      ]),
    )
    const names = read.subjectAltNames(certificate)!
    assert.deepEqual(
      names.map(({ type }) => type),
      [
        'dNSName',
        'rfc822Name',
        'uniformResourceIdentifier',
        'iPAddress',
        'otherName',
        'directoryName',
        'registeredID',
        'x400Address',
      ],
    )
    assert.deepEqual(names.map(generalNameText), [
      'DNS:a.example',
      'email:a@b.example',
      'URI:urn:a',
      'IP:0:0:0:0:0:0:0:1',
      'UPN:u@b.example',
      'DirName:CN=x',
      'RID:1.2.3',
      'x400Address',
    ])
    assert.deepEqual(names.map(userPrincipalName).filter(Boolean), ['u@b.example'])
  })

  test('text of a stranger is shown in printable ASCII', () => {
    const certificate = withExtension(
      build.subjectAltName([{ raw: der(0x82, Buffer.from('a\0\n')) }, { upn: 'ü\u202e' }]),
    )
    assert.deepEqual(read.subjectAltNames(certificate)!.map(generalNameText), [
      'DNS:a\\u{0}\\u{a}',
      'UPN:\\u{fc}\\u{202e}',
    ])
  })

  test('no names, an unknown kind, and octets beyond ASCII are malformed', () => {
    for (const content of [
      sequence(),
      sequence(der(0x89)),
      sequence(der(0x82, Buffer.from([0xe9]))),
      sequence(der(0xa4)),
      sequence(der(0xa0, oid('1.2.3'))),
    ]) {
      assert.throws(() => read.subjectAltNames(value('2.5.29.17', content)), malformed)
    }
  })

  test('addresses as text', () => {
    assert.equal(ipText(Buffer.from([10, 0, 0, 1])), '10.0.0.1')
    assert.equal(ipText(Buffer.from([1, 2, 3])), '010203')
  })
})

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { CodedError } from '../../../src/errors.ts'
import { validatePath } from '../../../src/pki/path/validate.ts'
import {
  authorityInfoAccess as accessExtension,
  policyConstraints as constraintsExtension,
  inhibitAnyPolicy as inhibitExtension,
  policyMappings as mappingsExtension,
  crlDistributionPoints as pointsExtension,
  certificatePolicies as policiesExtension,
  rawExtension,
} from '../../../src/pki/x509/build-extensions.ts'
import { type Certificate, parseCertificate } from '../../../src/pki/x509/certificate.ts'
import { parseCrl } from '../../../src/pki/x509/crl.ts'
import { crlDistributionPoints, freshestCrl } from '../../../src/pki/x509/distribution-points.ts'
import {
  authorityInfoAccess,
  authorityKeyIdentifier,
  basicConstraints,
  extendedKeyUsage,
  keyUsage,
  subjectAltNames,
  subjectKeyIdentifier,
} from '../../../src/pki/x509/extensions.ts'
import { generalNameText } from '../../../src/pki/x509/general-name.ts'
import { readName } from '../../../src/pki/x509/name.ts'
import { nameConstraints } from '../../../src/pki/x509/name-constraints.ts'
import { looksLikePem, readPem, writePem } from '../../../src/pki/x509/pem.ts'
import {
  certificatePolicies,
  inhibitAnyPolicy,
  policyConstraints,
  policyMappings,
} from '../../../src/pki/x509/policies.ts'
import { baseTime, day, testAuthority } from '../../support/certificates.ts'
import { mutated } from './mutate.ts'

const root = testAuthority({ name: 'Root' })
const middle = root.intermediate({
  nameConstraints: { permitted: [{ dns: 'a.example' }, { email: 'a.example' }, { ip: '10.0.0.0/8' }] },
  extensions: [
    policiesExtension(['1.2.3', '2.5.29.32.0']),
    mappingsExtension([['1.2.3', '1.2.4']]),
    constraintsExtension({ requireExplicitPolicy: 3, inhibitPolicyMapping: 1 }),
    inhibitExtension(1),
  ],
})
const leaf = middle.issue({
  subject: 'CN=Zoë+UID=z,O=Example\\, Inc.,C=DE',
  san: [
    { dns: 'x.a.example' },
    { email: 'z@a.example' },
    { ip: '10.0.0.1' },
    { ip: '::1' },
    { upn: 'z@a.example' },
    { uri: 'https://a.example/' },
    { directoryName: 'CN=z' },
    { registeredId: '1.2.3' },
  ],
  extensions: [pointsExtension(['http://a.example/crl']), accessExtension({ ocsp: ['http://a.example/'] })],
})
const readers = [
  basicConstraints,
  keyUsage,
  extendedKeyUsage,
  subjectAltNames,
  subjectKeyIdentifier,
  authorityKeyIdentifier,
  authorityInfoAccess,
  nameConstraints,
  certificatePolicies,
  policyMappings,
  policyConstraints,
  inhibitAnyPolicy,
  crlDistributionPoints,
  freshestCrl,
]
const crl = middle.crl([leaf, { serialNumber: '0a', revokedAt: baseTime - day, reason: 'keyCompromise' }])
const runs = { numRuns: 1500 }

/** Runs it; only a CodedError with one of these codes may come out. */
function quietly<T>(run: () => T, ...codes: string[]): T | undefined {
  try {
    return run()
  } catch (error) {
    assert.ok(error instanceof CodedError, String((error as Error).stack))
    assert.ok(codes.includes(error.code), error.code)
    return undefined
  }
}

function readEverything(certificate: Certificate): void {
  String(certificate.subject)
  String(certificate.issuer)
  quietly(() => certificate.publicKey(), 'ERR_CERTIFICATE_MALFORMED')
  for (const read of readers) quietly(() => read(certificate), 'ERR_CERTIFICATE_MALFORMED')
  for (const name of quietly(() => subjectAltNames(certificate), 'ERR_CERTIFICATE_MALFORMED') ?? [])
    generalNameText(name)
}

suite('whatever the octets, a parser answers or throws its own error', () => {
  test('certificates', () => {
    fc.assert(
      fc.property(fc.oneof(mutated([root.der, middle.der, leaf.der]), fc.uint8Array({ maxLength: 300 })), der => {
        const certificate = quietly(() => parseCertificate(der), 'ERR_CERTIFICATE_MALFORMED')
        if (certificate !== undefined) readEverything(certificate)
      }),
      runs,
    )
  })

  test('every proper beginning of a certificate, and a certificate with more after it', () => {
    for (let length = 0; length < leaf.der.length; length++) {
      assert.throws(() => parseCertificate(leaf.der.subarray(0, length)), { code: 'ERR_CERTIFICATE_MALFORMED' })
    }
    assert.throws(() => parseCertificate(Buffer.concat([leaf.der, Buffer.from([0])])), {
      code: 'ERR_CERTIFICATE_MALFORMED',
    })
  })

  test('the content of each known extension', () => {
    const values = [root, middle, leaf].flatMap(({ certificate }) => [...certificate.extensions.values()])
    const one = fc
      .constantFrom(...values)
      .chain(({ oid, value }) =>
        fc.oneof(mutated([value]), fc.uint8Array({ maxLength: 60 })).map(octets => rawExtension(oid, octets)),
      )
    fc.assert(
      fc.property(one, extension => {
        const { raw, version, subject, issuer, spki } = leaf.certificate
        const extensions = new Map([[extension.oid, extension]])
        const certificate = { raw, version, subject, issuer, spki, extensions } as unknown as Certificate
        for (const read of readers) quietly(() => read(certificate), 'ERR_CERTIFICATE_MALFORMED')
      }),
      runs,
    )
  })

  test('names', () => {
    fc.assert(
      fc.property(fc.oneof(mutated([leaf.certificate.subject.raw]), fc.uint8Array({ maxLength: 60 })), octets => {
        const name = quietly(() => readName(octets), 'ERR_DER_MALFORMED')
        assert.doesNotMatch(String(name ?? ''), /\p{Cc}/u)
      }),
      runs,
    )
  })

  test('revocation lists', () => {
    fc.assert(
      fc.property(fc.oneof(mutated([crl]), fc.uint8Array({ maxLength: 300 })), der => {
        const list = quietly(() => parseCrl(der), 'ERR_CRL_MALFORMED')
        if (list === undefined) return
        quietly(() => list.size, 'ERR_CRL_MALFORMED')
        quietly(() => [...list.entries()], 'ERR_CRL_MALFORMED')
        quietly(() => list.find(leaf.serialNumber), 'ERR_CRL_MALFORMED')
      }),
      runs,
    )
  })

  test('PEM', () => {
    const text = `before\r\n${leaf.chainPem}\nafter`
    const pieces = fc.array(
      fc.constantFrom('-----BEGIN ', '-----END ', 'CERTIFICATE', '-----', '\n', '\r', 'QUJD', '=', ':', ' ', '\0'),
      { maxLength: 30 },
    )
    fc.assert(
      fc.property(
        fc.oneof(
          mutated([Buffer.from(text)]),
          pieces.map(list => Buffer.from(list.join(''))),
        ),
        bytes => {
          looksLikePem(bytes)
          quietly(() => readPem(bytes), 'ERR_PEM_MALFORMED')
        },
      ),
      runs,
    )
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 200 }), octets => {
        const [block] = readPem(`x\n${writePem('SOME THING', octets)}y`)
        assert.equal(block?.label, 'SOME THING')
        assert.deepEqual(new Uint8Array(block!.der), octets)
      }),
    )
  })
})

test('a changed certificate or list is never trusted, and the verdict never throws', () => {
  const anchors = [{ alias: 'root', certificate: root.certificate }]
  const lists = [root.crl(), crl].map(der => parseCrl(der))
  const judge = (chain: readonly Certificate[], crls = lists) =>
    validatePath(
      { leaf: chain[0]!, intermediates: chain.slice(1), anchors, crls },
      { at: baseTime + day / 2, purpose: 'client' },
    )
  fc.assert(
    fc.property(mutated([middle.der, leaf.der]), fc.boolean(), (der, asLeaf) => {
      const certificate = quietly(() => parseCertificate(der), 'ERR_CERTIFICATE_MALFORMED')
      if (certificate === undefined) return
      const verdict = judge(asLeaf ? [certificate, middle.certificate] : [leaf.certificate, certificate])
      // the leaf is on the list: whatever happens to the others, it must not get in
      if (verdict.ok) assert.ok(middle.der.equals(der) && asLeaf)
    }),
    { numRuns: 600 },
  )
  fc.assert(
    fc.property(mutated([crl]), der => {
      const list = quietly(() => parseCrl(der), 'ERR_CRL_MALFORMED')
      const verdict = judge([leaf.certificate, middle.certificate], [lists[0]!, ...(list === undefined ? [] : [list])])
      assert.equal(verdict.ok, false)
    }),
    { numRuns: 600 },
  )
})

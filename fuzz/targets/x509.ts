import {
  DerReader,
  readBitString,
  readBoolean,
  readInteger,
  readOid,
  readSmallInteger,
} from '../../src/pki/asn1/der.ts'
import { readText } from '../../src/pki/asn1/strings.ts'
import { readTime } from '../../src/pki/asn1/time.ts'
import { berToDer } from '../../src/pki/keystore/ber-to-der.ts'
import { validatePath } from '../../src/pki/path/validate.ts'
import {
  authorityInfoAccess as accessExtension,
  policyConstraints as constraintsExtension,
  inhibitAnyPolicy as inhibitExtension,
  policyMappings as mappingsExtension,
  crlDistributionPoints as pointsExtension,
  certificatePolicies as policiesExtension,
} from '../../src/pki/x509/build-extensions.ts'
import { type Certificate, parseCertificate } from '../../src/pki/x509/certificate.ts'
import { parseCrl } from '../../src/pki/x509/crl.ts'
import { crlDistributionPoints, freshestCrl } from '../../src/pki/x509/distribution-points.ts'
import * as extensions from '../../src/pki/x509/extensions.ts'
import { generalNameText } from '../../src/pki/x509/general-name.ts'
import { nameConstraints } from '../../src/pki/x509/name-constraints.ts'
import {
  certificatePolicies,
  inhibitAnyPolicy,
  policyConstraints,
  policyMappings,
} from '../../src/pki/x509/policies.ts'
import { buildRequest, parseRequest } from '../../src/pki/x509/request.ts'
import { baseTime, day, testAuthority } from '../../test/support/certificates.ts'
import { mutateBytes } from '../mutate-bytes.ts'
import { mutateDer } from '../mutate-der.ts'
import { guarded, magnitude, outcome } from '../outcome.ts'
import type { Random } from '../random.ts'
import type { Target } from '../target.ts'

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
const rsa = testAuthority({ name: 'RSA Root', keyType: 'rsa-2048' })
const list = middle.crl([leaf, { serialNumber: '0a', revokedAt: baseTime - day, reason: 'keyCompromise' }])
const request = buildRequest({ subject: 'CN=request', privateKey: leaf.privateKey })
const certificates = [root.der, middle.der, leaf.der, rsa.der]

const readers: Readonly<Record<string, (certificate: Certificate) => unknown>> = {
  basicConstraints: extensions.basicConstraints,
  keyUsage: extensions.keyUsage,
  extendedKeyUsage: extensions.extendedKeyUsage,
  subjectAltNames: certificate => extensions.subjectAltNames(certificate)?.map(generalNameText),
  subjectKeyIdentifier: extensions.subjectKeyIdentifier,
  authorityKeyIdentifier: extensions.authorityKeyIdentifier,
  authorityInfoAccess: extensions.authorityInfoAccess,
  nameConstraints,
  certificatePolicies,
  policyMappings,
  policyConstraints,
  inhibitAnyPolicy,
  crlDistributionPoints,
  freshestCrl,
}

const anchors = [{ alias: 'root', certificate: root.certificate }]
const lists = [root.crl(), list].map(der => parseCrl(der))
const trusted = new Set(certificates.map(der => der.toString('base64')))

/** Mostly inside the structure, at times in the octets of it. */
function mutate(input: Buffer, random: Random, others: readonly Buffer[]): Buffer {
  return random.below(4) === 0 ? mutateBytes(input, random, others) : mutateDer(input, random, others)
}

const malformed = /^ERR_(?:DER|CERTIFICATE|CRL|REQUEST)_MALFORMED$/

/** Every element, and each of the first ones as every type that it might be. */
function walk(reader: DerReader, depth: number, before = 0): number {
  let count = 0
  while (!reader.done) {
    const element = reader.element()
    count += 1
    for (const read of before + count > 100
      ? []
      : [readBitString, readBoolean, readInteger, readOid, readSmallInteger, readText, readTime])
      outcome(malformed, () => typeof read(element))
    if ((element.tag & 0x20) !== 0 && depth < 50)
      count += walk(new DerReader(element.bytes, element.contentStart, element.end), depth + 1, before + count)
  }
  return count
}

export const x509Targets: readonly Target[] = [
  {
    name: 'der',
    seeds: [...certificates, list, request],
    limitMs: 3_000,
    weight: 60,
    mutate,
    run(input) {
      const bytes = guarded(input)
      const converted = outcome(
        /^ERR_(?:DER_MALFORMED|KEYSTORE_(?:MALFORMED|TRUNCATED))$/,
        () => `der ${magnitude(berToDer(bytes).length)}`,
      )
      return `${converted}; ${outcome(malformed, () => `elements ${magnitude(walk(new DerReader(bytes), 0))}`)}`
    },
  },
  {
    name: 'certificate',
    seeds: certificates,
    limitMs: 3_000,
    weight: 60,
    mutate,
    run: input =>
      outcome(malformed, () => {
        const certificate = parseCertificate(guarded(input))
        if (!input.equals(certificate.raw)) throw new Error('raw is not what was read')
        if (/\p{Cc}/u.test(`${certificate.subject}${certificate.issuer}`))
          throw new Error('a control character in a name')
        const read = Object.entries(readers).map(([name, reader]) =>
          outcome(malformed, () => (reader(certificate) === undefined ? '' : name)),
        )
        return `read ${read.join(' ')} ${outcome(malformed, () => certificate.publicKey().asymmetricKeyType ?? '')}`
      }),
  },
  {
    name: 'path',
    seeds: [middle.der, leaf.der],
    limitMs: 5_000,
    weight: 15,
    mutate,
    run: input =>
      outcome(malformed, () => {
        const certificate = parseCertificate(guarded(input))
        const at = { at: baseTime + day / 2, purpose: 'client' } as const
        const verdicts = [
          validatePath({ leaf: certificate, intermediates: [middle.certificate], anchors }, at),
          validatePath({ leaf: leaf.certificate, intermediates: [certificate], anchors, crls: lists }, at),
        ]
        // The leaf is on the list, and nobody but the root may sign.
        if (verdicts[1]!.ok) throw new Error('a revoked certificate was trusted')
        if (verdicts[0]!.ok && !trusted.has(input.toString('base64')))
          throw new Error('a changed certificate was trusted')
        return verdicts.map(verdict => (verdict.ok ? 'trusted' : verdict.code)).join(' ')
      }),
  },
  {
    name: 'crl',
    seeds: [list, root.crl(), root.crl([leaf, middle, { serialNumber: '7f', revokedAt: baseTime }])],
    limitMs: 3_000,
    weight: 60,
    mutate,
    run: input =>
      outcome(malformed, () => {
        const crl = parseCrl(guarded(input))
        const entries = outcome(malformed, () => `entries ${magnitude([...crl.entries()].length)}`)
        return `read ${magnitude(crl.size)} ${entries} ${outcome(malformed, () => String(crl.find(leaf.serialNumber).length))}`
      }),
  },
  {
    name: 'request',
    seeds: [request],
    limitMs: 3_000,
    weight: 5,
    mutate,
    run: input => outcome(/^ERR_[A-Z_]+$/, () => `read ${parseRequest(guarded(input)).subject.toString().length > 0}`),
  },
]

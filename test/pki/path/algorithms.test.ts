import assert from 'node:assert/strict'
import { constants, generateKeyPairSync, sign } from 'node:crypto'
import { suite, test } from 'node:test'
import { bitString, explicit, integer, nullValue, oid, sequence } from '../../../src/pki/asn1/der.ts'
import { basicConstraints } from '../../../src/pki/x509/build-extensions.ts'
import { parseCertificate } from '../../../src/pki/x509/certificate.ts'
import { type KeyPair, type KeyType, testAuthority } from '../../support/certificates.ts'
import { craft } from './craft.ts'
import { judge, refuses, trusts } from './judge.ts'

const keyTypes: readonly KeyType[] = [
  'p-256',
  'p-384',
  'p-521',
  'rsa-2048',
  'rsa-3072',
  'rsa-pss-2048',
  'ed25519',
  'ed448',
  'ml-dsa-44',
  'ml-dsa-65',
  'ml-dsa-87',
]

suite('signatures', () => {
  for (const keyType of keyTypes) {
    test(`${keyType} signs, and a changed octet is seen`, () => {
      const root = testAuthority({ keyType })
      const leaf = root.issue({ keyType })
      trusts(leaf, { anchors: [root] })
      const changed = Buffer.from(leaf.der)
      changed[changed.length - 20]! ^= 1
      const broken = { ...leaf, certificate: parseCertificate(changed) }
      const verdict = judge(broken, { anchors: [root] })
      assert.equal(verdict.ok ? 'trusted' : verdict.code, 'signature_invalid')
    })
  }

  test('RSASSA-PSS by an ordinary RSA key, SHA-384 and SHA-512', () => {
    const root = testAuthority({ keyType: 'rsa-2048' })
    for (const digest of ['sha256', 'sha384', 'sha512'] as const) {
      trusts(root.issue({ padding: 'pss', digest }), { anchors: [root] })
      trusts(root.issue({ digest }), { anchors: [root] })
    }
  })

  test('MD5 and SHA-1 are refused unless somebody insists', () => {
    const root = testAuthority({ keyType: 'rsa-2048' })
    for (const [digest, name] of [
      ['insecureMd5', 'md5'],
      ['insecureSha1', 'sha-1'],
    ] as const) {
      const leaf = root.issue({ digest })
      refuses(leaf, { anchors: [root] }, 'key_too_weak', leaf)
      trusts(leaf, { anchors: [root], insecureAlgorithms: [name] })
      refuses(leaf, { anchors: [root], insecureAlgorithms: [name === 'md5' ? 'sha-1' : 'md5'] }, 'key_too_weak', leaf)
    }
  })

  test("the anchor's own signature is not looked at, whatever its algorithm", () => {
    const root = testAuthority({ keyType: 'rsa-2048', digest: 'insecureMd5' })
    trusts(root.issue(), { anchors: [root] })
    const broken = craft({ extensions: [basicConstraints({ ca: true })], signatureBits: bitString(Buffer.alloc(8)) })
    trusts(craft({ issuer: broken }), { anchors: [broken] })
  })

  test('an algorithm for another kind of key than the issuer has is no signature', () => {
    const root = testAuthority({ keyType: 'rsa-2048' })
    for (const wanted of ['1.2.840.10045.4.3.2', '1.3.101.112']) {
      const leaf = craft({ issuer: root, innerAlgorithm: sequence(oid(wanted)) })
      refuses(leaf, { anchors: [root] }, 'signature_invalid', leaf)
    }
    const pss = testAuthority({ keyType: 'rsa-pss-2048' })
    const leaf = craft({
      issuer: pss,
      innerAlgorithm: sequence(oid('1.2.840.113549.1.1.11'), nullValue()),
      makeSignature: () => Buffer.alloc(256),
    })
    refuses(leaf, { anchors: [pss] }, 'signature_invalid', leaf)
  })

  test('parameters have to be as the RFC of the algorithm wants them', () => {
    const ec = testAuthority()
    const withNull = craft({ issuer: ec, innerAlgorithm: sequence(oid('1.2.840.10045.4.3.2'), nullValue()) })
    refuses(withNull, { anchors: [ec] }, 'key_too_weak', withNull, /not accepted/)
    const rsa = testAuthority({ keyType: 'rsa-2048' })
    trusts(craft({ issuer: rsa, innerAlgorithm: sequence(oid('1.2.840.113549.1.1.11')) }), { anchors: [rsa] })
    const odd = craft({ issuer: rsa, innerAlgorithm: sequence(oid('1.2.840.113549.1.1.11'), integer(1)) })
    refuses(odd, { anchors: [rsa] }, 'key_too_weak', odd)
  })

  test('RSASSA-PSS: digests that differ, a salt that differs, another trailer', () => {
    const root = testAuthority({ keyType: 'rsa-2048' })
    const sha256 = sequence(oid('2.16.840.1.101.3.4.2.1'))
    const sha512 = sequence(oid('2.16.840.1.101.3.4.2.3'))
    const pss = (mask: Buffer, salt: number, trailer?: number) =>
      sequence(
        oid('1.2.840.113549.1.1.10'),
        sequence(
          explicit(0, sha256),
          explicit(1, sequence(oid('1.2.840.113549.1.1.8'), mask)),
          explicit(2, integer(salt)),
          ...(trailer === undefined ? [] : [explicit(3, integer(trailer))]),
        ),
      )
    const signed = (algorithm: Buffer, saltLength: number) =>
      craft({
        issuer: root,
        innerAlgorithm: algorithm,
        makeSignature: tbs =>
          sign('sha256', tbs, { key: root.privateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength }),
      })
    trusts(signed(pss(sha256, 20), 20), { anchors: [root] })
    trusts(signed(pss(sha256, 32, 1), 32), { anchors: [root] })
    for (const algorithm of [pss(sha512, 32), pss(sha256, 32, 2)]) {
      const leaf = signed(algorithm, 32)
      refuses(leaf, { anchors: [root] }, 'key_too_weak', leaf, /not accepted/)
    }
    const otherSalt = signed(pss(sha256, 20), 32)
    refuses(otherSalt, { anchors: [root] }, 'signature_invalid', otherSalt)
    const defaults = craft({ issuer: root, innerAlgorithm: sequence(oid('1.2.840.113549.1.1.10'), sequence()) })
    refuses(defaults, { anchors: [root] }, 'key_too_weak', defaults, /too weak/)
  })
})

suite('keys', () => {
  const root = testAuthority({ keyType: 'rsa-2048' })
  const pair = (publicKey: unknown, privateKey: unknown) => ({ publicKey, privateKey }) as KeyPair
  const made = (key: KeyPair) => root.issue({ key })

  test('RSA below 2048 bits is refused in the leaf, in an intermediate and in the anchor', () => {
    const leaf = root.issue({ keyType: 'rsa-1024' })
    refuses(leaf, { anchors: [root] }, 'key_too_weak', leaf, /1024/)
    trusts(leaf, { anchors: [root], insecureAlgorithms: ['rsa-1024'] })
    const middle = root.intermediate({ keyType: 'rsa-1024' })
    refuses(middle.issue(), { anchors: [root] }, 'key_too_weak', middle)
    const top = testAuthority({ keyType: 'rsa-1024' })
    refuses(top.issue(), { anchors: [top] }, 'key_too_weak', top)
  })

  test('RSA below 1024 bits is refused always, and so is more than 8192', () => {
    const small = generateKeyPairSync('rsa', { modulusLength: 768 })
    const leaf = made(pair(small.publicKey, small.privateKey))
    refuses(leaf, { anchors: [root], insecureAlgorithms: ['rsa-1024'] }, 'key_too_weak', leaf)
    const huge = craft({ issuer: testAuthority(), spki: rsaKey(Buffer.alloc(1025, 0xff), 65537) })
    refuses(huge, { anchors: [root] }, 'key_too_weak', huge, /8200/)
  })

  test('an exponent of 1, 2 or 0 makes no key', () => {
    for (const exponent of [0, 1, 2, 65536]) {
      const leaf = craft({ issuer: testAuthority(), spki: rsaKey(Buffer.alloc(256, 0xff), exponent) })
      const verdict = judge(leaf, { anchors: [root] })
      assert.equal(verdict.ok ? 'trusted' : verdict.code, 'key_too_weak')
    }
  })

  test('other curves, spelled-out curves and other kinds of keys are refused', () => {
    for (const namedCurve of ['secp256k1', 'P-224', 'brainpoolP256r1']) {
      const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve })
      const leaf = made(pair(publicKey, privateKey))
      refuses(leaf, { anchors: [root] }, 'key_too_weak', leaf, /curve/)
    }
    const explicitCurve = generateKeyPairSync('ec', { namedCurve: 'P-256', paramEncoding: 'explicit' })
    const leaf = made(pair(explicitCurve.publicKey, explicitCurve.privateKey))
    refuses(leaf, { anchors: [root] }, 'key_too_weak', leaf, /spelled out/)
    trusts(leaf, { anchors: [root], insecureAlgorithms: ['explicit-curve'] })
    const x25519 = generateKeyPairSync('x25519').publicKey.export({ type: 'spki', format: 'der' })
    const dsa = sequence(sequence(oid('1.2.840.10040.4.1')), bitString(integer(5)))
    for (const spki of [x25519, dsa]) {
      const other = craft({ issuer: testAuthority(), spki })
      refuses(other, { anchors: [root] }, 'key_too_weak', other)
    }
  })

  test('a verdict about a time in the past is given by the floor of that time', () => {
    const at = (time: string) => Date.parse(time)
    const validity = { notBefore: '2010-01-01T00:00:00Z', notAfter: '2045-01-01T00:00:00Z' }
    const top = testAuthority({ keyType: 'rsa-2048', ...validity })
    const sha1 = top.issue({ digest: 'insecureSha1', ...validity })
    trusts(sha1, { anchors: [top], at: at('2016-12-31T00:00:00Z') })
    refuses(sha1, { anchors: [top], at: at('2017-01-01T00:00:00Z') }, 'key_too_weak', sha1)
    const short = top.issue({ keyType: 'rsa-1024', ...validity })
    trusts(short, { anchors: [top], at: at('2019-07-05T00:00:00Z') })
    refuses(short, { anchors: [top], at: at('2019-07-06T00:00:00Z') }, 'key_too_weak', short)
  })
})

function rsaKey(modulus: Buffer, exponent: number): Buffer {
  const key = sequence(integer(modulus), integer(exponent))
  return sequence(sequence(oid('1.2.840.113549.1.1.1'), nullValue()), bitString(key))
}

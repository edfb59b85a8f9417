import { suite, test } from 'node:test'
import { bitString, der, nullValue, oid, sequence, tag } from '../../../src/pki/asn1/der.ts'
import {
  basicConstraints,
  certificatePolicies,
  extKeyUsage,
  keyUsage,
  rawExtension,
} from '../../../src/pki/x509/build-extensions.ts'
import { baseTime, day, type IssueOptions, testAuthority, testKey } from '../../support/certificates.ts'
import { craft } from './craft.ts'
import { refuses, trusts } from './judge.ts'

const root = testAuthority({ name: 'Root' })
const anchors = [root]
const client = (options: IssueOptions = {}) => root.issue(options)
const junk = Buffer.from('0500', 'hex')

suite('validity', () => {
  const at = (time: number) => ({ anchors, at: time })
  const leaf = client({ notBefore: baseTime, notAfter: baseTime + day })

  test('both ends are included, to the millisecond', () => {
    trusts(leaf, at(baseTime))
    trusts(leaf, at(baseTime + day))
    refuses(leaf, at(baseTime - 1), 'certificate_not_yet_valid', leaf)
    refuses(leaf, at(baseTime + day + 1), 'certificate_expired', leaf)
  })

  test('holds for intermediates and for the anchor', () => {
    const old = { notBefore: baseTime - 9 * day, notAfter: baseTime - day }
    const middle = root.intermediate(old)
    refuses(middle.issue(), { anchors }, 'certificate_expired', middle)
    const top = testAuthority(old)
    refuses(top.issue(), { anchors: [top] }, 'certificate_expired', top)
    const early = testAuthority({ notBefore: baseTime + 2 * day })
    refuses(early.issue(), { anchors: [early] }, 'certificate_not_yet_valid', early)
  })
})

suite('purpose', () => {
  test('client authentication, any purpose, or no extension at all', () => {
    trusts(client({ extKeyUsage: ['clientAuth', 'serverAuth'] }), { anchors })
    trusts(client({ extKeyUsage: ['anyExtendedKeyUsage'] }), { anchors })
    trusts(client({ extKeyUsage: null }), { anchors })
  })

  test('a certificate for servers, for mail or for unknown things is refused', () => {
    for (const usage of ['serverAuth', 'emailProtection', '1.2.3.4'] as const) {
      const leaf = client({ extKeyUsage: [usage] })
      refuses(leaf, { anchors }, 'purpose_not_allowed', leaf)
      trusts(leaf, { anchors, purpose: 'any' })
    }
  })

  test('servers are asked for server authentication', () => {
    const leaf = client()
    refuses(leaf, { anchors, purpose: 'server' }, 'purpose_not_allowed', leaf)
    trusts(client({ extKeyUsage: ['serverAuth'], keyUsage: ['keyEncipherment'] }), { anchors, purpose: 'server' })
  })

  test('the key usage has to allow signatures', () => {
    for (const usage of ['keyEncipherment', 'keyAgreement', 'nonRepudiation', 'keyCertSign'] as const) {
      const leaf = client({ keyUsage: [usage] })
      refuses(leaf, { anchors }, 'purpose_not_allowed', leaf, /key usage/)
    }
    trusts(client({ keyUsage: null }), { anchors })
  })

  test('an authority for servers only cannot make clients: intermediate or anchor', () => {
    const middle = root.intermediate({ extKeyUsage: ['serverAuth'] })
    refuses(middle.issue(), { anchors }, 'purpose_not_allowed', middle)
    const top = testAuthority({ extKeyUsage: ['serverAuth'] })
    refuses(top.issue(), { anchors: [top] }, 'purpose_not_allowed', top)
    trusts(root.intermediate({ extKeyUsage: ['serverAuth', 'clientAuth'] }).issue(), { anchors })
    trusts(root.intermediate({ extKeyUsage: ['anyExtendedKeyUsage'] }).issue(), { anchors })
  })

  test('an authority may be a client when its key usage allows it', () => {
    const usable = root.intermediate({ keyUsage: ['digitalSignature', 'keyCertSign'] })
    trusts(usable, { anchors })
    const notUsable = root.intermediate()
    refuses(notUsable, { anchors }, 'purpose_not_allowed', notUsable)
  })
})

suite('authorities', () => {
  const issuing = (options: IssueOptions) => {
    const middle = root.intermediate(options)
    return { middle, leaf: middle.issue() }
  }

  test('an intermediate needs basic constraints that say so', () => {
    const without = issuing({ extensions: [rawExtension('2.5.29.19', sequence(), true)] })
    refuses(without.leaf, { anchors }, 'constraint_violated', without.middle, /no authority/)
    const plain = root.issue({ subject: 'CN=plain', key: root })
    const below = testAuthority({ name: 'plain', key: root }).issue()
    refuses(below, { anchors, intermediates: [plain] }, 'constraint_violated', plain)
  })

  test('its key usage, when there is one, needs keyCertSign', () => {
    const { middle, leaf } = issuing({ keyUsage: ['cRLSign', 'digitalSignature'] })
    refuses(leaf, { anchors }, 'constraint_violated', middle, /key usage/)
    trusts(issuing({ keyUsage: null }).leaf, { anchors })
  })

  test('an anchor without basic constraints counts when its key usage says keyCertSign and nothing stands above it', () => {
    const key = testKey()
    const old = craft({ subject: 'CN=Old Root', key, extensions: [keyUsage(['keyCertSign'])] })
    const leaf = craft({ issuer: old, extensions: [extKeyUsage(['clientAuth'])] })
    trusts(leaf, { anchors: [old] })
    const mute = craft({ subject: 'CN=Old Root', key })
    refuses(leaf, { anchors: [mute] }, 'constraint_violated', mute)
    const below = craft({ subject: 'CN=Old Root', key, issuer: root, extensions: [keyUsage(['keyCertSign'])] })
    refuses(leaf, { anchors: [root, below] }, 'constraint_violated', below)
    trusts(leaf, { anchors: [below] })
    refuses(leaf, { anchors: [root], intermediates: [below] }, 'constraint_violated', below)
  })
})

suite('form', () => {
  test('an unknown critical extension is refused, an unknown other one is not', () => {
    const leaf = client({ extensions: [rawExtension('1.2.3.4', junk, true)] })
    refuses(leaf, { anchors }, 'certificate_malformed', leaf, /1\.2\.3\.4/)
    trusts(client({ extensions: [rawExtension('1.2.3.4', junk)] }), { anchors })
    const middle = root.intermediate({ extensions: [rawExtension('1.2.3.4', junk, true)] })
    refuses(middle.issue(), { anchors }, 'certificate_malformed', middle)
    const top = testAuthority({ extensions: [rawExtension('1.2.3.4', junk, true)] })
    refuses(top.issue(), { anchors: [top] }, 'certificate_malformed', top)
  })

  test('a broken known extension is refused, critical or not', () => {
    for (const id of [
      '2.5.29.14',
      '2.5.29.15',
      '2.5.29.17',
      '2.5.29.30',
      '2.5.29.31',
      '2.5.29.32',
      '2.5.29.35',
      '2.5.29.37',
      '1.3.6.1.5.5.7.1.1',
    ]) {
      const leaf = client({ extensions: [rawExtension(id, Buffer.from('ff', 'hex'))] })
      refuses(leaf, { anchors }, 'certificate_malformed', leaf)
    }
  })

  test('critical extensions that are processed are no hindrance', () => {
    trusts(
      client({ sanCritical: true, san: [{ dns: 'a.example' }], extensions: [extKeyUsage(['clientAuth'], true)] }),
      { anchors },
    )
  })

  test('an unknown policy qualifier is refused in a critical extension only', () => {
    const policies = sequence(sequence(oid('1.2.3'), sequence(sequence(oid('1.2.3.9'), nullValue()))))
    const leaf = client({ extensions: [rawExtension('2.5.29.32', policies, true)] })
    refuses(leaf, { anchors }, 'certificate_malformed', leaf, /qualifier/)
    trusts(client({ extensions: [rawExtension('2.5.29.32', policies)] }), { anchors })
    trusts(client({ extensions: [certificatePolicies(['1.2.3'], true)] }), { anchors })
  })

  test('names with controls, and empty ones, are refused; SAN text is never cut', () => {
    for (const san of [
      { dns: 'good.example\0.evil.example' },
      { dns: 'a b' },
      { dns: '' },
      { uri: 'https://a.example/\n' },
      { email: '' },
    ]) {
      const leaf = client({ san: [san] })
      refuses(leaf, { anchors }, 'certificate_malformed', leaf)
    }
  })

  test('an IP address of a length that none has is refused', () => {
    const raw = der(0x87, Buffer.from([127, 0, 0]))
    const leaf = client({ san: [{ raw }] })
    refuses(leaf, { anchors }, 'certificate_malformed', leaf)
  })

  test('serial numbers: negative, zero and long ones pass, one that is written too long does not', () => {
    for (const serialNumber of [-5, 0, Buffer.alloc(24, 0x11)]) trusts(client({ serialNumber }), { anchors })
    for (const octets of ['00007f', 'ff80', 'ffffff']) {
      const leaf = craft({ issuer: root, serialNumber: der(tag.integer, Buffer.from(octets, 'hex')) })
      refuses(leaf, { anchors }, 'certificate_malformed', leaf, /serial/)
    }
  })

  test('a signature algorithm inside that differs from the one outside is refused', () => {
    const leaf = craft({ issuer: root, outerAlgorithm: sequence(oid('1.2.840.10045.4.3.3')) })
    refuses(leaf, { anchors }, 'certificate_malformed', leaf, /inside/)
    const top = craft({
      extensions: [basicConstraints({ ca: true })],
      outerAlgorithm: sequence(oid('1.2.840.10045.4.3.3')),
    })
    refuses(craft({ issuer: top }), { anchors: [top] }, 'certificate_malformed', top)
  })

  test('an issuer without a name is refused', () => {
    const leaf = craft({ issuer: root, issuerName: sequence() })
    refuses(leaf, { anchors }, 'certificate_malformed', leaf, /name of the issuer/)
  })

  test('a key that cannot be read is refused, of the leaf or of an issuer', () => {
    const spki = sequence(
      sequence(oid('1.2.840.10045.2.1'), oid('1.2.840.10045.3.1.7')),
      bitString(Buffer.alloc(65, 4)),
    )
    const leaf = craft({ issuer: root, spki })
    refuses(leaf, { anchors }, 'certificate_malformed', leaf, /public key/)
    const key = testKey()
    const middle = craft({
      subject: 'CN=Middle',
      key,
      issuer: root,
      spki,
      extensions: [basicConstraints({ ca: true })],
    })
    refuses(
      craft({ issuer: { ...middle, privateKey: key.privateKey } }),
      { anchors, intermediates: [middle] },
      'certificate_malformed',
      middle,
    )
  })

  test('a version 1 certificate may be a client, and is no authority', () => {
    const version1 = craft({ issuer: root, version: Buffer.alloc(0) })
    trusts(version1, { anchors })
    const top = craft({ subject: 'CN=V1', version: Buffer.alloc(0) })
    refuses(craft({ issuer: top }), { anchors: [top] }, 'constraint_violated', top)
  })
})

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { der, explicit, integer, sequence } from '../../../src/pki/asn1/der.ts'
import { buildCrl, type CrlSource } from '../../../src/pki/x509/build-crl.ts'
import { crlDistributionPoints, namedBits, rawExtension } from '../../../src/pki/x509/build-extensions.ts'
import { buildGeneralName, type GeneralNameSource } from '../../../src/pki/x509/build-general-name.ts'
import {
  baseTime,
  day,
  type Issued,
  selfSigned,
  type TestAuthority,
  testAuthority,
  testKey,
} from '../../support/certificates.ts'
import { noon, refuses, trusts } from './judge.ts'

const root = testAuthority({ name: 'Root' })
const middle = root.intermediate({ name: 'Middle' })
const leaf = middle.issue()
const anchors = [root]
const good = [root.crl(), middle.crl()]

suite('every certificate of the path but the anchor needs a list', () => {
  test('all lists are there, and none names a certificate', () => {
    const verdict = trusts(leaf, { anchors, crls: good })
    assert.equal(verdict.validUntil, baseTime + 30 * day)
    const sooner = trusts(leaf, { anchors, crls: [root.crl([], { nextUpdate: baseTime + 2 * day }), middle.crl()] })
    assert.equal(sooner.validUntil, baseTime + 2 * day)
  })

  test('no list given: not checked. An empty set of lists: nothing is known', () => {
    trusts(leaf, { anchors })
    refuses(leaf, { anchors, crls: [] }, 'revocation_unknown', middle)
  })

  test('one list is missing', () => {
    refuses(leaf, { anchors, crls: [root.crl()] }, 'revocation_unknown', leaf, /no revocation list/)
    refuses(leaf, { anchors, crls: [middle.crl()] }, 'revocation_unknown', middle)
  })

  test('a revoked leaf, and a revoked intermediate', () => {
    refuses(leaf, { anchors, crls: [root.crl(), middle.crl([leaf])] }, 'certificate_revoked', leaf)
    refuses(leaf, { anchors, crls: [root.crl([middle]), middle.crl()] }, 'certificate_revoked', middle)
    refuses(leaf, { anchors, crls: [root.crl([middle]), middle.crl([leaf])] }, 'certificate_revoked', middle)
  })

  test('on hold is revoked; the reason is told', () => {
    const held = { serialNumber: leaf.serialNumber, revokedAt: baseTime - day, reason: 'certificateHold' as const }
    refuses(leaf, { anchors, crls: [root.crl(), middle.crl([held])] }, 'certificate_revoked', leaf, /on hold/)
  })

  test('another serial number is another certificate; one written too long is the same', () => {
    const other = { serialNumber: `${leaf.serialNumber}00`, revokedAt: baseTime - day }
    trusts(leaf, { anchors, crls: [root.crl(), middle.crl([other])] })
    const padded = { serialNumber: `0000${leaf.serialNumber}`, revokedAt: baseTime - day }
    refuses(leaf, { anchors, crls: [root.crl(), middle.crl([padded])] }, 'certificate_revoked', leaf)
  })

  test('a good list does not hide a revocation in a second one', () => {
    const point = (uri: string) => idp({ uri })
    const split = middle.issue({ extensions: [crlDistributionPoints(['http://a.example/1', 'http://a.example/2'])] })
    const lists = [
      middle.crl([], { extensions: [point('http://a.example/1')] }),
      middle.crl([split], { extensions: [point('http://a.example/2')] }),
    ]
    for (const crls of [lists, lists.toReversed()]) {
      refuses(split, { anchors, crls: [root.crl(), ...crls] }, 'certificate_revoked', split)
    }
  })

  test('of two lists about the same certificates the newer one counts: a certificate was on hold, or is revoked now', () => {
    const newer = (revoked: readonly Issued[]) => middle.crl(revoked, { thisUpdate: baseTime - day / 2, number: 2 })
    for (const crls of [
      [middle.crl([leaf]), newer([])],
      [newer([]), middle.crl([leaf])],
    ]) {
      trusts(leaf, { anchors, crls: [root.crl(), ...crls] })
    }
    for (const crls of [
      [middle.crl(), newer([leaf])],
      [newer([leaf]), middle.crl()],
    ]) {
      refuses(leaf, { anchors, crls: [root.crl(), ...crls] }, 'certificate_revoked', leaf)
    }
  })
})

suite('a list counts only when it may', () => {
  const unknown = (crl: Buffer, detail: RegExp, chain: { at?: number; crlMaxAge?: number } = {}) =>
    refuses(leaf, { anchors, crls: [root.crl(), crl], ...chain }, 'revocation_unknown', leaf, detail)

  test('it has ended, or not begun', () => {
    unknown(middle.crl([], { nextUpdate: noon - 1000 }), /ended/)
    unknown(middle.crl([], { thisUpdate: noon + 1000 }), /begins/)
  })

  test('without an end it holds for a week', () => {
    const endless = (thisUpdate: number) =>
      buildCrl({ ...source(middle), thisUpdate, nextUpdate: undefined } as unknown as CrlSource)
    trusts(leaf, { anchors, crls: [root.crl(), endless(noon - 6 * day)] })
    unknown(endless(noon - 8 * day), /ended/)
  })

  test('it is older than the caller believes', () => {
    trusts(leaf, { anchors, crls: good, crlMaxAge: 7 * day })
    unknown(middle.crl([], { thisUpdate: noon - 3 * day }), /ended/, { crlMaxAge: 2 * day })
  })

  test('somebody else signed it', () => {
    const impostor = testAuthority({ name: 'Middle' })
    unknown(impostor.crl(), /signature/)
    unknown(changed(middle.crl()), /signature/)
    unknown(testAuthority({ name: 'Other' }).crl(), /no revocation list/)
  })

  test('its signature is too weak', () => {
    const key = testKey('rsa-2048')
    const top = testAuthority({ key })
    const weak = top.crl([], { digest: 'insecureSha1' })
    const client = top.issue()
    refuses(client, { anchors: [top], crls: [weak] }, 'revocation_unknown', client, /weak/)
    trusts(client, { anchors: [top], crls: [weak], insecureAlgorithms: ['sha-1'] })
  })

  test('its issuer has no right to sign lists', () => {
    const silent = root.intermediate({ name: 'Silent', keyUsage: ['keyCertSign'] })
    const client = silent.issue()
    refuses(client, { anchors, crls: [root.crl(), silent.crl()] }, 'revocation_unknown', client, /may sign/)
    const free = root.intermediate({ name: 'Free', keyUsage: null })
    trusts(free.issue(), { anchors, crls: [root.crl(), free.crl()] })
  })

  test('an unknown critical extension, of the list or of any entry', () => {
    const odd = rawExtension('1.2.3.4', Buffer.from('0500', 'hex'), true)
    unknown(middle.crl([], { extensions: [odd] }), /1\.2\.3\.4/)
    const entry = { serialNumber: '0099', revokedAt: baseTime - day, extensions: [odd] }
    unknown(middle.crl([entry]), /1\.2\.3\.4/)
    trusts(leaf, { anchors, crls: [root.crl(), middle.crl([], { extensions: [{ ...odd, critical: false }] })] })
  })

  test('a broken one does not hinder a whole one', () => {
    const old = middle.crl([], { nextUpdate: noon - 1000 })
    for (const crls of [
      [old, ...good],
      [...good, old],
    ])
      trusts(leaf, { anchors, crls })
  })
})

suite('scope', () => {
  const asks = (...uris: string[]) => ({ extensions: [crlDistributionPoints(uris)] })
  const list = (scope: Scope, revoked: readonly Issued[] = []) => middle.crl(revoked, { extensions: [idp(scope)] })
  const withPoint = middle.issue(asks('http://crl.example/a', 'http://crl.example/b'))

  test('a list for another distribution point says nothing', () => {
    trusts(withPoint, { anchors, crls: [root.crl(), list({ uri: 'http://crl.example/b' })] })
    trusts(withPoint, { anchors, crls: [root.crl(), middle.crl()] })
    for (const scope of [{ uri: 'http://crl.example/c' }, { uri: 'http://crl.example/A' }]) {
      refuses(withPoint, { anchors, crls: [root.crl(), list(scope)] }, 'revocation_unknown', withPoint)
    }
    refuses(leaf, { anchors, crls: [root.crl(), list({ uri: 'http://crl.example/a' })] }, 'revocation_unknown', leaf)
  })

  test('lists for users only and for authorities only', () => {
    const users = (from: TestAuthority) => from.crl([], { extensions: [idp({ only: 1 })] })
    const authorities = (from: TestAuthority) => from.crl([], { extensions: [idp({ only: 2 })] })
    trusts(leaf, { anchors, crls: [authorities(root), users(middle)] })
    refuses(leaf, { anchors, crls: [authorities(root), authorities(middle)] }, 'revocation_unknown', leaf)
    refuses(leaf, { anchors, crls: [users(root), users(middle)] }, 'revocation_unknown', middle)
    refuses(leaf, { anchors, crls: [root.crl(), list({ only: 5 })] }, 'revocation_unknown', leaf)
  })

  test('lists for some reasons count when together they cover all', () => {
    const some = list({ reasons: [1, 2] })
    const others = list({ reasons: [3, 4, 5, 6, 7, 8] })
    trusts(leaf, { anchors, crls: [root.crl(), some, others] })
    refuses(leaf, { anchors, crls: [root.crl(), some] }, 'revocation_unknown', leaf, /reasons/)
    const revoked = list({ reasons: [3, 4, 5, 6, 7, 8] }, [leaf])
    refuses(leaf, { anchors, crls: [root.crl(), some, revoked] }, 'certificate_revoked', leaf)
  })

  test('a scope that cannot be read is no scope', () => {
    const broken = middle.crl([], { extensions: [rawExtension('2.5.29.28', Buffer.from('3003', 'hex'), true)] })
    refuses(leaf, { anchors, crls: [root.crl(), broken] }, 'revocation_unknown', leaf)
    const both = middle.crl([], { extensions: [idp({ only: [1, 2] })] })
    refuses(leaf, { anchors, crls: [root.crl(), both] }, 'revocation_unknown', leaf)
  })
})

suite('delta lists', () => {
  const base = (revoked: readonly Issued[] = []) => middle.crl(revoked, { number: 5 })
  const delta = (revoked: Parameters<TestAuthority['crl']>[0], from = 5, number = 6) =>
    middle.crl(revoked, { number, extensions: [rawExtension('2.5.29.27', integer(from), true)] })
  const entry = (reason: 'certificateHold' | 'removeFromCRL') => ({
    serialNumber: leaf.serialNumber,
    revokedAt: baseTime - day,
    reason,
  })

  test('adds revocations to a complete list, and takes some back', () => {
    trusts(leaf, { anchors, crls: [root.crl(), base(), delta([])] })
    refuses(leaf, { anchors, crls: [root.crl(), base(), delta([leaf])] }, 'certificate_revoked', leaf)
    trusts(leaf, { anchors, crls: [root.crl(), base([leaf]), delta([entry('removeFromCRL')])] })
  })

  test('is nothing by itself', () => {
    refuses(leaf, { anchors, crls: [root.crl(), delta([])] }, 'revocation_unknown', leaf)
  })

  test('is left aside when it does not fit: too new a base, not newer, another scope, another signer', () => {
    trusts(leaf, { anchors, crls: [root.crl(), base(), delta([leaf], 6, 7)] })
    trusts(leaf, { anchors, crls: [root.crl(), base(), delta([leaf], 4, 5)] })
    const takesBack = (options: Partial<CrlSource>) =>
      middle.crl([entry('removeFromCRL')], {
        number: 6,
        ...options,
        extensions: [rawExtension('2.5.29.27', integer(5), true), ...(options.extensions ?? [])],
      })
    for (const options of [
      { extensions: [idp({ only: 1 })] },
      { nextUpdate: noon - 1000 },
      { signingKey: testKey().privateKey },
    ]) {
      refuses(leaf, { anchors, crls: [root.crl(), base([leaf]), takesBack(options)] }, 'certificate_revoked', leaf)
    }
  })

  test('only a delta list may take back', () => {
    refuses(leaf, { anchors, crls: [root.crl(), middle.crl([entry('removeFromCRL')])] }, 'certificate_revoked', leaf)
  })
})

suite('another key than the one that issued', () => {
  test('a second key of the same authority, certified by the authority itself or by the one above', () => {
    for (const parent of [root, middle]) {
      const signer = parent.intermediate({ name: 'Middle', key: testKey(), keyUsage: ['cRLSign'] })
      const crls = [root.crl(), signer.crl(), middle.crl()].slice(0, parent === root ? 2 : 3)
      trusts(leaf, { anchors, intermediates: [middle, signer], crls })
    }
  })

  test('the certificate of that key is checked like any: revoked, expired, without the right', () => {
    const signerWith = (options: Parameters<TestAuthority['intermediate']>[0]) =>
      root.intermediate({ name: 'Middle', key: testKey(), keyUsage: ['cRLSign'], ...options })
    const revoked = signerWith({})
    const expired = signerWith({ notBefore: baseTime - 9 * day, notAfter: baseTime - day })
    const noRight = signerWith({ keyUsage: ['keyCertSign'] })
    for (const [signer, rootList] of [
      [revoked, root.crl([revoked])],
      [expired, root.crl()],
      [noRight, root.crl()],
    ] as const) {
      refuses(
        leaf,
        { anchors, intermediates: [middle, signer], crls: [rootList, signer.crl()] },
        'revocation_unknown',
        leaf,
      )
    }
  })

  test('another authority below the anchor that takes the name may not', () => {
    const elsewhere = root.intermediate({ name: 'Elsewhere' })
    const impostor = elsewhere.intermediate({ name: 'Middle', keyUsage: ['cRLSign'] })
    const crls = [root.crl(), elsewhere.crl(), impostor.crl()]
    refuses(leaf, { anchors, intermediates: [middle, elsewhere, impostor], crls }, 'revocation_unknown', leaf)
  })

  test('a list cannot vouch for its own signer', () => {
    const signer = middle.intermediate({ name: 'Middle', key: testKey(), keyUsage: ['cRLSign'] })
    refuses(
      leaf,
      { anchors, intermediates: [middle, signer], crls: [root.crl(), signer.crl()] },
      'revocation_unknown',
      leaf,
    )
  })
})

suite('indirect lists', () => {
  const service = root.intermediate({ name: 'Revocation Service', keyUsage: ['cRLSign'] })
  const pointTo = (authority: string) =>
    rawExtension('2.5.29.31', sequence(sequence(der(0xa2, buildGeneralName({ directoryName: authority })))))
  const delegated = middle.issue({ extensions: [pointTo('CN=Revocation Service')] })
  const about = (name: string) => rawExtension('2.5.29.29', sequence(buildGeneralName({ directoryName: name })), true)
  const entry = (certificate: Issued, ...extensions: ReturnType<typeof about>[]) => ({
    serialNumber: certificate.serialNumber,
    revokedAt: baseTime - day,
    extensions,
  })
  const indirect = (...revoked: ReturnType<typeof entry>[]) =>
    service.crl(revoked, { extensions: [idp({ indirect: true })] })
  const chain = (crl: Buffer) => ({ anchors, intermediates: [middle, service], crls: [root.crl(), middle.crl(), crl] })

  test('the issuer that the certificate names speaks for it', () => {
    trusts(delegated, chain(indirect()))
    refuses(delegated, chain(indirect(entry(delegated, about('CN=Middle')))), 'certificate_revoked', delegated)
  })

  test('an entry names its issuer, and those after it too', () => {
    const other = { serialNumber: '55' } as Issued
    refuses(
      delegated,
      chain(indirect(entry(other, about('CN=Middle')), entry(delegated))),
      'certificate_revoked',
      delegated,
    )
    trusts(delegated, chain(indirect(entry(delegated, about('CN=Elsewhere')))))
    trusts(delegated, chain(indirect(entry(delegated))))
  })

  test('the list has to say that it is one, and the certificate has to ask for it', () => {
    refuses(delegated, chain(service.crl()), 'revocation_unknown', delegated)
    refuses(
      leaf,
      { anchors, intermediates: [middle, service], crls: [root.crl(), indirect()] },
      'revocation_unknown',
      leaf,
    )
    const hidden = middle.crl([entry(leaf, about('CN=Elsewhere'))])
    refuses(leaf, { anchors, crls: [root.crl(), hidden] }, 'revocation_unknown', leaf, /indirect/)
  })
})

suite('a pinned leaf', () => {
  test('whose issuer is unknown is not asked for a list', () => {
    const pinned = selfSigned()
    trusts(pinned, { anchors: [pinned], crls: [] })
    trusts(leaf, { anchors: [leaf], intermediates: [], crls: [] })
  })

  test('whose issuer is an anchor as well is held to its lists', () => {
    const pinned = root.issue()
    trusts(pinned, { anchors: [pinned, root], crls: [root.crl()] })
    refuses(pinned, { anchors: [pinned, root], crls: [root.crl([pinned])] }, 'certificate_revoked', pinned)
    refuses(pinned, { anchors: [pinned, root], crls: [] }, 'revocation_unknown', pinned)
  })
})

interface Scope {
  readonly uri?: string
  readonly only?: number | readonly number[]
  readonly reasons?: readonly number[]
  readonly indirect?: true
}

/** issuingDistributionPoint, RFC 5280 section 5.2.5 */
function idp({ uri, only = [], reasons, indirect }: Scope) {
  const flags = [only].flat()
  const flag = (n: number) => der(0x80 | n, Buffer.from([0xff]))
  const bits = reasons === undefined ? [] : [Buffer.from(namedBits(reasons))]
  for (const each of bits) each[0] = 0x83
  const name: GeneralNameSource[] = uri === undefined ? [] : [{ uri }]
  const parts = [
    ...name.map(each => explicit(0, explicit(0, buildGeneralName(each)))),
    ...flags.filter(n => n < 3).map(flag),
    ...bits,
    ...(indirect ? [flag(4)] : []),
    ...flags.filter(n => n > 4).map(flag),
  ]
  return rawExtension('2.5.29.28', sequence(...parts), true)
}

function source(authority: TestAuthority): CrlSource {
  return {
    issuer: authority.certificate.subject,
    signingKey: authority.privateKey,
    thisUpdate: baseTime - day,
    nextUpdate: baseTime + 30 * day,
    revoked: [],
  }
}

function changed(crl: Buffer): Buffer {
  const copy = Buffer.from(crl)
  copy[copy.length - 10]! ^= 1
  return copy
}

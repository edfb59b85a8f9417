import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { limits } from '../../../src/pki/path/budget.ts'
import {
  baseTime,
  day,
  type Issued,
  selfSigned,
  type TestAuthority,
  testAuthority,
  testKey,
} from '../../support/certificates.ts'
import { judge, refuses, stranger, trusts } from './judge.ts'

const root = testAuthority({ name: 'Root' })
const middle = root.intermediate({ name: 'Middle' })
const lower = middle.intermediate({ name: 'Lower' })
const leaf = lower.issue()
const names = (path: readonly { subject: unknown }[]) => path.map(({ subject }) => String(subject))

suite('a path is found', () => {
  test('from leaf to anchor, leaf first', () => {
    const verdict = trusts(leaf, { anchors: [root] })
    assert.deepEqual(names(verdict.path), ['CN=client', 'CN=Lower', 'CN=Middle', 'CN=Root'])
    assert.equal(verdict.anchor.alias, 'anchor 1')
    assert.equal(verdict.pinned, false)
    assert.equal(verdict.validUntil, baseTime + 30 * day)
  })

  test('whatever the order, with duplicates, strangers, the anchor and the leaf itself among the certificates sent', () => {
    trusts(leaf, { anchors: [root], intermediates: [stranger, root, middle, leaf, lower, middle, lower, stranger] })
  })

  test('to an intermediate that is itself an anchor', () => {
    const verdict = trusts(leaf, { anchors: [middle], intermediates: [lower] })
    assert.deepEqual(names(verdict.path), ['CN=client', 'CN=Lower', 'CN=Middle'])
    assert.equal(verdict.pinned, false)
  })

  test('with intermediates that stand in the trust store, and only the leaf sent', () => {
    trusts(leaf, { anchors: [lower, middle, root], intermediates: [] })
  })

  test('between anchors of the same name with different keys', () => {
    const others = ['one', 'two', 'three'].map(slot => testAuthority({ name: 'Root', key: testKey('p-256', slot) }))
    const verdict = trusts(leaf, { anchors: [...others, root] })
    assert.equal(verdict.anchor.alias, 'anchor 4')
  })

  test('by the next issuer, when the first one of that name and key has expired', () => {
    const key = testKey()
    const old = root.intermediate({ name: 'Twin', key, notBefore: baseTime - 10 * day, notAfter: baseTime - day })
    const fresh = root.intermediate({ name: 'Twin', key })
    const client = fresh.issue()
    for (const intermediates of [
      [old, fresh],
      [fresh, old],
    ])
      trusts(client, { anchors: [root], intermediates })
  })

  test('by the next issuer, when the first one leads to an authority that is not trusted', () => {
    const key = testKey()
    const elsewhere = testAuthority({ name: 'Elsewhere' }).intermediate({ name: 'Bridge', key })
    const here = root.intermediate({ name: 'Bridge', key })
    for (const intermediates of [
      [elsewhere, here],
      [here, elsewhere],
    ]) {
      trusts(here.issue(), { anchors: [root], intermediates })
    }
  })

  test('by the next issuer, when name constraints are only found to be broken at the end', () => {
    const key = testKey()
    const narrow = root.intermediate({ name: 'Twin', key, nameConstraints: { permitted: [{ dns: 'other.example' }] } })
    const wide = root.intermediate({ name: 'Twin', key })
    const client = wide.issue({ san: [{ dns: 'a.example' }] })
    for (const intermediates of [
      [narrow, wide],
      [wide, narrow],
    ])
      trusts(client, { anchors: [root], intermediates })
    refuses(client, { anchors: [root], intermediates: [narrow] }, 'constraint_violated', client)
  })

  test('through a new key of the same authority that the old key certified', () => {
    const rolled = root.intermediate({ name: 'Root', key: testKey() })
    trusts(rolled.issue(), { anchors: [root] })
  })
})

suite('issuers are compared by key and exact name', () => {
  test('an issuer of that name with another key did not sign it', () => {
    const impostor = root.intermediate({ name: 'Lower' })
    refuses(leaf, { anchors: [root], intermediates: [impostor] }, 'signature_invalid', leaf, /CN=Lower/)
  })

  test('an anchor of that name with another key did not sign it', () => {
    const client = root.issue()
    refuses(client, { anchors: [testAuthority({ name: 'Root' })] }, 'signature_invalid', client)
  })

  test('relative names in another order are another name', () => {
    const ca = testAuthority({ name: 'O=One,OU=Two' })
    const swapped = testAuthority({ name: 'OU=Two,O=One', key: { privateKey: ca.privateKey, publicKey: ca.publicKey } })
    const client = ca.issue()
    refuses(client, { anchors: [swapped] }, 'issuer_unknown', client)
  })

  test('case, white space and string type are as RFC 5280 section 7.1 has them', () => {
    const key = testKey()
    const printable = testAuthority({ name: [{ type: 'CN', value: 'Example  Root', encoding: 'printable' }], key })
    const utf8 = testAuthority({ name: [{ type: 'CN', value: 'EXAMPLE root', encoding: 'utf8' }], key })
    trusts(printable.issue(), { anchors: [utf8] })
  })

  test('a comma inside a value is not one between values', () => {
    const key = testKey()
    const one = testAuthority({ name: [{ type: 'CN', value: 'a,O=b' }], key })
    const two = testAuthority({
      name: [
        { type: 'O', value: 'b' },
        { type: 'CN', value: 'a' },
      ],
      key,
    })
    const client = one.issue()
    refuses(client, { anchors: [two] }, 'issuer_unknown', client)
  })
})

suite('what is missing is told', () => {
  test('the certificate whose issuer nobody has', () => {
    refuses(leaf, { anchors: [root], intermediates: [] }, 'issuer_unknown', leaf, /CN=Lower/)
    refuses(leaf, { anchors: [root], intermediates: [lower] }, 'issuer_unknown', lower, /CN=Middle/)
    refuses(leaf, { anchors: [stranger] }, 'issuer_unknown', middle, /CN=Root/)
  })

  test('a self-signed stranger', () => {
    refuses(stranger, { anchors: [root] }, 'issuer_unknown', stranger, /self-issued/)
  })

  test('no anchors at all', () => {
    refuses(leaf, { anchors: [] }, 'issuer_unknown', middle)
  })

  test('the most telling of several failures: expired before unknown', () => {
    const key = testKey()
    const old = root.intermediate({ name: 'Twin', key, notBefore: baseTime - 10 * day, notAfter: baseTime - day })
    const elsewhere = testAuthority({ name: 'Elsewhere' }).intermediate({ name: 'Twin', key })
    const impostor = root.intermediate({ name: 'Twin' })
    const client = old.issue()
    for (const intermediates of [
      [old, elsewhere, impostor],
      [impostor, elsewhere, old],
    ]) {
      refuses(client, { anchors: [root], intermediates }, 'certificate_expired', old)
    }
  })

  test("the leaf's own fault before that of any path", () => {
    const expired = lower.issue({ notBefore: baseTime - 9 * day, notAfter: baseTime - day })
    refuses(expired, { anchors: [stranger] }, 'certificate_expired', expired)
  })
})

suite('depth', () => {
  const chainOf = (length: number) => {
    let authority: TestAuthority = root
    for (let i = 0; i < length; i++) authority = authority.intermediate({ name: `Level ${i}` })
    return authority
  }

  test('eight intermediates are allowed, nine are too many', () => {
    const eight = chainOf(8)
    trusts(eight.issue(), { anchors: [root] })
    const verdict = judge(eight.intermediate({ name: 'Level 8' }).issue(), { anchors: [root] })
    assert.equal(verdict.ok ? '' : verdict.code, 'path_too_long')
  })

  test('the limit can be set, and self-issued certificates do not count', () => {
    refuses(leaf, { anchors: [root], maxDepth: 1 }, 'path_too_long', middle)
    trusts(leaf, { anchors: [root], maxDepth: 2 })
    const rolled = middle.intermediate({ name: 'Middle', key: testKey() })
    trusts(rolled.issue(), { anchors: [root], maxDepth: 1 })
  })
})

suite('path length constraints', () => {
  const short = root.intermediate({ name: 'Short', pathLength: 0 })

  test('pathLength 0 allows end entities, and no authority', () => {
    trusts(short.issue(), { anchors: [root] })
    refuses(short.intermediate({ name: 'Below' }).issue(), { anchors: [root] }, 'path_too_long', short)
  })

  test('an anchor is held to its own', () => {
    const tight = testAuthority({ name: 'Tight', pathLength: 0 })
    trusts(tight.issue(), { anchors: [tight] })
    refuses(tight.intermediate().issue(), { anchors: [tight] }, 'path_too_long', tight)
  })

  test('self-issued certificates do not count', () => {
    trusts(short.intermediate({ name: 'Short', key: testKey() }).issue(), { anchors: [root] })
  })

  test('pathLength 1 twice allows no third authority', () => {
    const one = root.intermediate({ name: 'One', pathLength: 1 })
    const two = one.intermediate({ name: 'Two', pathLength: 1 })
    trusts(two.issue(), { anchors: [root] })
    refuses(two.intermediate({ name: 'Three' }).issue(), { anchors: [root] }, 'path_too_long', one)
  })
})

suite('the work is bounded', () => {
  /** Two authorities that certify each other, and end nowhere. */
  const ring = (size: number): Issued[] => {
    const keys = Array.from({ length: size }, () => testKey())
    return keys.map((key, i) => {
      const issuer = testAuthority({ name: `Ring ${(i + 1) % size}`, key: keys[(i + 1) % size]! })
      return issuer.intermediate({ name: `Ring ${i}`, key })
    })
  }

  test('a circle ends', () => {
    const certificates = ring(3)
    const client = testAuthority({ name: 'Ring 0', key: certificates[0]! }).issue()
    const verdict = judge(client, { anchors: [root], intermediates: certificates })
    assert.equal(verdict.ok ? '' : verdict.code, 'issuer_unknown')
  })

  test('a circle with a way out is left by it', () => {
    const certificates = ring(3)
    const out = root.intermediate({ name: 'Ring 2', key: certificates[2]! })
    const client = testAuthority({ name: 'Ring 0', key: certificates[0]! }).issue()
    trusts(client, { anchors: [root], intermediates: [...certificates, out] })
  })

  test('certificates that somebody made up cost one signature each, and no more than a hundred', () => {
    const fake = testAuthority({ name: 'Root' })
    const made = Array.from({ length: limits.signatures + 20 }, () =>
      fake.intermediate({ name: 'Fake', key: testKey() }),
    )
    const client = made[0]!.issue()
    const start = performance.now()
    const verdict = judge(client, { anchors: [root], intermediates: made })
    assert.ok(!verdict.ok)
    assert.equal(verdict.code, 'path_too_long')
    assert.match(verdict.detail, /100 signatures/)
    assert.ok(performance.now() - start < 5000)
  })

  test('a crowd of real authorities in every combination stops after the steps that it may take', () => {
    // each of 7 keys certified under each of 7 names by each other: every order of them is a path, and all end in a purpose not allowed
    const size = 7
    const keys = Array.from({ length: size }, () => testKey())
    const top = testAuthority({ name: 'Top', extKeyUsage: ['serverAuth'] })
    const crowd = keys.flatMap((key, i) => [
      top.intermediate({ name: `Crowd ${i}`, key }),
      ...keys.flatMap((other, j) =>
        i === j ? [] : [testAuthority({ name: `Crowd ${j}`, key: other }).intermediate({ name: `Crowd ${i}`, key })],
      ),
    ])
    const client = testAuthority({ name: 'Crowd 0', key: keys[0]! }).issue()
    const start = performance.now()
    const verdict = judge(client, { anchors: [top], intermediates: crowd, maxDepth: 100 })
    assert.ok(!verdict.ok)
    assert.match(verdict.code, /^(purpose_not_allowed|path_too_long)$/)
    assert.ok(performance.now() - start < 5000)
  })
})

suite('a certificate that is itself an entry of the trust store', () => {
  test('is trusted by its bytes, self-signed or not, and is called pinned', () => {
    for (const entry of [selfSigned(), leaf]) {
      const verdict = trusts(entry, { anchors: [root, entry], intermediates: [] })
      assert.equal(verdict.pinned, true)
      assert.equal(verdict.anchor.alias, 'anchor 2')
      assert.deepEqual(verdict.path.length, 1)
    }
  })

  test('is another one when it was issued again for the same name and key', () => {
    const key = testKey()
    const again = selfSigned({ key })
    const verdict = judge(again, { anchors: [selfSigned({ key })] })
    assert.equal(verdict.ok, false)
  })

  test('still needs valid dates, a usable purpose, a strong key, and no unknown critical extension', () => {
    const entry = (options: Parameters<typeof selfSigned>[0]) => selfSigned(options)
    const expired = entry({ notBefore: baseTime - 9 * day, notAfter: baseTime - day })
    refuses(expired, { anchors: [expired] }, 'certificate_expired', expired)
    const future = entry({ notBefore: baseTime + 5 * day })
    refuses(future, { anchors: [future] }, 'certificate_not_yet_valid', future)
    const server = entry({ extKeyUsage: ['serverAuth'] })
    refuses(server, { anchors: [server] }, 'purpose_not_allowed', server)
    const encipher = entry({ keyUsage: ['keyEncipherment'] })
    refuses(encipher, { anchors: [encipher] }, 'purpose_not_allowed', encipher)
    const short = entry({ keyType: 'rsa-1024' })
    refuses(short, { anchors: [short] }, 'key_too_weak', short)
    const odd = entry({ extensions: [{ oid: '1.2.3.4', critical: true, value: Buffer.from('0500', 'hex') }] })
    refuses(odd, { anchors: [odd] }, 'certificate_malformed', odd, /1\.2\.3\.4/)
  })

  test('issues nothing: neither what its key signed, nor itself renewed', () => {
    const key = testKey()
    const entry = selfSigned({ subject: 'CN=alice', key, keyUsage: null })
    const below = testAuthority({ name: 'alice', key }).issue({ subject: 'CN=mallory' })
    refuses(below, { anchors: [entry], intermediates: [] }, 'constraint_violated', entry, /no authority/)
  })

  test('is no pinned leaf when it is an authority', () => {
    const authority = testAuthority({ keyUsage: ['keyCertSign', 'digitalSignature'] })
    const verdict = trusts(authority, { anchors: [authority] })
    assert.equal(verdict.pinned, false)
    assert.equal(verdict.path.length, 1)
  })

  test('counts once where several aliases hold it', () => {
    assert.equal(trusts(leaf, { anchors: [root, leaf, leaf] }).anchor.alias, 'anchor 2')
  })
})

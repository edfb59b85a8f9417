import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { fixedClock } from '../../../src/clock.ts'
import { createTrust } from '../../../src/identity/trust/create-trust.ts'
import { createEpoch } from '../../../src/identity/trust/epoch.ts'
import type { TrustMaterial } from '../../../src/identity/trust/material.ts'
import type { Judgement, PresentedChain } from '../../../src/identity/trust/trust.ts'
import { silentLog } from '../../../src/log.ts'
import { parseCrl } from '../../../src/pki/x509/crl.ts'
import { baseTime, day, type Issued, selfSigned, testAuthority, testKey } from '../../support/certificates.ts'

const root = testAuthority({ name: 'Root' })
const other = testAuthority({ name: 'Other' })
const sub = root.intermediate({ name: 'Sub' })
const leaf = sub.issue({ subject: 'CN=alice' })

const material = (...entries: readonly Issued[]): TrustMaterial => ({
  anchors: entries.map((one, i) => ({ alias: `a${i}`, certificate: one.certificate })),
  policy: { purpose: 'client' },
})

function setUp(initial: TrustMaterial = material(root), capacity?: number) {
  const epoch = createEpoch()
  const clock = fixedClock(baseTime)
  const trust = createTrust({ material: initial, epoch, clock, log: silentLog, ...(capacity ? { capacity } : {}) })
  return { epoch, clock, trust }
}

/** A chain that counts how often the rest of it was asked for. */
function presented(chain: readonly Uint8Array[]): PresentedChain & { asked: number } {
  const [first, ...rest] = chain
  return {
    leaf: Buffer.from(first!),
    asked: 0,
    rest() {
      this.asked += 1
      return rest
    },
  }
}
const resumed = (one: Issued): PresentedChain => ({ leaf: Buffer.from(one.der), rest: () => undefined })
const say = ({ verdict }: Judgement) => (verdict.ok ? 'trusted' : verdict.code)

test('a chain that leads to an anchor is trusted, one that does not is refused', () => {
  const { trust } = setUp()
  const judgement = trust.judge(presented(leaf.chain))
  assert.ok(judgement.verdict.ok)
  assert.deepEqual(
    judgement.verdict.path.map(certificate => certificate.thumbprint),
    [leaf.thumbprint, sub.thumbprint, root.thumbprint],
  )
  assert.equal(judgement.certificate?.thumbprint, leaf.thumbprint)
  assert.equal(judgement.validUntil, leaf.certificate.notAfter)
  assert.equal(say(trust.judge(presented(other.issue().chain))), 'issuer_unknown')
  assert.equal(say(trust.judge(presented([leaf.der]))), 'trusted', 'once found, the way is known')
})

test('intermediates of the trust store help, and vouch for nobody by themselves', () => {
  const { trust } = setUp({ ...material(root), intermediates: [sub.certificate] })
  assert.equal(say(trust.judge(presented([leaf.der]))), 'trusted')
  const alone = setUp({ ...material(other), intermediates: [sub.certificate] })
  assert.equal(say(alone.trust.judge(presented([leaf.der]))), 'issuer_unknown')
})

test('a certificate of the trust store itself is trusted by its bytes, and no other with its name', () => {
  const pinned = selfSigned({ subject: 'CN=laptop' })
  const { trust } = setUp(material(pinned))
  const { verdict } = trust.judge(presented([pinned.der]))
  assert.ok(verdict.ok && verdict.pinned)
  const twin = selfSigned({ subject: 'CN=laptop', serialNumber: Buffer.from(pinned.serialNumber, 'hex') })
  assert.notEqual(say(trust.judge(presented([twin.der]))), 'trusted')
})

test('a known client costs no second reading of its chain, and the same judgement comes back', () => {
  const { trust } = setUp()
  const first = presented(leaf.chain)
  const judgement = trust.judge(first)
  const again = presented(leaf.chain)
  assert.equal(trust.judge(again), judgement)
  assert.deepEqual([first.asked, again.asked], [1, 0])
})

test('a refusal is remembered for what was presented, and not for the leaf alone', () => {
  const { trust } = setUp()
  const refused = trust.judge(presented([leaf.der]))
  assert.equal(say(refused), 'issuer_unknown')
  assert.equal(trust.judge(presented([leaf.der])), refused)
  assert.equal(say(trust.judge(presented(leaf.chain))), 'trusted')
})

test('a verdict runs out with the first certificate of the path', () => {
  const { trust, clock } = setUp()
  const brief = sub.issue({ notAfter: baseTime + day })
  const judgement = trust.judge(presented(brief.chain))
  clock.set(baseTime + day - 1)
  assert.ok(trust.holds(judgement))
  assert.equal(trust.judge(presented(brief.chain)), judgement)
  clock.set(baseTime + day + 1)
  assert.equal(trust.holds(judgement), false)
  assert.equal(say(trust.judge(presented(brief.chain))), 'certificate_expired')
})

test('a certificate of tomorrow is let in tomorrow, to the second', () => {
  const { trust, clock } = setUp()
  const early = sub.issue({ notBefore: baseTime + 30_000 })
  const judgement = trust.judge(presented(early.chain))
  assert.equal(say(judgement), 'certificate_not_yet_valid')
  assert.equal(judgement.validUntil, baseTime + 30_000)
  clock.set(baseTime + 30_000)
  assert.equal(say(trust.judge(presented(early.chain))), 'trusted')
})

test('new trust material voids what was judged, in both directions', () => {
  const { trust, epoch } = setUp()
  const causes: string[] = []
  const unsubscribe = trust.onEpoch(({ cause, epoch: at }) => {
    causes.push(cause)
    assert.equal(at, trust.epoch)
  })
  const foreign = other.issue()
  const before = [trust.judge(presented(leaf.chain)), trust.judge(presented(foreign.chain))]
  trust.replace(material(other))
  for (const judgement of before) assert.equal(trust.holds(judgement), false)
  assert.equal(say(trust.judge(presented(leaf.chain))), 'issuer_unknown')
  assert.equal(say(trust.judge(presented(foreign.chain))), 'trusted')
  trust.replace({ ...material(other), policy: { purpose: 'server' } })
  assert.equal(say(trust.judge(presented(foreign.chain))), 'purpose_not_allowed')
  trust.replace({ ...material(other), crls: [parseCrl(other.crl([foreign]))] })
  assert.equal(say(trust.judge(presented(foreign.chain))), 'certificate_revoked')
  const { value } = epoch
  trust.replace({ ...material(other), crls: [parseCrl(trust.material.crls![0]!.raw)] })
  assert.equal(epoch.value, value, 'the same material is no change')
  assert.deepEqual(causes, ['anchors', 'policy', 'revocation'])
  unsubscribe()
  trust.replace(material(root))
  assert.equal(causes.length, 3)
})

test('a change of something else gives a new judgement with the old verdict, and no new validation', () => {
  const { trust, epoch } = setUp()
  const known = trust.judge(presented(leaf.chain))
  const refused = trust.judge(presented([other.issue().der]))
  epoch.raise('users')
  assert.equal(trust.holds(known), false)
  const renewed = trust.judge(resumed(leaf))
  assert.notEqual(renewed, known)
  assert.equal(renewed.verdict, known.verdict)
  assert.equal(renewed.epoch, epoch.value)
  assert.equal(trust.judge(presented(leaf.chain)), renewed)
  assert.equal(trust.judge({ leaf: refused.certificate!.raw, rest: () => [] }).verdict, refused.verdict)
})

suite('whoever keeps what was said of a client before', () => {
  const clients = Array.from({ length: 8 }, (_, i) => sub.issue({ subject: `CN=client ${i}` }))
  /** More clients than are known at a time, each of whom keeps their own judgement. */
  function crowd() {
    const set = setUp(material(root), 2)
    const chains = clients.map(client => presented(client.chain))
    let kept = chains.map(chain => set.trust.judge(chain))
    const again = () => {
      for (const chain of chains) chain.asked = 0
      kept = chains.map((chain, i) => set.trust.judge(chain, kept[i]))
      return kept
    }
    return { ...set, chains, again, asked: () => chains.map(({ asked }) => asked) }
  }

  test('has their chain read no more, whatever moved, and never outlives what moved', () => {
    const { epoch, trust, again, asked } = crowd()
    const path = again()[0]!.certificate
    epoch.raise('users')
    assert.deepEqual(again().map(say), Array(8).fill('trusted'))
    trust.replace(material(root, other))
    assert.deepEqual(again().map(say), Array(8).fill('trusted'))
    assert.deepEqual(asked(), Array(8).fill(0))
    assert.equal(again()[0]!.certificate, path, 'the certificate that was read before, and its checked signature')
    trust.replace(material(other))
    assert.deepEqual(again().map(say), Array(8).fill('issuer_unknown'))
    assert.deepEqual(asked(), Array(8).fill(1), 'all that was presented is looked at before a client is refused')
  })

  test('is judged by the rules of now: the policy, the clock and what was taken back', () => {
    const { trust, clock, again } = crowd()
    trust.replace({ ...material(root), policy: { purpose: 'client', maxDepth: 0 } })
    assert.deepEqual(again().map(say), Array(8).fill('path_too_long'))
    trust.replace(material(root))
    assert.deepEqual(again().map(say), Array(8).fill('trusted'))
    trust.replace({ ...material(root), crls: [parseCrl(root.crl()), parseCrl(sub.crl([clients[3]!]))] })
    assert.deepEqual(
      again().map(say),
      clients.map((_, i) => (i === 3 ? 'certificate_revoked' : 'trusted')),
    )
    clock.set(leaf.certificate.notAfter + 1)
    assert.ok(again().every(judgement => say(judgement) !== 'trusted'))
  })

  test('finds another way to an anchor, when the one before is gone', () => {
    const key = testKey()
    const one = root.intermediate({ name: 'Bridge', key })
    const client = one.issue()
    const cross = other.intermediate({ name: 'Bridge', key })
    const { trust } = setUp(material(root, other), 2)
    const chain = presented([client.der, one.der, cross.der])
    const before = trust.judge(chain)
    for (const anchors of [material(root), material(other)]) {
      trust.replace(anchors)
      const { verdict } = trust.judge(chain, before)
      assert.ok(verdict.ok)
      assert.equal(verdict.anchor.certificate.thumbprint, anchors.anchors[0]!.certificate.thumbprint)
    }
  })

  test('gets nothing for what another trust said, or said of another certificate', () => {
    const { trust } = setUp(material(other))
    const foreign = setUp(material(root)).trust.judge(presented(leaf.chain))
    assert.equal(say(trust.judge(presented(leaf.chain), foreign)), 'issuer_unknown')
    const friend = other.issue({ subject: 'CN=friend' })
    const good = trust.judge(presented(friend.chain))
    assert.equal(say(good), 'trusted')
    assert.equal(say(trust.judge(presented(leaf.chain), good)), 'issuer_unknown')
    assert.equal(say(trust.judge(resumed(leaf), { ...good, certificate: leaf.certificate })), 'issuer_unknown')
  })
})

test('a resumed connection is judged anew by the way that was seen before, or refused, never believed', () => {
  const { trust } = setUp()
  const refused = trust.judge(resumed(leaf))
  assert.equal(say(refused), 'issuer_unknown')
  assert.ok(!refused.verdict.ok && /resumed/.test(refused.verdict.detail))
  // the refusal of what was not known does not stand in the way of the whole chain
  assert.equal(say(trust.judge(presented(leaf.chain))), 'trusted')
  assert.equal(say(trust.judge(resumed(leaf))), 'trusted')
  // after an epoch in which nothing is known any more, the way is, and is walked again
  trust.replace(material(root, other))
  assert.equal(say(trust.judge(resumed(leaf))), 'trusted')
  trust.replace(material(other))
  assert.equal(say(trust.judge(resumed(leaf))), 'issuer_unknown')
  trust.replace({ ...material(root), crls: [parseCrl(root.crl([sub])), parseCrl(sub.crl())] })
  assert.equal(say(trust.judge(resumed(leaf))), 'certificate_revoked')
  // straight below the anchor nothing has to be remembered
  assert.equal(say(setUp().trust.judge(resumed(root.issue()))), 'trusted')
})

test('what one listener knows of a client says nothing at another', () => {
  const epoch = createEpoch()
  const clock = fixedClock(baseTime)
  const here = createTrust({ material: material(root), epoch, clock, log: silentLog })
  const there = createTrust({ material: material(other), epoch, clock, log: silentLog })
  assert.equal(say(here.judge(presented(leaf.chain))), 'trusted')
  assert.equal(say(there.judge(resumed(leaf))), 'issuer_unknown')
  assert.equal(say(there.judge(presented(leaf.chain))), 'issuer_unknown')
})

test('bytes that are no certificate are refused as malformed, in any place of the chain', () => {
  const { trust } = setUp()
  for (const bytes of [
    Buffer.alloc(0),
    Buffer.from('30', 'hex'),
    Buffer.from('not a certificate'),
    leaf.der.subarray(0, -1),
    Buffer.concat([leaf.der, Buffer.from([0])]),
    Buffer.alloc(20_000, 0x30),
  ]) {
    const judgement = trust.judge(presented([bytes]))
    assert.equal(say(judgement), 'certificate_malformed')
    assert.equal(judgement.certificate, undefined)
    assert.equal(say(trust.judge(resumedBytes(bytes))), 'certificate_malformed')
    // a stranger among the others does not matter, unless the link that is missing may be that one
    assert.equal(say(setUp().trust.judge(presented([leaf.der, bytes, sub.der]))), 'trusted')
    assert.equal(say(setUp().trust.judge(presented([leaf.der, bytes]))), 'certificate_malformed')
  }
})
const resumedBytes = (leafBytes: Uint8Array): PresentedChain => ({ leaf: leafBytes, rest: () => undefined })

test('a chain of too many certificates is not looked through', () => {
  const { trust } = setUp()
  const crowd = Array.from({ length: 40 }, () => sub.der)
  assert.equal(say(trust.judge(presented([leaf.der, ...crowd]))), 'path_too_long')
})

test('no bytes can be made to look like those of another certificate that is known', () => {
  const big = sub.issue({ san: Array.from({ length: 700 }, (_, i) => ({ dns: `host-${i}.example` })) })
  assert.ok(big.der.length > 8192)
  const { trust } = setUp()
  assert.equal(say(trust.judge(presented(big.chain))), 'trusted')
  for (const text of [big.thumbprint, `\u0100${big.thumbprint}`, `#${big.thumbprint}`])
    for (const encoding of ['latin1', 'utf8', 'utf16le', 'hex'] as const)
      assert.equal(say(trust.judge(resumedBytes(Buffer.from(text, encoding)))), 'certificate_malformed')
  const changed = Buffer.from(big.der)
  changed[5000]! ^= 1
  assert.notEqual(say(trust.judge(resumedBytes(changed))), 'trusted')
})

test('a flood of strangers neither fills the memory nor pushes out those who are known', () => {
  const { trust } = setUp(undefined, 20)
  const known = trust.judge(presented(leaf.chain))
  const stranger = other.issue()
  for (let i = 0; i < 200; i++) {
    const bytes = Buffer.from(stranger.der)
    bytes.writeUInt16BE(i, bytes.length - 2)
    assert.notEqual(say(trust.judge(presented([bytes]))), 'trusted')
  }
  assert.equal(trust.judge(presented(leaf.chain)), known)
})

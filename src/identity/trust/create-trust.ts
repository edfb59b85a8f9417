import { createHash, hash } from 'node:crypto'
import type { Clock } from '../../clock.ts'
import { isCoded } from '../../errors.ts'
import type { Log } from '../../log.ts'
import type { AnchorIndex } from '../../pki/path/anchors.ts'
import { indexCrls } from '../../pki/path/crl-set.ts'
import { checkPathAgain, validatePath } from '../../pki/path/validate.ts'
import type { Trusted, Untrusted, Verdict } from '../../pki/path/verdict.ts'
import { type Certificate, parseCertificate } from '../../pki/x509/certificate.ts'
import { type RefusalCode, refuse } from '../../refusals.ts'
import { BoundedCache } from './bounded-cache.ts'
import type { Epoch } from './epoch.ts'
import { changedPart, type TrustMaterial } from './material.ts'
import { publishedKey } from './published-keys.ts'
import type { Inquiry, Revocation } from './revocation.ts'
import { anchorIndexOf, indexByTenant, pathsInTenants, type TrustedInTenants } from './tenant-paths.ts'
import type { Judgement, PresentedChain, Trust } from './trust.ts'

export interface TrustSource {
  readonly material: TrustMaterial
  /** one for the whole server */
  readonly epoch: Epoch
  readonly clock: Clock
  readonly log: Log
  /** undefined: nobody is asked whether certificates were taken back, beyond the lists of the material */
  readonly revocation?: Revocation | undefined
  /** how many clients are known at a time, at about 8 KB each; default 10,000 */
  readonly capacity?: number
}

export interface ReplaceableTrust extends Trust {
  readonly material: TrustMaterial
  /** Takes new trust material. Every verdict made from the old one is void; without a difference nothing happens. */
  replace(material: TrustMaterial): void
}

/** A refusal may be worth another look after this time, though the epoch stood still: a clock was set, a first day has come. */
const refusalHoldsMs = 60_000
/** More certificates than any sane chain has; OpenSSL's own limit is 100 KB of them. */
const maxPresented = 32
/** V8 hashes strings up to 16383 characters in full, and longer ones by their length alone. */
const maxKeyLength = 8192

/**
 * The trust of one listener. Each has its own, with its own memory: what is known of a client at one listener says nothing at
 * another, so that a TLS session taken from one to the other meets the other's trust store.
 */
export function createTrust(source: TrustSource): ReplaceableTrust {
  const { epoch, clock, log, revocation, capacity = 10_000 } = source
  let material = source.material
  let prepared = prepare(material)
  /** how often the material was replaced */
  let replacements = 0
  /** marks our own judgements: those of another listener say nothing here */
  const own = Symbol('trust')
  // Trusted leaves by their bytes: whatever else comes along, the path was found once and cannot be argued away.
  const trusted = new BoundedCache<Kept>(capacity)
  // Refusals by everything that was presented: another chain for the same leaf may well do.
  const refused = new BoundedCache<Kept>(Math.ceil(capacity / 10))
  // Issuers that stood on a trusted path, so that a thousand clients of one authority share one parsed certificate and its key.
  const issuers = new BoundedCache<Certificate>(1000)
  // The way from a leaf to its anchor. Outlives the epoch: a resumed connection brings back nothing but the leaf.
  const ways = new BoundedCache<readonly Certificate[]>(capacity)

  function judge(chain: PresentedChain, before?: Judgement): Judgement {
    const now = clock.now()
    const mine = ownOf(before, chain.leaf)
    const key = mine?.replacements === replacements ? mine.key : trustedKey(chain)
    const known = trusted.get(key) ?? mine
    if (known?.replacements === replacements && now < known.validUntil) {
      return known.epoch === epoch.value ? known : renew(known, now)
    }
    return (known && examineAgain(known, key, now)) ?? examineAll(chain, key, known?.certificate, now)
  }

  /** Where anchors are for tenants, the intermediates that came along have a say in which tenants a certificate counts. */
  function trustedKey(chain: PresentedChain): string {
    const rest = prepared.byTenant === undefined ? undefined : chain.rest()
    return rest === undefined ? keyOf(chain.leaf) : keyOfChain(chain.leaf, rest)
  }

  /** What somebody kept for us, when it is ours, about that very certificate, good, and not still being found out. */
  function ownOf(before: Judgement | undefined, leaf: Uint8Array): Kept | undefined {
    if (before?.verdict.ok !== true || (before as Partial<Kept>).by !== own) return undefined
    if (before.pending !== undefined) return undefined
    return before.verdict.path[0]?.raw.equals(leaf) === true ? (before as Kept) : undefined
  }

  /**
   * Over the intermediates of the path that was found before: what is known of these certificates, above all whose signatures are right,
   * need not be found out again. undefined: they lead to no anchor now, and all that was presented has to be looked at.
   */
  function examineAgain({ certificate, verdict }: Kept, key: string, now: number): Judgement | undefined {
    if (prepared.byTenant !== undefined) return undefined
    const inquiry = revocation?.inquire()
    const way = (verdict as Trusted).path.slice(1, -1)
    const again = lockOf([certificate!]) ?? validate(certificate!, way, now, inquiry)
    if (!again.ok) return undefined
    return remember(undefined, conclude(certificate, key, lockOf(again.path) ?? again, inquiry, now))
  }

  function examineAll(chain: PresentedChain, key: string, known: Certificate | undefined, now: number): Judgement {
    const rest = chain.rest()
    const chainKey = rest === undefined ? undefined : keyOfChain(chain.leaf, rest)
    const before = chainKey === undefined ? undefined : current(refused.get(chainKey), now)
    // what was refused because of revocation may be good by now
    if (before !== undefined && before.generation === generation()) {
      if (before.epoch === epoch.value) return before
      const renewed = { ...before, epoch: epoch.value }
      refused.set(chainKey!, renewed)
      return renewed
    }
    return remember(chainKey, examine(chain.leaf, key, rest, known, now))
  }

  /**
   * What changed since was not the trust material, so the path stands in the new epoch too. Where it may have been revocation, that is
   * looked up anew for the same path.
   */
  function renew(known: Kept, now: number): Judgement {
    const { key } = known
    let renewed: Kept = { ...known, epoch: epoch.value }
    if (known.generation !== generation()) {
      const inquiry = revocation?.inquire()
      const verdict = inquiry === undefined ? known.verdict : revocationAgain(known.verdict as Trusted, inquiry, now)
      renewed = conclude(known.certificate, key, verdict, inquiry, now)
    }
    if (renewed.verdict.ok && renewed.pending === undefined) trusted.set(key, renewed)
    else trusted.delete(key)
    return renewed
  }

  function revocationAgain(verdict: TrustedInTenants, inquiry: Inquiry, now: number): Verdict {
    const { path, anchor } = verdict
    const locked = lockOf(path)
    if (locked !== undefined) return locked
    if (inquiry.idle) return verdict
    const { anchors, intermediates, policy } = prepared
    const certificates = anchor.certificate === path.at(-1) ? path : [...path, anchor.certificate]
    const input = { anchors, intermediates: [...path.slice(1), ...intermediates] }
    // A pinned leaf may have an issuer here that can revoke it: the path to that one has to be found again. So have those of all tenants.
    if (path.length === 1 || verdict.tenantPaths !== undefined) return validate(path[0]!, wayOf(verdict), now, inquiry)
    const answer = checkPathAgain({ certificates, anchor }, input, { ...policy, at: now }, inquiry.check)
    if (!answer.ok) return answer
    const validUntil = Math.min(answer.validUntil, ...path.map(({ notAfter }) => notAfter))
    return { ...verdict, validUntil }
  }

  function lockOf(certificates: readonly Certificate[]): Untrusted | undefined {
    const [leaf] = certificates
    if (revocation === undefined || leaf === undefined || !revocation.locked(certificates)) return undefined
    const own = revocation.locked([leaf])
    return untrusted(
      'certificate_locked',
      `${own ? 'The certificate' : 'An authority above the certificate'} is locked here.`,
      leaf,
    )
  }

  function generation(): number {
    return revocation?.generation ?? 0
  }

  function remember(chainKey: string | undefined, judgement: Kept): Judgement {
    const { verdict } = judgement
    if (judgement.pending !== undefined) return judgement
    if (verdict.ok) {
      const leafKey = keyOf(verdict.path[0]!.raw)
      const before = prepared.byTenant === undefined ? [] : (ways.get(leafKey) ?? [])
      const way = [...new Set([...wayOf(verdict), ...before])].slice(0, maxPresented)
      for (const issuer of way) issuers.set(keyOf(issuer.raw), issuer)
      if (way.length > 0) ways.set(leafKey, way)
      trusted.set(judgement.key, judgement)
    } else if (chainKey !== undefined && (judgement.certificate?.raw.length ?? 0) <= maxKeyLength) {
      refused.set(chainKey, judgement)
    }
    return judgement
  }

  function examine(
    leaf: Uint8Array,
    key: string,
    rest: readonly Uint8Array[] | undefined,
    known: Certificate | undefined,
    now: number,
  ): Kept {
    let certificate = known
    let verdict: Verdict
    const inquiry = revocation?.inquire()
    try {
      certificate ??= parseCertificate(leaf)
      verdict =
        lockOf([certificate]) ??
        (rest === undefined
          ? resumed(certificate, ways.get(keyOf(leaf)), now, inquiry)
          : presented(certificate, rest, now, inquiry))
      if (verdict.ok) verdict = lockOf(verdict.path) ?? verdict
    } catch (error) {
      verdict = malformed(error, certificate)
    }
    return conclude(certificate, key, verdict, inquiry, now)
  }

  function conclude(
    certificate: Certificate | undefined,
    key: string,
    verdict: Verdict,
    inquiry: Inquiry | undefined,
    now: number,
  ): Kept {
    // What was missing on one path does not matter where another one settled it, or where the refusal has nothing to do with it.
    const open = verdict.ok || verdict.code === 'revocation_unknown'
    const pending = open ? inquiry?.learn() : undefined
    const validUntil = verdict.ok
      ? verdict.validUntil
      : Math.max(now, Math.min(lookAgain(verdict, now), inquiry?.retryAt ?? Number.POSITIVE_INFINITY))
    const at = { epoch: epoch.value, generation: generation(), replacements }
    const judgement = { certificate, verdict, ...at, validUntil, by: own, key }
    return pending === undefined ? judgement : { ...judgement, pending }
  }

  function presented(
    leaf: Certificate,
    rest: readonly Uint8Array[],
    now: number,
    inquiry: Inquiry | undefined,
  ): Verdict {
    if (rest.length > maxPresented)
      return untrusted('path_too_long', `More than ${maxPresented} certificates came besides it.`, leaf)
    const { certificates, broken } = parseAll(rest)
    const verdict = validate(leaf, certificates, now, inquiry)
    // The link that is missing may be the one that could not be read: then that is the thing to tell.
    if (!verdict.ok && verdict.code === 'issuer_unknown' && broken !== undefined) return malformed(broken, undefined)
    return verdict
  }

  /** Only the leaf came back. What was seen before may help to build the path anew; nothing is taken from the old verdict. */
  function resumed(
    leaf: Certificate,
    way: readonly Certificate[] | undefined,
    now: number,
    inquiry: Inquiry | undefined,
  ): Verdict {
    const verdict = validate(leaf, way ?? [], now, inquiry)
    if (verdict.ok || verdict.code !== 'issuer_unknown') return verdict
    // What is told of the issuer stays true; whether it came along is not known.
    const detail = `${verdict.detail} No intermediate certificates came with it: a resumed TLS session brings back none, and not every proxy hands them on.`
    return { ...verdict, detail }
  }

  function validate(
    leaf: Certificate,
    presentedToo: readonly Certificate[],
    now: number,
    inquiry: Inquiry | undefined,
  ): Verdict {
    const { anchors, byTenant, intermediates, crls, policy, publishedKeys } = prepared
    // First, and not "issuer unknown": whoever imported it has to learn why that does not help.
    const published = publishedKeys === 'allow' ? undefined : onPublishedKey([leaf])
    if (published !== undefined) return published
    const revocation = crls === undefined ? inquiry && { revocation: inquiry.check } : { crls }
    const input = { leaf, intermediates: [...presentedToo, ...intermediates], ...revocation }
    const validateTo = (some: AnchorIndex): Verdict => {
      const verdict = validatePath({ ...input, anchors: some }, { ...policy, at: now })
      return (verdict.ok && publishedKeys !== 'allow' ? onPublishedKey(verdict.path) : undefined) ?? verdict
    }
    const found = validateTo(anchors)
    if (!found.ok || byTenant === undefined) return found
    return pathsInTenants(found, input.intermediates, byTenant, some => {
      const verdict = validateTo(some)
      return verdict.ok ? (lockOf(verdict.path) ?? verdict) : verdict
    })
  }

  function parseAll(ders: readonly Uint8Array[]): { certificates: Certificate[]; broken: unknown } {
    const certificates: Certificate[] = []
    let broken: unknown
    for (const der of ders) {
      try {
        certificates.push(issuers.get(keyOf(der)) ?? parseCertificate(der))
      } catch (error) {
        broken ??= error
      }
    }
    return { certificates, broken }
  }

  // No input can crash the process (invariant 10): what is not a refusal of the parser is a fault of ours, and lets nobody in.
  function malformed(error: unknown, certificate: Certificate | undefined): Untrusted {
    if (isCoded(error)) return untrusted('certificate_malformed', sentence(error.message), certificate)
    log.error({ err: error }, 'judging a client certificate failed')
    return untrusted('certificate_malformed', 'The certificate could not be judged.', certificate)
  }

  return {
    get epoch() {
      return epoch.value
    },
    get material() {
      return material
    },
    judge,
    doubts: ({ verdict }) => !verdict.ok || prepared.anchors.same(verdict.anchor.certificate) === undefined,
    holds: judgement =>
      judgement.epoch === epoch.value && clock.now() < judgement.validUntil && judgement.pending === undefined,
    onEpoch: listener => epoch.subscribe(listener),
    replace(next) {
      const cause = changedPart(material, next)
      if (cause === undefined) return
      prepared = prepare(next)
      material = next
      replacements += 1
      refused.clear()
      epoch.raise(cause)
    },
  }
}

/** Indexed once for each state of the trust store, which may hold thousands of entries, and its lists a million. */
function prepare({ anchors, intermediates = [], crls, policy, publishedKeys }: TrustMaterial) {
  const byTenant = indexByTenant(anchors)
  return {
    anchors: anchorIndexOf(anchors),
    byTenant,
    intermediates,
    crls: crls && indexCrls(crls),
    policy,
    publishedKeys,
  }
}

interface Kept extends Judgement {
  /** of the revocation when it was reached */
  readonly generation: number
  /** of the material before it was reached */
  readonly replacements: number
  /** the trust that reached it */
  readonly by: symbol
  /** under which it is remembered while it is trusted */
  readonly key: string
}

/** The certificates between the leaf and its anchors. */
function wayOf({ path, tenantPaths = [] }: TrustedInTenants): readonly Certificate[] {
  return [...new Set([path, ...tenantPaths.map(each => each.path)].flatMap(each => each.slice(1, -1)))]
}

function current(judgement: Kept | undefined, now: number): Kept | undefined {
  return judgement !== undefined && now < judgement.validUntil ? judgement : undefined
}

/** A certificate whose first day comes sooner is looked at again on that day. */
function lookAgain({ code, certificate }: Untrusted, now: number): number {
  const later = now + refusalHoldsMs
  if (code !== 'certificate_not_yet_valid' || certificate === undefined || certificate.notBefore <= now) return later
  return Math.min(later, certificate.notBefore)
}

// The handshake proves possession of the key, and this key everybody possesses.
function onPublishedKey(path: readonly Certificate[]): Untrusted | undefined {
  const certificate = path.find(each => publishedKey(each) !== undefined)
  return certificate && untrusted('key_too_weak', 'Its private key is published, so it proves nothing.', certificate)
}

function untrusted(code: RefusalCode, detail: string, certificate: Certificate | undefined): Untrusted {
  return { ...refuse(code, detail), certificate }
}

function sentence(message: string): string {
  return `${message.charAt(0).toUpperCase()}${message.slice(1)}.`
}

/**
 * The bytes themselves as a string: a quarter of what SHA-256 over them costs, and equal only when they are. The mark before a hash
 * is a character that no octet becomes, so that no bytes can be made to look like the hash of others.
 */
function keyOf(der: Uint8Array): string {
  return der.length > maxKeyLength ? `\u0100${hash('sha256', der)}` : asBuffer(der).toString('latin1')
}

function keyOfChain(leaf: Uint8Array, rest: readonly Uint8Array[]): string {
  const digest = createHash('sha256')
  for (const der of [leaf, ...rest]) digest.update(hash('sha256', der, 'buffer'))
  return digest.digest('latin1')
}

function asBuffer(octets: Uint8Array): Buffer {
  return octets instanceof Buffer ? octets : Buffer.from(octets.buffer, octets.byteOffset, octets.length)
}

import { createHash, hash } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { CodedError } from '../../errors.ts'
import type { KeyStore } from '../../pki/keystore/keystore.ts'
import { certificatesPerStep, type Steps } from '../../pki/keystore/steps.ts'
import { authorityOf } from '../../pki/path/anchors.ts'
import type { PathOptions } from '../../pki/path/validate.ts'
import type { Certificate } from '../../pki/x509/certificate.ts'
import type { Crl } from '../../pki/x509/crl.ts'
import type { EpochCause } from './epoch.ts'
import { publishedKeyOf } from './published-keys.ts'
import { anchorIndexOf, type TenantAnchor } from './tenant-paths.ts'

/** What verdicts are made from. A value: a reload hands a new one to `Trust.replace`. */
export interface TrustMaterial {
  /** CA entries, and clients' own certificates (pinned leaves) */
  readonly anchors: readonly TenantAnchor[]
  /** certificates that help to build a path, and are not trusted by themselves */
  readonly intermediates?: readonly Certificate[]
  /** undefined: revocation is not checked; given: a certificate that no CRL covers is refused */
  readonly crls?: readonly Crl[]
  readonly policy: TrustPolicy
  /** keys whose private half anybody can download; default refuse */
  readonly publishedKeys?: 'refuse' | 'allow'
}

/** How paths are judged, as `pki/path` has it, apart from the moment. */
export type TrustPolicy = Omit<PathOptions, 'at'>

/** A trust store with the name (mostly its file) that warnings call it by. */
export interface TrustStore {
  readonly name: string
  readonly store: KeyStore
  /** the only tenant whose users its entries vouch for; undefined: any, as the bindings say */
  readonly tenant?: string | undefined
  /** somebody chose the entries one by one: none at all is a choice too */
  readonly chosen?: boolean
}

/** The store with only the entries of those aliases. Throws ERR_TRUST_ALIAS_UNKNOWN for one that it has no trusted certificate of. */
export function selectEntries(trustStore: TrustStore, aliases: readonly string[] | undefined): TrustStore {
  if (aliases === undefined) return trustStore
  const { name, store } = trustStore
  const wanted = new Set(aliases.map(alias => alias.toLowerCase()))
  const entries = store.entries.filter(
    ({ alias, kind }) => kind === 'trusted-certificate' && wanted.has(alias.toLowerCase()),
  )
  for (const { alias } of entries) wanted.delete(alias.toLowerCase())
  const [missing] = wanted
  if (missing !== undefined) {
    throw new CodedError('ERR_TRUST_ALIAS_UNKNOWN', `${name} has no trusted certificate called "${missing}"`, {
      remedy: '`countersign keystore list` shows the aliases of a store.',
    })
  }
  return { ...trustStore, store: { ...store, entries }, chosen: true }
}

export interface TrustAnchors {
  readonly anchors: readonly TenantAnchor[]
  /** sentences for the administrator; none of them stops the start */
  readonly warnings: readonly string[]
}

/**
 * The anchors of one listener: every trusted-certificate entry of its trust stores, and nothing else. A private-key entry is no
 * anchor, and public roots are none unless a store holds them (invariant 4).
 * Throws ERR_TRUST_EMPTY when the listener asks for certificates and one of the stores gives none: who names a file means to trust
 * somebody in it, and a key store in its place is a mistake that only some clients would notice. Throws ERR_TRUST_TENANT when an authority is
 * trusted for the users of one tenant and for those of any.
 */
export function* readAnchors(
  stores: readonly TrustStore[],
  options: {
    readonly at: number
    readonly clientAuth: 'none' | 'want' | 'need'
    readonly publishedKeys?: 'refuse' | 'allow'
  },
): Steps<TrustAnchors> {
  const warnings: string[] = []
  const anchors: TenantAnchor[] = []
  /** of each anchor, the store that holds it */
  const holders: string[] = []
  const idle: TrustStore[] = []
  for (const trustStore of stores) {
    const { name, store, chosen, tenant } = trustStore
    const before = anchors.length
    if (store.integrity === 'not-checked') {
      warnings.push(`${name}: opened without a password, so nothing vouches that it was not changed`)
    }
    for (const [i, entry] of store.entries.entries()) {
      if (i % certificatesPerStep === certificatesPerStep - 1) yield
      const warn = (words: string) => warnings.push(`${placeOf({ name, alias: entry.alias })}: ${words}`)
      if (entry.kind !== 'trusted-certificate') {
        warn(`a ${entry.kind} entry in a trust store is not trusted`)
        continue
      }
      const { certificate } = entry
      const source = options.publishedKeys === 'allow' ? undefined : publishedKeyOf(hash('sha256', certificate.spki))
      if (source !== undefined) {
        warn(`not trusted, since anybody has its private key (${source})`)
        continue
      }
      if (certificate.notAfter < options.at) warn('the certificate has expired, and lets nobody in')
      if (certificate.notBefore > options.at) warn('the certificate is not valid yet')
      holders.push(name)
      anchors.push(tenant === undefined ? entry : { ...entry, tenant })
    }
    if (anchors.length === before && !chosen) idle.push(trustStore)
  }
  yield
  warnings.push(...repetitions(anchors, holders))
  yield
  checkTenants(anchors)
  if (options.clientAuth === 'none') return { anchors, warnings }
  if (stores.length === 0 || idle.length > 0) throw empty(idle)
  if (anchors.length === 0) {
    warnings.push(`${stores.map(({ name }) => name).join(', ')}: no entry counts, so nobody gets in by certificate`)
  }
  return { anchors, warnings }
}

/** A sentence for each entry that an earlier one makes idle: the same certificate, for the same tenant. */
function repetitions(anchors: readonly TenantAnchor[], holders: readonly string[]): string[] {
  const { repeated } = anchorIndexOf(anchors)
  if (repeated.size === 0) return []
  const concerned = new Set([...repeated.keys(), ...repeated.values()])
  const places = new Map<string, string>()
  const sentences: string[] = []
  for (const [i, anchor] of anchors.entries()) {
    if (!concerned.has(anchor)) continue
    const { alias, certificate, tenant } = anchor
    const key = tenant === undefined ? certificate.thumbprint : `${certificate.thumbprint} ${tenant}`
    const place = placeOf({ name: holders[i]!, alias })
    const earlier = places.get(key)
    if (earlier === undefined) places.set(key, place)
    else sentences.push(`${place}: the same certificate stands as ${earlier}`)
  }
  return sentences
}

function placeOf({ name, alias }: { readonly name: string; readonly alias: string }): string {
  return `${name}, alias ${JSON.stringify(alias)}`
}

/** Renewed or imported anew, an authority is the same one (invariant 7). */
function checkTenants(anchors: readonly TenantAnchor[]): void {
  if (anchors.every(({ tenant }) => tenant === undefined)) return
  const shared = new Map<string, TenantAnchor>()
  for (const anchor of anchors) if (anchor.tenant === undefined) shared.set(authorityOf(anchor.certificate), anchor)
  const both = anchors.find(each => each.tenant !== undefined && shared.has(authorityOf(each.certificate)))
  if (both === undefined) return
  const other = shared.get(authorityOf(both.certificate))!
  throw new CodedError(
    'ERR_TRUST_TENANT',
    `the entry ${JSON.stringify(both.alias)} is trusted for users of the tenant ${both.tenant}, and ${JSON.stringify(other.alias)}, the same authority, for those of any`,
    { remedy: 'Name a tenant for each trust store that holds it, or for none.' },
  )
}

/** The same of the stores of an upstream. Throws ERR_TRUST_EMPTY. */
export function checkTrusts(stores: readonly TrustStore[]): void {
  const idle = stores.filter(
    ({ store, chosen }) => !chosen && !store.entries.some(({ kind }) => kind === 'trusted-certificate'),
  )
  if (idle.length > 0) throw empty(idle)
}

function empty(stores: readonly TrustStore[]): CodedError {
  const names = stores.map(store => store.name).join(', ')
  return new CodedError(
    'ERR_TRUST_EMPTY',
    stores.length === 0 ? 'no trust store is named' : `no trusted certificate in ${names}`,
    {
      remedy:
        'Import the certificate of the authority to be trusted, or a client certificate itself, into it (countersign keystore import), or do not name it. A listener that trusts nobody has clientAuth: none.',
    },
  )
}

/** What differs between two materials, undefined when both give the same verdicts. */
export function changedPart(one: TrustMaterial, other: TrustMaterial): EpochCause | undefined {
  if (anchorList(one) !== anchorList(other)) return 'anchors'
  if (!sameCrls(one.crls, other.crls)) return 'revocation'
  const samePolicy = isDeepStrictEqual(one.policy, other.policy) && one.publishedKeys === other.publishedKeys
  return samePolicy ? undefined : 'policy'
}

/** All that verdicts are made from, as values that can be hashed: equal for two materials without a `changedPart`, lists aside. */
export function trustFacts(material: TrustMaterial): unknown {
  return [anchorList(material), material.policy]
}

/** A hash of them: asked for each time trust moves. */
function anchorList(material: TrustMaterial): string {
  return anchorLists.getOrInsertComputed(material, ({ anchors, intermediates = [] }) => {
    // The length of an alias tells where it ends; no tenant has a line feed in its name. A certificate tells its own length.
    const lines = anchors.map(({ alias, tenant }) => `${alias.length} ${alias} ${tenant ?? ''}\n`)
    const sum = createHash('sha256').update(`${anchors.length}\n${lines.join('')}`)
    for (const { certificate } of anchors) sum.update(certificate.raw)
    for (const { raw } of intermediates) sum.update(raw)
    return sum.digest('hex')
  })
}

const anchorLists = new WeakMap<TrustMaterial, string>()

function sameCrls(one: readonly Crl[] | undefined, other: readonly Crl[] | undefined): boolean {
  if (one === undefined || other === undefined) return one === other
  return one.length === other.length && one.every((crl, i) => crl.raw.equals(other[i]!.raw))
}

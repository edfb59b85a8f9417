import type { z } from 'zod'
import type { TenantNames } from '../../identity/authn/asserted-tenant.ts'
import type { bindingOptions } from '../../identity/bindings/options.ts'
import { defaultTenant } from '../../identity/users/user.ts'
import type { AuthenticatorSetting } from './authenticators.ts'
import type { CarbonHome } from './carbon-home.ts'
import type { Place } from './finding.ts'
import { hasIssuerMaps, readIssuerMaps } from './issuer-maps.ts'
import { withRestBindings } from './rest-bindings.ts'
import type { RestCertificates } from './rest-certificates.ts'
import type { TrustEntry } from './trust-entries.ts'
import type { UserList } from './user-list.ts'
import { readWhiteList, type WhiteList } from './white-list.ts'

export type BindingInput = z.input<typeof bindingOptions>

/** Who gets in by certificate, and as whom. */
export interface CarbonTrust {
  /** trust store entries that count; the others are anchors for nothing */
  readonly anchors: ReadonlySet<TrustEntry>
  readonly bindings: readonly BindingInput[]
  readonly whiteList: WhiteList | undefined
  /** only certificates directly below an anchor: the original compares the issuer of the client itself */
  readonly direct: boolean
}

export interface CarbonTrustSource {
  /** undefined: certificates identify nobody */
  readonly setting: AuthenticatorSetting | undefined
  readonly rest: RestCertificates
  readonly entries: readonly TrustEntry[]
  /** how names tell the tenant */
  readonly tenants: TenantNames
  /** where the trust store is named */
  readonly place: Place
}

/**
 * Design, section 4.6. A client's own certificate in the trust store, or on a white list that is on, may name any user, as whoever imported
 * it meant. A certificate that merely chains to an authority needs a binding. Once bindings are written (after CVE-2025-9312, here or in
 * identity.xml), they alone count, as in the original.
 */
export function readTrust(home: CarbonHome, source: CarbonTrustSource): CarbonTrust {
  const { entries, rest, place } = source
  const trust = withRestBindings(home, authenticatorTrust(home, source), rest, source)
  reportEntries(home, entries, trust, place)
  return trust
}

/** What the MutualSSLAuthenticator lets in. Switched off it says so all the same, unless the bindings of identity.xml stand alone. */
function authenticatorTrust(home: CarbonHome, { setting, rest, entries, tenants }: CarbonTrustSource): CarbonTrust {
  const bound = rest.mode === 'mapped' || rest.mode === 'intermediate'
  if (bound && !setting?.enabled) return { anchors: new Set(), bindings: [], whiteList: undefined, direct: true }
  const whiteList = setting && readWhiteList(home, setting, entries)
  if (setting !== undefined && hasIssuerMaps(setting)) {
    const { anchors, byAnchor, byThumbprint } = readIssuerMaps(home, setting, entries, tenants)
    const bindings = [
      ...byThumbprint.flatMap(({ thumbprint, users }) => users.map(list => ({ thumbprint, ...usersOf(list) }))),
      ...byAnchor.flatMap(({ anchor, users }) => users.map(list => boundToAnchor(anchor, list))),
    ]
    return { anchors: new Set(anchors), bindings, whiteList, direct: true }
  }
  if (bound && whiteList === undefined) return { anchors: new Set(), bindings: [], whiteList, direct: true }
  const listed = (entry: TrustEntry) =>
    whiteList === undefined || whiteList.sha256.includes(entry.certificate.thumbprint)
  const clients = entries.filter(
    entry => (entry.kind === 'client' || (whiteList !== undefined && entry.kind !== 'published')) && listed(entry),
  )
  const anchors = new Set(clients)
  if (whiteList !== undefined && listsStrangers(whiteList, entries)) {
    for (const entry of entries) if (entry.kind === 'authority' || entry.kind === 'old-root') anchors.add(entry)
  }
  return { anchors, bindings: anyUser(clients, whiteList), whiteList, direct: false }
}

function boundToAnchor({ alias }: TrustEntry, list: UserList): BindingInput {
  return { anchor: alias, ...usersOf(list), ...(list.users[0] === '*' ? { insecureAnyUser: true } : {}) }
}

function usersOf({ tenant, users }: UserList) {
  return { users: [...users], ...(tenant === defaultTenant ? {} : { tenant }) }
}

function anyUser(clients: readonly TrustEntry[], whiteList: WhiteList | undefined): BindingInput[] {
  const thumbprints = new Set(
    whiteList === undefined ? clients.map(({ certificate }) => certificate.thumbprint) : whiteList.sha256,
  )
  return [
    ...[...thumbprints].map(thumbprint => ({ thumbprint, users: ['*'] })),
    ...(whiteList?.sha1.map(each => ({ insecureSha1Thumbprint: each, users: ['*'] })) ?? []),
  ]
}

/** A listed certificate that is not in the trust store itself needs an authority there. The list keeps everybody else out. */
function listsStrangers(whiteList: WhiteList, entries: readonly TrustEntry[]): boolean {
  const held = new Set(entries.map(({ certificate }) => certificate.thumbprint))
  return whiteList.sha1.length > 0 || whiteList.sha256.some(each => !held.has(each))
}

function reportEntries(
  home: CarbonHome,
  entries: readonly TrustEntry[],
  { anchors, direct }: CarbonTrust,
  place: Place,
): void {
  const named = (...kinds: TrustEntry['kind'][]) =>
    entries.filter(entry => kinds.includes(entry.kind) && !anchors.has(entry)).map(({ alias }) => alias)
  const published = named('published')
  if (published.length > 0) {
    const what = `${count(published, 'certificate')} of the trust store on published keys, which anybody can use: trusted for nothing`
    const remedy = 'Give the client a key of its own, and delete them from the trust store'
    home.findings.add('tightened', place, what, `${remedy}: \`countersign keystore delete\`.`, published)
  }
  const authorities = named('authority', 'old-root')
  if (authorities.length > 0) {
    const what = `${count(authorities, 'authority', 'authorities')} of the trust store: anchors for nothing until bound`
    const remedy =
      'To let in whom one of them certifies, name it in the parameters allowed_issuers and issuer_<DN> of the MutualSSLAuthenticator.'
    home.findings.add('tightened', place, what, remedy, authorities)
  }
  const shipped = named('shipped')
  if (shipped.length > 0) {
    const what = `${count(shipped, 'certificate')} that came with the trust store of the product, and that nobody imported: trusted for nothing`
    home.findings.add(
      'tightened',
      place,
      what,
      'If one of them is a client of yours, put its thumbprint on the WhiteList.',
      shipped,
    )
  }
  const clients = named('client')
  if (clients.length > 0) {
    const why = direct
      ? 'the issuers and thumbprints that are bound do not let them in'
      : 'they are not on the white list'
    const what = `${count(clients, 'client certificate')} of the trust store do not count: ${why}`
    home.findings.add('warning', place, what, undefined, clients)
  }
}

function count(list: readonly unknown[], one: string, many = `${one}s`): string {
  return `${list.length} ${list.length === 1 ? one : many}`
}

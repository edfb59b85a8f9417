import type { TenantNames } from '../../identity/authn/asserted-tenant.ts'
import type { AuthenticatorSetting } from './authenticators.ts'
import type { CarbonHome } from './carbon-home.ts'
import { issuerKey, nameAttributes } from './issuer-name.ts'
import type { TrustEntry } from './trust-entries.ts'
import { readUsers, type UserList } from './user-list.ts'
import type { XmlValue } from './xml.ts'

/** What the parameters `allowed_issuers`, `issuer_<DN>` and `cert_thumbprint_<hex>` say (version 5.5.2 and later, after CVE-2025-9312). */
export interface IssuerMaps {
  /** trust store entries that may stand directly above a client, or are one whose issuer is allowed */
  readonly anchors: readonly TrustEntry[]
  readonly byAnchor: readonly { readonly anchor: TrustEntry; readonly users: readonly UserList[] }[]
  readonly byThumbprint: readonly { readonly thumbprint: string; readonly users: readonly UserList[] }[]
}

const issuerPrefix = 'issuer_'
const thumbprintPrefix = 'cert_thumbprint_'

export function hasIssuerMaps({ parameters }: AuthenticatorSetting): boolean {
  return [...parameters].some(
    ([name, { value }]) =>
      (name === 'allowed_issuers' && value !== '') ||
      name.startsWith(issuerPrefix) ||
      name.startsWith(thumbprintPrefix),
  )
}

/**
 * Issuers are resolved to entries of the trust store: the original compares names only, so that any trusted authority of the same name was as
 * good. A name that no entry bears, or that several authorities bear, binds nobody.
 */
export function readIssuerMaps(
  home: CarbonHome,
  { parameters }: AuthenticatorSetting,
  entries: readonly TrustEntry[],
  tenants: TenantNames,
): IssuerMaps {
  const users = (value: XmlValue) => readUsers(home, value, tenants)
  const maps = namedUsers(home, parameters, users)
  const allowed = parameters.get('allowed_issuers')
  const anchors: TrustEntry[] = []
  const byAnchor: { anchor: TrustEntry; users: readonly UserList[] }[] = []
  const byThumbprint = readThumbprints(home, parameters, users)
  const mapped = new Set(byThumbprint.map(each => each.thumbprint))
  for (const text of allowed?.value
    .split('|')
    .map(each => each.trim())
    .filter(Boolean) ?? []) {
    const key = issuerKey(text)
    if (key === undefined) {
      home.findings.add(
        'warning',
        allowed!,
        `${JSON.stringify(text)} in allowed_issuers is no distinguished name`,
        nameRemedy,
      )
      continue
    }
    const issued = maps.get(key)
    maps.delete(key)
    const { authority, clients } = resolveIssuer(home, allowed!, text, key, entries)
    anchors.push(...clients)
    for (const { certificate } of clients) {
      if (issued !== undefined && !mapped.has(certificate.thumbprint)) {
        mapped.add(certificate.thumbprint)
        byThumbprint.push({ thumbprint: certificate.thumbprint, users: issued.users })
      }
    }
    if (authority === undefined) continue
    anchors.push(authority)
    if (issued !== undefined) byAnchor.push({ anchor: authority, users: issued.users })
  }
  for (const { value, text } of maps.values()) {
    home.findings.add(
      'warning',
      value,
      `issuer_${text}: the issuer is not among the allowed_issuers, so it lets nobody in`,
      'Add it there.',
    )
  }
  return { anchors, byAnchor, byThumbprint: anchors.length === 0 ? [] : byThumbprint }
}

const nameRemedy = 'Write it as `countersign cert show FILE` prints the issuer.'

type Users = (value: XmlValue) => readonly UserList[]
type Issued = { readonly text: string; readonly value: XmlValue; readonly users: readonly UserList[] }

function namedUsers(
  home: CarbonHome,
  parameters: AuthenticatorSetting['parameters'],
  users: Users,
): Map<string, Issued> {
  const maps = new Map<string, Issued>()
  for (const [name, value] of parameters) {
    if (!name.startsWith(issuerPrefix)) continue
    const text = name.slice(issuerPrefix.length)
    const key = issuerKey(text)
    const found = users(value)
    if (key === undefined)
      home.findings.add('warning', value, `${JSON.stringify(text)} after issuer_ is no distinguished name`, nameRemedy)
    else if (maps.has(key))
      home.findings.add('error', value, `${name}: two parameters name the same issuer`, 'Make one of the two.')
    else if (found.length > 0) maps.set(key, { text, value, users: found })
  }
  return maps
}

function readThumbprints(home: CarbonHome, parameters: AuthenticatorSetting['parameters'], users: Users) {
  const found: { thumbprint: string; users: readonly UserList[] }[] = []
  for (const [name, value] of parameters) {
    if (!name.startsWith(thumbprintPrefix)) continue
    const hex = name.slice(thumbprintPrefix.length).replaceAll(':', '').trim().toLowerCase()
    const names = users(value)
    if (!/^[0-9a-f]{64}$/.test(hex)) {
      home.findings.add(
        'warning',
        value,
        `${name}: no SHA-256 thumbprint follows, so it lets nobody in`,
        'Write 64 hexadecimal digits.',
      )
    } else if (found.some(({ thumbprint }) => thumbprint === hex)) {
      home.findings.add('error', value, `${name}: two parameters name the same certificate`, 'Make one of the two.')
    } else if (names.length > 0) found.push({ thumbprint: hex, users: names })
  }
  return found
}

/** Entries of the trust store that an issuer's name means. What is wrong with the name is told. */
export function resolveIssuer(
  home: CarbonHome,
  place: XmlValue,
  text: string,
  key: string,
  entries: readonly TrustEntry[],
): { readonly authority: TrustEntry | undefined; readonly clients: readonly TrustEntry[] } {
  // A client's own certificate is trusted by its bytes: the name of its issuer is part of them.
  const clients = entries.filter(
    ({ kind, certificate }) => kind === 'client' && nameAttributes(certificate.issuer) === key,
  )
  return { authority: authorityOf(home, place, text, key, entries, clients.length > 0), clients }
}

function authorityOf(
  home: CarbonHome,
  place: XmlValue,
  text: string,
  key: string,
  entries: readonly TrustEntry[],
  hasClients: boolean,
): TrustEntry | undefined {
  const named = entries.filter(
    ({ certificate, kind }) => kind !== 'client' && nameAttributes(certificate.subject) === key,
  )
  const found = named.filter(({ kind }) => kind !== 'published')
  if (named.length > found.length) {
    home.findings.add(
      'tightened',
      place,
      `${text}: the private key of that authority is published, so it vouches for nobody`,
    )
  }
  const [first, ...others] = found
  if (first === undefined) {
    if (named.length > 0 || hasClients) return undefined
    const what = `${text}: no certificate of that name is in the trust store, so nobody whom it issued gets in`
    home.findings.add('tightened', place, what, 'Import the certificate of the issuer: `countersign keytool -import`.')
    return undefined
  }
  if (
    others.every(
      ({ certificate }) =>
        certificate.subject.raw.equals(first.certificate.subject.raw) &&
        certificate.spki.equals(first.certificate.spki),
    )
  )
    return first
  const what = `${text}: several authorities of the trust store bear that name (${found.map(({ alias }) => alias).join(', ')}), so it binds nobody`
  home.findings.add('tightened', place, what, 'Remove those from the trust store that are not meant.')
  return undefined
}

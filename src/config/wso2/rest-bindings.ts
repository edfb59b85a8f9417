import type { TenantNames } from '../../identity/authn/asserted-tenant.ts'
import { sameName } from '../../pki/x509/name.ts'
import type { CarbonHome } from './carbon-home.ts'
import { resolveIssuer } from './issuer-maps.ts'
import { commonNames, issuerKey } from './issuer-name.ts'
import type { RestCertificates, RestMapping } from './rest-certificates.ts'
import type { BindingInput, CarbonTrust } from './trust.ts'
import type { TrustEntry } from './trust-entries.ts'
import { readUsers } from './user-list.ts'
import type { XmlValue } from './xml.ts'

type WithUsers = BindingInput & { readonly users: string[] }

/**
 * Adds what identity.xml binds to what the authenticator binds. A certificate or issuer that both speak of may act as the users that both
 * allow: bindings hold for REST and SOAP alike.
 */
export function withRestBindings(
  home: CarbonHome,
  base: CarbonTrust,
  rest: RestCertificates,
  { entries, tenants }: { readonly entries: readonly TrustEntry[]; readonly tenants: TenantNames },
): CarbonTrust {
  if (rest.mode === 'mapped') {
    const found = new Mapped(home, entries, tenants)
    for (const mapping of rest.mappings) found.add(mapping)
    return joined(home, base, found.bindings, found.anchors)
  }
  if (rest.mode === 'intermediate') return byCommonName(home, base, rest.issuers, entries)
  return base
}

/** The mappings of ClientCertBasedAuthentication. Two of one certificate or issuer stand beside each other, as in the original. */
class Mapped {
  readonly bindings: WithUsers[] = []
  readonly anchors = new Set<TrustEntry>()
  readonly #home: CarbonHome
  readonly #entries: readonly TrustEntry[]
  readonly #tenants: TenantNames

  constructor(home: CarbonHome, entries: readonly TrustEntry[], tenants: TenantNames) {
    this.#home = home
    this.#entries = entries
    this.#tenants = tenants
  }

  add({ issuer, thumbprint, users, file, line }: RestMapping): void {
    const key = issuerKey(issuer.value)
    if (key === undefined) {
      const what = `${JSON.stringify(issuer.value)} in TrustedIssuer is no distinguished name, so the mapping lets nobody in`
      const remedy = 'Write it as `countersign cert show FILE` prints the issuer.'
      this.#home.findings.add('warning', issuer, what, remedy)
      return
    }
    const { authority, clients } = resolveIssuer(this.#home, issuer, issuer.value, key, this.#entries)
    const pinned = clients.filter(
      ({ certificate }) => thumbprint === undefined || certificate.thumbprint === thumbprint,
    )
    if (authority === undefined && pinned.length === 0) return
    for (const anchor of [...pinned, ...(authority === undefined ? [] : [authority])]) this.anchors.add(anchor)
    for (const list of readUsers(this.#home, { file, line, value: users.join(',') }, this.#tenants)) {
      const named = { ...(list.tenant === 'default' ? {} : { tenant: list.tenant }) }
      const any = list.users[0] === '*'
      if (thumbprint !== undefined) this.#bind({ thumbprint, ...named, users: [...list.users] })
      else {
        for (const { certificate } of pinned)
          this.#bind({ thumbprint: certificate.thumbprint, ...named, users: [...list.users] })
        if (authority !== undefined)
          this.#bind({
            anchor: authority.alias,
            ...named,
            users: [...list.users],
            ...(any ? { insecureAnyUser: true } : {}),
          })
      }
    }
  }

  #bind(binding: WithUsers): void {
    const earlier = this.bindings.find(each => selectorOf(each) === selectorOf(binding))
    if (earlier === undefined) return void this.bindings.push(binding)
    // "*" has no default: a system user that stands beside it can still be named.
    const users = [...earlier.users, ...binding.users]
    earlier.users.splice(0, Number.POSITIVE_INFINITY, ...(users.includes('*') ? ['*'] : new Set(users)))
    if (binding.insecureAnyUser) Object.assign(earlier, { insecureAnyUser: true })
  }
}

function joined(
  home: CarbonHome,
  base: CarbonTrust,
  mapped: readonly WithUsers[],
  anchors: ReadonlySet<TrustEntry>,
): CarbonTrust {
  const bindings: BindingInput[] = []
  const narrowed: string[] = []
  for (const binding of base.bindings) {
    const other = mapped.find(each => certificateOf(each) === certificateOf(binding))
    const same = mapped.find(each => selectorOf(each) === selectorOf(binding))
    if (other === undefined) bindings.push(binding)
    else {
      const users = same === undefined ? [] : common(binding.users ?? [], same.users)
      if (users.length > 0) bindings.push({ ...binding, users })
      if (users.join() !== binding.users?.join()) narrowed.push(certificateOf(binding))
    }
  }
  const known = new Set(base.bindings.map(certificateOf))
  bindings.push(...mapped.filter(each => !known.has(certificateOf(each))))
  if (narrowed.length > 0) {
    const what =
      'identity.xml and the MutualSSLAuthenticator name different users for the same certificates: those count that both name'
    home.findings.add(
      'tightened',
      { file: 'repository/conf/identity/identity.xml', line: undefined },
      what,
      'Make the two lists the same.',
      narrowed,
    )
  }
  const list = base.whiteList
  return { ...base, anchors: new Set([...base.anchors, ...anchors]), bindings, whiteList: list, direct: true }
}

function common(one: readonly string[], other: readonly string[]): string[] {
  if (one.includes('*')) return [...other]
  if (other.includes('*')) return [...one]
  return one.filter(user => other.includes(user))
}

function certificateOf({ thumbprint, anchor, insecureSha1Thumbprint }: BindingInput): string {
  return thumbprint ?? insecureSha1Thumbprint ?? `anchor ${anchor}`
}

function selectorOf(binding: BindingInput): string {
  return `${certificateOf(binding)} ${binding.tenant ?? 'default'}`
}

/** IntermediateCertValidation: whom an issuer of one of these common names certified is the user that the subject's CN names. */
function byCommonName(
  home: CarbonHome,
  base: CarbonTrust,
  issuers: readonly XmlValue[],
  entries: readonly TrustEntry[],
): CarbonTrust {
  const anchors = new Set(base.anchors)
  const bindings = [...base.bindings]
  for (const issuer of issuers) {
    const found = entries.filter(
      ({ kind, certificate }) =>
        (kind === 'authority' || kind === 'old-root') && commonNames(certificate.subject).includes(issuer.value),
    )
    const [first, ...others] = found
    if (first === undefined) {
      const what = `CertCN ${issuer.value}: no authority of that name is in the trust store, so nobody whom it issued gets in`
      home.findings.add(
        'tightened',
        issuer,
        what,
        'Import the certificate of the issuer: `countersign keytool -import`.',
      )
    } else if (others.some(({ certificate }) => !sameAuthority(certificate, first.certificate))) {
      const aliases = found.map(({ alias }) => alias)
      const what = `CertCN ${issuer.value}: several authorities of the trust store bear that name, so it binds nobody`
      home.findings.add('tightened', issuer, what, 'Remove those from the trust store that are not meant.', aliases)
    } else if (bindings.some(({ anchor }) => anchor === first.alias)) {
      const what = `CertCN ${issuer.value}: the users that the MutualSSLAuthenticator names for that issuer are the ones that count`
      home.findings.add('tightened', issuer, what)
    } else {
      anchors.add(first)
      bindings.push({ anchor: first.alias, user: { from: 'subject.CN' } })
    }
  }
  return { ...base, anchors, bindings, direct: true }
}

type Certificate = TrustEntry['certificate']

function sameAuthority(one: Certificate, other: Certificate): boolean {
  return sameName(one.subject, other.subject) && one.spki.equals(other.spki)
}

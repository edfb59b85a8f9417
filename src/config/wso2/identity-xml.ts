import type { CarbonHome } from './carbon-home.ts'
import type { Place } from './finding.ts'
import { javaBoolean } from './java-boolean.ts'
import { type AccessRuleInput, readResourceAccess } from './resource-access.ts'
import { type RestCertificates, readRestCertificates, restPasswordsOff } from './rest-certificates.ts'
import { child, descend, elementsNamed, textOf, type XmlElement } from './xml.ts'

/** What identity.xml says that matters here: who may use the REST paths, and how they prove who they are. */
export interface IdentitySettings {
  /** undefined: the file has none */
  readonly access: readonly AccessRuleInput[] | undefined
  readonly certificates: RestCertificates
  readonly passwords: 'as-soap' | 'off'
  /** the header in which a proxy hands on the certificate of its client */
  readonly certificateHeader: CertificateHeader | undefined
}

export interface CertificateHeader {
  readonly place: Place
  readonly name: string
  readonly encoding: 'plain' | 'url'
}

const read = new Set([
  ...['ResourceAccessControl', 'IntermediateCertValidation', 'ClientCertBasedAuthentication', 'EventListeners'],
  ...['ClientAppAuthentication', 'X509', 'TenantContextsToRewrite'],
])

export function readIdentityXml(home: CarbonHome, root: XmlElement): IdentitySettings {
  const access = child(root, 'ResourceAccessControl')
  const settings: IdentitySettings = {
    access: access && readResourceAccess(home, access),
    certificates: readRestCertificates(home, root),
    passwords: restPasswordsOff(home, root) ? 'off' : 'as-soap',
    certificateHeader: readHeader(root),
  }
  reportUncarried(home, root)
  return settings
}

function readHeader(root: XmlElement): CertificateHeader | undefined {
  const name = textOf(descend(root, 'X509', 'X509RequestHeaderName'))
  if (name === undefined) return undefined
  const encoded = javaBoolean(textOf(descend(root, 'X509', 'X509RequestHeaderEncoded'))?.value)
  return { place: name, name: name.value, encoding: encoded ? 'url' : 'plain' }
}

function reportUncarried(home: CarbonHome, root: XmlElement): void {
  const apps = child(root, 'ClientAppAuthentication')
  if (apps !== undefined) {
    const what = 'applications sign in by no password of their own (ClientAppAuthentication)'
    home.findings.add('ignored', apps, what, 'Make each a user, or give it a certificate.')
  }
  const tenants = child(root, 'TenantContextsToRewrite')
  if (tenants !== undefined)
    home.findings.add(
      'ignored',
      tenants,
      'paths of tenants (/t/TENANT/) are the same for every service, and not configured',
    )
  const oauth = [...elementsNamed(root, 'ClientCertificateHeader')][0]
  if (oauth !== undefined) {
    const what = 'a certificate in a header for OAuth clients is not believed: any client could send any certificate'
    home.findings.add('tightened', oauth, what, 'Name the proxy under proxies: in repository/conf/countersign.yaml.')
  }
  home.findings.noEffect(
    root,
    root.children.map(({ name }) => name).filter(name => !read.has(name)),
  )
}

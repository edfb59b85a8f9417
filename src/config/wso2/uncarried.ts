import { type CarbonHome, homeFiles } from './carbon-home.ts'
import { javaBoolean } from './java-boolean.ts'
import { child, childrenNamed, descend, elementsNamed, textOf, type XmlElement } from './xml.ts'

/** identity.xml and user-mgt.xml: nothing of them is carried yet. What decides there who gets in is named one by one. */
export function reportUncarried(home: CarbonHome): void {
  const identity = home.xml(homeFiles.identity) ?? home.xml('repository/conf/identity.xml')
  if (identity !== undefined) reportIdentity(home, identity)
  const users = home.xml(homeFiles.users)
  if (users !== undefined) reportUsers(home, users)
}

const namedOneByOne = new Set([
  'ResourceAccessControl',
  'IntermediateCertValidation',
  'ClientCertBasedAuthentication',
  'ClientAppAuthentication',
  'X509',
  'MutualTLS',
])

function reportIdentity(home: CarbonHome, root: XmlElement): void {
  const tell = (element: XmlElement, what: string, remedy?: string) =>
    home.findings.add('ignored', element, what, remedy)
  const access = child(root, 'ResourceAccessControl')
  if (access !== undefined) {
    const resources = childrenNamed(access, 'Resource')
    const open = resources.filter(({ attributes }) => attributes.get('secured')?.value === 'false').length
    tell(
      access,
      `the ${resources.length} rules of ResourceAccessControl are not carried (${open} of them open a path to everybody)`,
      'Protect paths with routes: a path without a route is not served.',
    )
  }
  for (const listener of elementsNamed(root, 'EventListener')) {
    const { attributes } = listener
    if (attributes.get('name')?.value.endsWith('ClientCertificateBasedAuthenticationHandler')) {
      const on = javaBoolean(attributes.get('enable')?.value)
      tell(
        listener,
        `the REST handler for client certificates (${on ? 'on' : 'off'}) is not carried: what the MutualSSLAuthenticator decides holds for every path`,
      )
    }
  }
  for (const name of ['IntermediateCertValidation', 'ClientCertBasedAuthentication']) {
    const element = child(root, name)
    if (element !== undefined)
      tell(
        element,
        `${name} is not carried`,
        'Write its certificates and users into issuer_ and cert_thumbprint_ parameters of the MutualSSLAuthenticator.',
      )
  }
  const apps = child(root, 'ClientAppAuthentication')
  if (apps !== undefined) tell(apps, 'ClientAppAuthentication is not carried')
  const header =
    textOf(descend(root, 'X509', 'X509RequestHeaderName')) ??
    textOf([...elementsNamed(root, 'ClientCertificateHeader')][0])
  if (header !== undefined) {
    home.findings.add(
      'tightened',
      header,
      `certificates in the header ${header.value} are not believed: any client could send any certificate`,
      'Let the proxy hand on the TLS connection instead.',
    )
  }
  const names = root.children.map(({ name }) => name).filter(name => !namedOneByOne.has(name))
  home.findings.noEffect(root, names)
}

function reportUsers(home: CarbonHome, root: XmlElement): void {
  const admin = [...elementsNamed(root, 'AdminUser')][0]
  const role = textOf([...elementsNamed(root, 'AdminRole')][0])?.value ?? 'admin'
  const name = textOf(child(admin, 'UserName'))?.value
  if (admin !== undefined && name !== undefined) {
    home.findings.add(
      'ignored',
      admin,
      `the administrator ${name} is not made, and no password is taken over`,
      `countersign user add ${name} --role ${role}`,
    )
  }
  for (const store of elementsNamed(root, 'UserStoreManager')) {
    const kind = store.attributes.get('class')?.value.split('.').at(-1) ?? 'without a class'
    const what = `the user store ${kind} is not read: users are kept in a store of Countersign's own`
    home.findings.add('ignored', store, what, 'countersign user add, for each user that clients act as.')
  }
}

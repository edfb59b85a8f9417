import type { CarbonHome } from './carbon-home.ts'
import { homeFiles } from './carbon-home.ts'
import type { StoreSetting } from './catalina-server.ts'
import { javaBoolean } from './java-boolean.ts'
import { child, descend, place, textOf, type XmlElement } from './xml.ts'

/** What carbon.xml says that matters here. */
export interface CarbonSettings {
  /** added to every port */
  readonly offset: number
  readonly keyStore: StoreSetting & { readonly alias: string | undefined; readonly keyPassword: string | undefined }
  /** the store whose certificates Tomcat trusts unless a connector names its own */
  readonly trustStore: StoreSetting
  /** an "@" in a user name is part of it, and no tenant follows */
  readonly emailUserNames: boolean
  readonly wsdl: 'hidden' | 'shown'
  /** of the product; undefined: it stands there as a placeholder */
  readonly version: string | undefined
}

const read = new Set(['Security', 'Ports', 'EnableEmailUserName', 'Version', 'Axis2Config'])
/** Security elements that are read, and those that concern other things than who gets in. */
const readSecurity = new Set(['KeyStore', 'TrustStore'])

export function readCarbonXml(home: CarbonHome, root: XmlElement | undefined): CarbonSettings {
  if (root === undefined) {
    const what = 'there is no such file, and it names the trust store'
    home.findings.add('error', { file: homeFiles.carbon, line: undefined }, what, 'Name a whole Carbon home.')
  }
  const security = child(root, 'Security')
  const keyStore = child(security, 'KeyStore')
  const trustStore = child(security, 'TrustStore')
  const offset = home.properties.get('portOffset')
  const axis2 = child(root, 'Axis2Config')
  const wsdls = child(axis2, 'HideAdminServiceWSDLs') ?? child(root, 'HideAdminServiceWSDLs')
  const version = textOf(child(root, 'Version'))?.value
  reportUncarried(home, root, security, axis2)
  return {
    offset:
      offset !== undefined && /^\d{1,5}$/.test(offset)
        ? Number(offset)
        : (home.number(textOf(descend(root, 'Ports', 'Offset'))) ?? 0),
    keyStore: {
      ...storeSetting(home, keyStore, 'COUNTERSIGN_KEYSTORE_PASSWORD'),
      alias: home.resolve(textOf(child(keyStore, 'KeyAlias'))),
      keyPassword: secretOf(home, child(keyStore, 'KeyPassword'), 'COUNTERSIGN_KEY_PASSWORD'),
    },
    trustStore: storeSetting(home, trustStore, 'COUNTERSIGN_TRUSTSTORE_PASSWORD'),
    emailUserNames: javaBoolean(textOf(child(root, 'EnableEmailUserName'))?.value),
    wsdl: textOf(wsdls)?.value.toLowerCase() === 'false' ? 'shown' : 'hidden',
    version: version === undefined || version.includes('${') || version.length > 100 ? undefined : version,
  }
}

function storeSetting(home: CarbonHome, store: XmlElement | undefined, name: string): StoreSetting {
  return {
    file: home.resolve(textOf(child(store, 'Location'))),
    password: secretOf(home, child(store, 'Password'), name),
  }
}

function secretOf(home: CarbonHome, element: XmlElement | undefined, name: string): string | undefined {
  const vault = element?.attributes.get('secretAlias')
  return home.secret(name, textOf(element), vault && place(vault))
}

function reportUncarried(
  home: CarbonHome,
  root: XmlElement | undefined,
  security: XmlElement | undefined,
  axis2: XmlElement | undefined,
): void {
  const others = (element: XmlElement | undefined, known: ReadonlySet<string>) =>
    element?.children.map(each => each.name).filter(name => !known.has(name)) ?? []
  if (root !== undefined) home.findings.noEffect(root, others(root, read))
  if (axis2 !== undefined) home.findings.noEffect(axis2, others(axis2, new Set(['HideAdminServiceWSDLs'])))
  if (security !== undefined) home.findings.noEffect(security, others(security, readSecurity))
}

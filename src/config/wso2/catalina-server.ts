import type { CarbonHome } from './carbon-home.ts'
import { readClientAuth } from './client-auth.ts'
import type { Place } from './finding.ts'
import { javaBoolean } from './java-boolean.ts'
import { child, childrenNamed, elementsNamed, place, type XmlElement, type XmlValue } from './xml.ts'

/** A connector that speaks HTTPS, as it stands: what is missing is found in carbon.xml. */
export interface Connector extends Place {
  readonly port: number
  readonly address: string | undefined
  readonly clientAuth: 'none' | 'want' | 'need'
  readonly protocols: ('TLSv1.3' | 'TLSv1.2')[] | undefined
  readonly maxHeaderBytes: number | undefined
  readonly maxPathDepth: number | undefined
  readonly crlFile: string | undefined
  readonly keyStore: StoreSetting & { readonly alias: string | undefined; readonly keyPassword: string | undefined }
  readonly trustStore: StoreSetting
}

export interface StoreSetting {
  readonly file: string | undefined
  /** `env:NAME` */
  readonly password: string | undefined
}

/** The same settings under the names of Tomcat 7, on the connector, and of Tomcat 8.5 and later, below it. */
interface TlsSettings {
  readonly verification: XmlValue | undefined
  readonly generation: 7 | 9
  readonly protocols: XmlValue | undefined
  readonly ciphers: XmlValue | undefined
  readonly crlFile: XmlValue | undefined
  readonly depth: XmlValue | undefined
  readonly trust: { file: XmlValue | undefined; password: XmlValue | undefined }
  readonly key: Record<'file' | 'password' | 'alias' | 'keyPassword', XmlValue | undefined>
}

const plainHttp = 'this connector speaks plain HTTP, which is not served'

/** The HTTPS connectors of catalina-server.xml. Each setting that is not carried is named. */
export function readConnectors(home: CarbonHome, root: XmlElement): Connector[] {
  const connectors = [...elementsNamed(root, 'Connector')]
  const secure = connectors.filter(
    ({ attributes }) => javaBoolean(attributes.get('SSLEnabled')?.value) || attributes.get('scheme')?.value === 'https',
  )
  for (const other of connectors) {
    if (!secure.includes(other))
      home.findings.add('ignored', other, plainHttp, 'Nothing is to be done: clients use the HTTPS port.')
  }
  if (secure.length === 0) {
    home.findings.add(
      'error',
      root,
      'no connector has SSLEnabled="true"',
      'Name the port, key store and clientAuth of an HTTPS connector.',
    )
  }
  reportValves(home, [...elementsNamed(root, 'Valve')])
  return secure.flatMap(element => readConnector(home, element) ?? [])
}

function readConnector(home: CarbonHome, element: XmlElement): Connector | undefined {
  const { attributes } = element
  const host = hostOf(home, element)
  const settings = host === undefined ? flat(element) : nested(home, element, host)
  reportUncarried(home, element, host)
  const vault = [element, host, host && child(host, 'Certificate')].find(each => each?.attributes.has('secretAlias'))
  const hidden = vault && place(vault)
  const port = home.number(attributes.get('port'))
  if (port === undefined) {
    home.findings.add('error', element, 'the connector has no port', 'Name one.')
    return undefined
  }
  const { key, trust } = settings
  return {
    ...place(element),
    port,
    address: home.resolve(attributes.get('address')),
    clientAuth: readClientAuth(home, settings.verification, settings.generation),
    protocols: readProtocols(home, settings.protocols),
    maxHeaderBytes: home.number(attributes.get('maxHttpHeaderSize')),
    maxPathDepth: home.number(settings.depth),
    crlFile: home.resolve(settings.crlFile),
    keyStore: {
      file: home.resolve(key.file),
      password: home.secret('COUNTERSIGN_KEYSTORE_PASSWORD', key.password, key.file && hidden),
      alias: home.resolve(key.alias),
      keyPassword: key.keyPassword && home.secret('COUNTERSIGN_KEY_PASSWORD', key.keyPassword, hidden),
    },
    trustStore: {
      file: home.resolve(trust.file),
      password: home.secret('COUNTERSIGN_TRUSTSTORE_PASSWORD', trust.password, trust.file && hidden),
    },
  }
}

function flat({ attributes }: XmlElement): TlsSettings {
  return {
    verification: attributes.get('clientAuth'),
    generation: 7,
    protocols: attributes.get('sslEnabledProtocols'),
    ciphers: attributes.get('ciphers'),
    crlFile: attributes.get('crlFile'),
    depth: attributes.get('trustMaxCertLength'),
    trust: { file: attributes.get('truststoreFile'), password: attributes.get('truststorePass') },
    key: {
      file: attributes.get('keystoreFile'),
      password: attributes.get('keystorePass'),
      alias: attributes.get('keyAlias'),
      keyPassword: attributes.get('keyPass'),
    },
  }
}

function nested(home: CarbonHome, connector: XmlElement, host: XmlElement): TlsSettings {
  const { attributes } = host
  const [certificate, ...others] = childrenNamed(host, 'Certificate')
  for (const other of others)
    home.findings.add(
      'ignored',
      other,
      'a second certificate of one host is not served',
      'Put both keys into one key store, and name no alias.',
    )
  const own = attributes.get('certificateVerification')
  const old = connector.attributes.get('clientAuth')
  if (own !== undefined && old !== undefined) {
    home.findings.add(
      'warning',
      old,
      'clientAuth stands beside certificateVerification, which is the one that counts',
      'Take one of them out.',
    )
  }
  const key = (name: string) => certificate?.attributes.get(name) ?? attributes.get(name)
  return {
    verification: own ?? old,
    generation: 9,
    protocols: attributes.get('protocols') ?? connector.attributes.get('sslEnabledProtocols'),
    ciphers: attributes.get('ciphers'),
    crlFile: attributes.get('certificateRevocationListFile'),
    depth: attributes.get('certificateVerificationDepth'),
    trust: { file: attributes.get('truststoreFile'), password: attributes.get('truststorePassword') },
    key: {
      file: key('certificateKeystoreFile') ?? connector.attributes.get('keystoreFile'),
      password: key('certificateKeystorePassword') ?? connector.attributes.get('keystorePass'),
      alias: key('certificateKeyAlias'),
      keyPassword: key('certificateKeyPassword'),
    },
  }
}

/** The host that counts where none is asked for; the others would be chosen by the name that the client asks for. */
function hostOf(home: CarbonHome, connector: XmlElement): XmlElement | undefined {
  const hosts = childrenNamed(connector, 'SSLHostConfig')
  const wanted = connector.attributes.get('defaultSSLHostConfigName')?.value ?? '_default_'
  const chosen =
    hosts.find(({ attributes }) => (attributes.get('hostName')?.value ?? '_default_') === wanted) ?? hosts[0]
  for (const other of hosts) {
    if (other === chosen) continue
    home.findings.add(
      'warning',
      other,
      'only one SSLHostConfig of a connector is served; this host gets the settings of the default one',
      'Make it a listener of its own: `countersign migrate`.',
    )
  }
  return chosen
}

const supported = ['TLSv1.3', 'TLSv1.2'] as const

function readProtocols(home: CarbonHome, value: XmlValue | undefined): Connector['protocols'] {
  const names = home
    .resolve(value)
    ?.split(/[,+\s]+/)
    .filter(Boolean)
  if (value === undefined || names === undefined || names.length === 0 || names.includes('all')) return undefined
  const kept = supported.filter(each => names.includes(each))
  const gone = names.filter(each => !(kept as readonly string[]).includes(each) && !each.startsWith('-'))
  if (gone.length > 0) {
    home.findings.add(
      'tightened',
      value,
      `${gone.join(', ')} ${gone.length === 1 ? 'is' : 'are'} not offered`,
      'There is no switch for it: clients need TLS 1.2 at least.',
    )
  }
  return kept.length === 0 ? ['TLSv1.2'] : kept
}

/** What docs/wso2.md has as carried, or as deciding what is read. */
export const carried: ReadonlySet<string> = new Set([
  ...['port', 'address', 'scheme', 'SSLEnabled', 'secure', 'clientAuth', 'sslEnabledProtocols', 'maxHttpHeaderSize'],
  ...['keystoreFile', 'keystorePass', 'keyAlias', 'keyPass', 'truststoreFile', 'truststorePass', 'trustMaxCertLength'],
  ...['crlFile', 'secretAlias', 'certificateVerification', 'protocols', 'certificateRevocationListFile', 'hostName'],
  ...['certificateVerificationDepth', 'truststorePassword', 'certificateKeystoreFile', 'certificateKeystorePassword'],
  ...['certificateKeyAlias', 'certificateKeyPassword', 'defaultSSLHostConfigName'],
])

/** The type of a store is told from its first bytes; TLS is the only protocol family there is. */
const needless = new Set([
  'keystoreType',
  'truststoreType',
  'certificateKeystoreType',
  'sslProtocol',
  'protocol',
  'type',
])

/** What would change who gets in, or who can read along: each is told by itself. */
export const weighty: ReadonlyMap<string, string> = new Map([
  ['ciphers', 'cipher suites are not configurable: authenticated encryption with forward secrecy only'],
  ['trustManagerClassName', 'Java classes cannot be loaded: the trust store and the bindings decide'],
  ['SSLVerifyClient', 'the attribute of the APR connector does not count on this one; clientAuth does'],
  ['allowUnsafeLegacyRenegotiation', 'renegotiation is never allowed'],
  ['revocationEnabled', 'revocation is configured by certificate-validation.xml or a crlFile'],
  ['caCertificateFile', 'authorities are taken from the trust store'],
  ['caCertificatePath', 'authorities are taken from the trust store'],
  ['certificateFile', 'the key of the server is taken from a key store'],
  ['certificateKeyFile', 'the key of the server is taken from a key store'],
  ['disableSessionTickets', 'a resumed connection is judged like a new one'],
])

function reportUncarried(home: CarbonHome, connector: XmlElement, host: XmlElement | undefined): void {
  const elements = [connector, ...(host === undefined ? [] : [host, ...childrenNamed(host, 'Certificate')])]
  for (const element of elements) {
    const rest: string[] = []
    for (const [name, value] of element.attributes) {
      const why = weighty.get(name)
      if (why !== undefined) home.findings.add(name === 'ciphers' ? 'tightened' : 'warning', value, `${name}: ${why}`)
      else if (!carried.has(name) && !needless.has(name)) rest.push(name)
    }
    home.findings.noEffect(element, rest, limitsRemedy)
  }
}

const limitsRemedy =
  'The limits of a listener are in docs/configuration.md, and can be set in repository/conf/countersign.yaml.'

function reportValves(home: CarbonHome, valves: readonly XmlElement[]): void {
  const names = valves.map(({ attributes }) =>
    (attributes.get('className')?.value ?? 'without a class').replace(/^.*\./, ''),
  )
  if (names.length > 0) home.findings.add('ignored', valves[0]!, 'valves are not run', undefined, names)
}

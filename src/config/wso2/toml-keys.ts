import { addElement, type GeneratedFiles, httpsConnector, securityStore, setText } from './generated-files.ts'
import { child, type XmlElement, type XmlValue } from './xml.ts'

export interface TomlKey {
  /** the key and its aliases, the strongest first */
  readonly from: readonly string[]
  readonly to: (files: GeneratedFiles, value: XmlValue) => void
}

const securityFolder = '${carbon.home}/repository/resources/security/'

const certificateNames: Readonly<Record<string, string>> = {
  file_name: 'certificateKeystoreFile',
  password: 'certificateKeystorePassword',
  alias: 'certificateKeyAlias',
  key_password: 'certificateKeyPassword',
}

/**
 * Which key of deployment.toml sets what: facts about the templates and key mappings of Carbon 4.5 to 4.12. The stores come first, so that
 * an attribute that is written out for the connector wins over them.
 */
export const tomlKeys: readonly TomlKey[] = [
  {
    from: ['server.offset'],
    to: ({ carbon }, value) => inside(carbon, 'Ports', ports => setText(ports, 'Offset', value)),
  },
  {
    from: ['server.enable_email_username', 'tenant_mgt.enable_email_domain'],
    to: ({ carbon }, value) => carbon && setText(carbon, 'EnableEmailUserName', value),
  },
  ...storeKeys('keystore.primary', 'KeyStore', certificateAttributes),
  // the connector has a key of its own when this is written
  ...['file_name', 'password', 'alias', 'key_password'].map(name => ({
    from: [`keystore.tls.${name}`],
    to: certificateAttributes(name),
  })),
  { from: ['keystore.tls.type'], to: () => {} },
  ...storeKeys('truststore', 'TrustStore', trustAttributes),
  ...connectorKeys(
    'certificateVerification',
    ['certificateVerification', 'certificate_verification', 'clientAuth'],
    'clientAuth',
  ),
  ...connectorKeys('protocols', ['protocols', 'sslEnabledProtocols'], 'sslEnabledProtocols'),
  ...connectorKeys('sslProtocol', ['ssl_protocol', 'sslProtocol'], 'sslProtocol'),
  ...[
    'ciphers',
    'truststoreFile',
    'truststorePassword',
    'truststoreType',
    'trustManagerClassName',
    'certificateVerificationDepth',
    'certificateRevocationListFile',
    'revocationEnabled',
  ].flatMap(name => connectorKeys(name, [], name)),
  ...[
    'certificateKeystoreFile',
    'certificateKeystorePassword',
    'certificateKeystoreType',
    'certificateKeyAlias',
    'certificateKeyPassword',
  ].map(name => ({
    from: [`transport.https.sslHostConfig.certificate.properties.${name}`],
    to: (files: GeneratedFiles, value: XmlValue) => void certificateOf(files)?.attributes.set(name, value),
  })),
  ...[
    'port',
    'address',
    'maxHttpHeaderSize',
    'proxyPort',
    'server',
    'keystoreFile',
    'keystorePass',
    'truststoreFile',
    'truststorePass',
    'keyAlias',
    'keyPass',
  ].map(name => ({
    from: [`transport.https.properties.${name}`],
    to: (files: GeneratedFiles, value: XmlValue) => void httpsConnector(files)?.attributes.set(name, value),
  })),
]

type Attributes = (name: string) => TomlKey['to']

function storeKeys(table: string, element: string, attributes: Attributes): TomlKey[] {
  const texts = {
    file_name: 'Location',
    type: 'Type',
    password: 'Password',
    alias: 'KeyAlias',
    key_password: 'KeyPassword',
  }
  return Object.entries(texts).map(([name, text]) => ({
    from: [`${table}.${name}`],
    to: (files, value) => {
      const store = securityStore(files, element)
      if (store !== undefined) setText(store, text, name === 'file_name' ? located(value) : value)
      attributes(name)(files, value)
    },
  }))
}

function certificateAttributes(name: string): TomlKey['to'] {
  const attribute = certificateNames[name]
  return (files, value) => {
    if (attribute === undefined) return
    certificateOf(files)?.attributes.set(attribute, name === 'file_name' ? located(value) : value)
  }
}

function trustAttributes(name: string): TomlKey['to'] {
  const attribute = { file_name: 'truststoreFile', password: 'truststorePassword' }[name]
  return (files, value) => {
    if (attribute === undefined) return
    hostOf(files)?.attributes.set(attribute, name === 'file_name' ? located(value) : value)
  }
}

/** One setting of the TLS host under its old and new keys; `flat` is its attribute on a connector without such a host. */
function connectorKeys(name: string, aliases: readonly string[], flat: string): TomlKey[] {
  const from = [
    `transport.https.sslHostConfig.properties.${name}`,
    ...aliases.map(alias => `transport.https.properties.${alias}`),
  ]
  return [
    {
      from,
      to: (files, value) => {
        const host = hostOf(files)
        if (host !== undefined) host.attributes.set(name, value)
        else httpsConnector(files)?.attributes.set(flat, value)
      },
    },
  ]
}

function hostOf(files: GeneratedFiles): XmlElement | undefined {
  return child(httpsConnector(files), 'SSLHostConfig')
}

function certificateOf(files: GeneratedFiles): XmlElement | undefined {
  const host = hostOf(files)
  return host && (child(host, 'Certificate') ?? addElement(host, 'Certificate', host))
}

function located(value: XmlValue): XmlValue {
  return { ...value, value: `${securityFolder}${value.value}` }
}

function inside(parent: XmlElement | undefined, name: string, work: (element: XmlElement) => void): void {
  if (parent === undefined) return
  work(child(parent, name) ?? addElement(parent, name, parent))
}

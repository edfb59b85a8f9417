import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { emptyKeyStore, setPrivateKey, setTrustedCertificate } from '../../src/pki/keystore/change.ts'
import { encodeKeyStore } from '../../src/pki/keystore/save.ts'
import type { Certificate } from '../../src/pki/x509/certificate.ts'
import { type Issued, selfSigned } from './certificates.ts'
import { scratchFolder } from './scratch.ts'

export interface HomeOptions {
  /** attributes of the HTTPS connector beside those that every home has */
  readonly connector?: string
  /** the whole block of the MutualSSLAuthenticator; default: enabled, with nothing in it */
  readonly authenticator?: string
  /** trust store entries by alias */
  readonly trusted?: Readonly<Record<string, Certificate>>
  /** further files, by path below the home */
  readonly files?: Readonly<Record<string, string | Buffer>>
  /** inside Security of carbon.xml */
  readonly carbon?: string
  /** beside Security in carbon.xml */
  readonly server?: string
  /** of the stores, default `wso2carbon` */
  readonly password?: string
}

const usualPassword = 'wso2carbon'

let server: Issued | undefined
let all: string | undefined

/** A block for authenticators.xml with these parameters. */
export function mutualSsl(parameters: Readonly<Record<string, string>>, disabled = 'false'): string {
  const config = Object.entries(parameters).map(([name, value]) => `<Parameter name="${name}">${value}</Parameter>`)
  return `<Authenticator name="MutualSSLAuthenticator" disabled="${disabled}"><Priority>5</Priority><Config>${config.join('')}</Config></Authenticator>`
}

/** A small Carbon home of our own on a free port, with a server key for localhost. */
export function carbonHome(options: HomeOptions = {}): string {
  const { connector = 'clientAuth="want"', authenticator = mutualSsl({}), trusted = {}, files = {} } = options
  const { password = usualPassword } = options
  all ??= scratchFolder()
  const home = mkdtempSync(join(all, 'home-'))
  writeHomeFile(home, 'repository/conf/tomcat/catalina-server.xml', catalina(connector, password))
  writeHomeFile(home, 'repository/conf/carbon.xml', carbon(options.carbon ?? '', options.server ?? '', password))
  writeAuthenticators(home, authenticator)
  server ??= selfSigned({
    subject: 'CN=localhost',
    san: [{ dns: 'localhost' }],
    extKeyUsage: ['serverAuth'],
  })
  const keys = setPrivateKey(emptyKeyStore('JKS'), 'wso2carbon', {
    key: server.privateKey,
    chain: [server.certificate],
  })
  writeHomeFile(home, 'repository/resources/security/wso2carbon.jks', encodeKeyStore(keys, { password }))
  writeTrustStore(home, trusted, password)
  for (const [file, text] of Object.entries(files)) writeHomeFile(home, file, text)
  return home
}

export function writeAuthenticators(home: string, blocks: string): void {
  writeHomeFile(home, 'repository/conf/security/authenticators.xml', authenticators(blocks))
}

export function writeTrustStore(
  home: string,
  trusted: Readonly<Record<string, Certificate>>,
  password = usualPassword,
): void {
  let store = emptyKeyStore('JKS')
  for (const [alias, certificate] of Object.entries(trusted)) store = setTrustedCertificate(store, alias, certificate)
  const file = 'repository/resources/security/client-truststore.jks'
  writeHomeFile(home, file, encodeKeyStore(store, { password }))
}

export function writeHomeFile(home: string, file: string, data: string | Buffer): void {
  mkdirSync(dirname(join(home, file)), { recursive: true })
  writeFileSync(join(home, file), data)
}

const catalina = (attributes: string, password: string) => `<Server port="8005"><Service name="Catalina">
<Connector port="0" address="127.0.0.1" scheme="https" SSLEnabled="true" keystorePass="${password}"
  keystoreFile="\${carbon.home}/repository/resources/security/wso2carbon.jks"
  ${attributes}/>
</Service></Server>`

const authenticators = (block: string) =>
  `<Authenticators xmlns="http://wso2.org/projects/carbon/authenticators.xml">\n${block}\n</Authenticators>`

const carbon = (
  security: string,
  server: string,
  password: string,
) => `<Server xmlns="http://wso2.org/projects/carbon/carbon.xml">
<Ports><Offset>0</Offset></Ports>
<Security>
<TrustStore><Location>\${carbon.home}/repository/resources/security/client-truststore.jks</Location><Type>JKS</Type><Password>${password}</Password></TrustStore>
${security}
</Security>${server}</Server>`

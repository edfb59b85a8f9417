import { resolve } from 'node:path'
import { z } from 'zod'
import { isCoded } from '../../errors.ts'
import type { UnreadConfiguration } from '../schema.ts'
import { type AuthenticatorSetting, readAuthenticators } from './authenticators.ts'
import { CarbonHome, type Environment, homeFiles } from './carbon-home.ts'
import { revocationFolder, stateOptions } from './carbon-state.ts'
import { type CarbonSettings, readCarbonXml } from './carbon-xml.ts'
import { type Connector, readConnectors, type StoreSetting } from './catalina-server.ts'
import { withCertificateHeader } from './certificate-header.ts'
import { type RevocationInput, readCertificateValidation } from './certificate-validation.ts'
import { applyDeploymentToml } from './deployment-toml.ts'
import type { Finding } from './finding.ts'
import { newElement } from './generated-files.ts'
import { type IdentitySettings, readIdentityXml } from './identity-xml.ts'
import { javaBoolean } from './java-boolean.ts'
import { layOver, readOwnSettings } from './own-settings.ts'
import { type Priorities, prioritiesOf } from './priorities.ts'
import { servicesOf } from './services.ts'
import { type CarbonTrust, readTrust } from './trust.ts'
import { readTrustEntries, type TrustEntry } from './trust-entries.ts'
import { readUserManagement } from './user-mgt.ts'
import { descend, type XmlElement } from './xml.ts'

/** A Carbon home as a configuration of ours. */
export interface CarbonConfiguration {
  /** passwords stand in it as `env:NAME` */
  readonly configuration: UnreadConfiguration
  readonly findings: readonly Finding[]
  /** what those names stand for */
  readonly secrets: ReadonlyMap<string, string>
}

/** Accepts the keys that WSO2 published; see `published-keys.ts`. Only for trying out an unchanged product. */
export const allowPublishedKeys = 'COUNTERSIGN_INSECURE_ALLOW_PUBLISHED_KEYS'

/**
 * Reads the files of a home, as WSO2's products from Carbon 4.4 to 4.12 have them, and says of each setting that counts for who gets in what
 * became of it. Throws ERR_CARBON_HOME; whatever else is wrong is an error among the findings.
 */
export async function carbonConfiguration(folder: string, env: Environment): Promise<CarbonConfiguration> {
  const home = new CarbonHome(resolve(folder), env)
  const files = {
    catalina: home.xml(homeFiles.catalina),
    carbon: home.xml(homeFiles.carbon),
    authenticators: home.xml(homeFiles.authenticators),
    identity: home.xml(homeFiles.identity) ?? home.xml('repository/conf/identity.xml') ?? emptyFile(homeFiles.identity),
    validation: home.xml(homeFiles.validation) ?? emptyFile(homeFiles.validation),
  }
  applyDeploymentToml(home, files)
  const carbon = readCarbonXml(home, files.carbon)
  const { mutualSsl, basic } = readAuthenticators(home, files.authenticators)
  const identity = readIdentityXml(home, files.identity)
  const own = withCertificateHeader(home, readOwnSettings(home), identity.certificateHeader)
  if (files.catalina === undefined) {
    home.findings.add(
      'error',
      { file: homeFiles.catalina, line: undefined },
      'there is no such file that can be read',
      'Name a whole Carbon home.',
    )
  }
  const connectors = files.catalina === undefined ? [] : readConnectors(home, files.catalina)
  const insecureAllowPublishedKeys = env[allowPublishedKeys] === 'true' || allowsPublishedKeys(own)
  const stores = await openStores(home, connectors, carbon, insecureAllowPublishedKeys)
  const place = descend(files.carbon, 'Security', 'TrustStore') ??
    files.carbon ?? { file: homeFiles.carbon, line: undefined }
  const entries = [...stores.values()].flat()
  const tenants = carbon.emailUserNames ? 'suffix-email' : 'suffix'
  const trust = readTrust(home, { setting: mutualSsl, rest: identity.certificates, entries, tenants, place })
  const listeners = connectors.map((connector, i) => listenerOf(connector, i, carbon, trust, stores))
  const revocation = revocationOf(connectors, readCertificateValidation(home, files.validation))
  const priorities = prioritiesOf(home, mutualSsl, basic)
  const soapCertificates = mutualTls(home, mutualSsl, priorities)
  const restAlone = !soapCertificates.enabled && isBound(identity)
  const certificates = soapCertificates.enabled || restAlone
  const passwords = basic?.enabled ?? true
  reportRest(home, mutualSsl, identity, certificates, files.identity)
  const services = servicesOf(home, {
    carbon,
    identity,
    users: readUserManagement(home),
    soapCertificates: soapCertificates.enabled,
    certificates,
    passwords,
    place: mutualSsl ?? place,
  })
  const configuration: UnreadConfiguration = {
    listeners,
    management: { port: 9990 + carbon.offset },
    ...(revocation === undefined ? {} : { revocation: { ...revocation, folder: revocationFolder } }),
    authenticators: {
      'mutual-tls': {
        ...soapCertificates,
        enabled: certificates,
        priority: priorities.mutualTls,
        tenants,
        ...(insecureAllowPublishedKeys ? { insecureAllowPublishedKeys } : {}),
        allowList: {
          enabled: trust.whiteList !== undefined,
          thumbprints: [...(trust.whiteList?.sha256 ?? [])],
          ...(trust.whiteList?.sha1.length ? { insecureSha1Thumbprints: [...trust.whiteList.sha1] } : {}),
        },
        bindings: [...trust.bindings],
      },
      basic: { enabled: passwords, priority: priorities.basic, tenants },
    },
    ...services,
    ...stateOptions,
  }
  return { configuration: layOver(home, configuration, own), findings: home.findings.all, secrets: home.secrets }
}

function emptyFile(file: string): XmlElement {
  return newElement('Server', { file, line: undefined })
}

/** identity.xml says by itself who a certificate is. */
function isBound({ certificates: { mode } }: IdentitySettings): boolean {
  return mode === 'mapped' || mode === 'intermediate'
}

/** In the original the REST paths took any trusted certificate, whatever the MutualSSLAuthenticator said. */
function reportRest(
  home: CarbonHome,
  mutualSsl: AuthenticatorSetting | undefined,
  { certificates: { mode } }: IdentitySettings,
  certificates: boolean,
  root: XmlElement,
): void {
  if (mode === 'default' && !certificates && root.line !== undefined) {
    const what =
      'the original takes certificates on the REST paths without the MutualSSLAuthenticator; here it is the one switch for both'
    home.findings.add('tightened', root, what, 'Switch the MutualSSLAuthenticator on.')
  }
  if (certificates && mode !== 'default' && mode !== 'off' && mutualSsl?.enabled) {
    const what = 'the users that identity.xml binds to certificates hold for SOAP as well'
    home.findings.add(
      'warning',
      root,
      what,
      'Leave SOAP to others by soap.require in repository/conf/countersign.yaml.',
    )
  }
}

/** It decides which entries of the trust store count, so it has to be known before they are read. */
function allowsPublishedKeys(own: Readonly<Record<string, unknown>>): boolean {
  const found = allowance.safeParse(own)
  return found.success && found.data.authenticators['mutual-tls'].insecureAllowPublishedKeys
}

const allowance = z.looseObject({
  authenticators: z.looseObject({ 'mutual-tls': z.looseObject({ insecureAllowPublishedKeys: z.boolean() }) }),
})

type ListenerInput = UnreadConfiguration['listeners'][number]
type StoreEntries = ReadonlyMap<string, readonly TrustEntry[]>

/** The trust stores of all connectors, each opened once. */
async function openStores(
  home: CarbonHome,
  connectors: readonly Connector[],
  carbon: CarbonSettings,
  allowPublished: boolean,
): Promise<StoreEntries> {
  const stores = new Map<string, readonly TrustEntry[]>()
  for (const connector of connectors) {
    const { file, password } = trustStoreOf(connector, carbon)
    if (file === undefined)
      home.findings.add(
        'error',
        connector,
        'no trust store is named, here or in carbon.xml',
        'Name one in Security/TrustStore of carbon.xml.',
      )
    if (file === undefined || stores.has(file)) continue
    try {
      const secret = password?.replace(/^env:/, '')
      const text = secret === undefined ? undefined : (home.secrets.get(secret) ?? home.env[secret])
      stores.set(file, await readTrustEntries(resolve(home.folder, file), text, allowPublished))
    } catch (error) {
      if (!isCoded(error)) throw error
      home.findings.add('error', connector, error.message, error.remedy)
    }
  }
  return stores
}

function trustStoreOf({ trustStore }: Connector, carbon: CarbonSettings): StoreSetting {
  return trustStore.file === undefined ? carbon.trustStore : trustStore
}

function listenerOf(
  connector: Connector,
  index: number,
  carbon: CarbonSettings,
  { anchors, direct }: CarbonTrust,
  stores: StoreEntries,
): ListenerInput {
  const port = connector.port + carbon.offset
  const key = connector.keyStore.file === undefined ? carbon.keyStore : connector.keyStore
  const trust = trustStoreOf(connector, carbon)
  const { address, protocols, maxHeaderBytes, maxPathDepth, clientAuth } = connector
  const aliases =
    trust.file === undefined
      ? []
      : (stores.get(trust.file) ?? []).filter(entry => anchors.has(entry)).map(({ alias }) => alias)
  return {
    name: index === 0 ? 'main' : `https-${port}`,
    ...(address === undefined ? {} : { address }),
    port,
    clientAuth,
    keyStore: {
      file: key.file ?? '',
      ...optional({ password: key.password, keyPassword: key.keyPassword, alias: key.alias }),
    },
    trustStore:
      trust.file === undefined ? [] : [{ file: trust.file, ...optional({ password: trust.password }), aliases }],
    ...(protocols === undefined ? {} : { protocols }),
    ...(direct
      ? { maxPathDepth: 0 }
      : maxPathDepth === undefined
        ? {}
        : { maxPathDepth: Math.min(20, Math.max(0, maxPathDepth)) }),
    ...(maxHeaderBytes === undefined
      ? {}
      : { limits: { maxHeaderBytes: Math.min(1_048_576, Math.max(1024, maxHeaderBytes)) } }),
  }
}

function optional<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never
}

/** A list that a connector names was the whole of what Java asked, and it had to cover every client. */
function revocationOf(connectors: readonly Connector[], validation: RevocationInput | undefined) {
  const files = connectors.flatMap(({ crlFile }) => crlFile ?? [])
  if (files.length === 0) return validation
  return {
    ...validation,
    mode: 'require' as const,
    order: validation?.order ?? ['crl' as const],
    crl: { ...validation?.crl, files },
  }
}

function mutualTls(home: CarbonHome, setting: AuthenticatorSetting | undefined, { basicFirst }: Priorities) {
  if (setting === undefined) return { enabled: false }
  const { parameters } = setting
  const missing = javaBoolean(parameters.get('WhiteListEnabled')?.value) && !parameters.has('WhiteList')
  if (missing)
    home.findings.add(
      'warning',
      setting,
      'WhiteListEnabled without WhiteList: as in the original, certificates identify nobody',
      'Name the thumbprints.',
    )
  const name = parameters.get('UsernameHeader')?.value
  reportParameters(home, setting)
  return { enabled: setting.enabled && !missing && !basicFirst, ...(name ? { usernameHeader: { name } } : {}) }
}

/** Parameters of the MutualSSLAuthenticator; besides these the maps of issuers and thumbprints. */
export const authenticatorParameters: ReadonlySet<string> = new Set([
  'UsernameHeader',
  'WhiteListEnabled',
  'WhiteList',
  'EnableSHA256',
  'allowed_issuers',
])

function reportParameters(home: CarbonHome, { parameters }: AuthenticatorSetting): void {
  for (const [name, value] of parameters) {
    if (authenticatorParameters.has(name) || name.startsWith('issuer_') || name.startsWith('cert_thumbprint_')) continue
    const likely =
      [...authenticatorParameters].find(each => each.toLowerCase() === name.toLowerCase()) ??
      (/^allow_?list$/i.test(name) ? 'WhiteList' : undefined)
    const what = `the parameter ${name} is not known, here or in the original`
    home.findings.add(
      likely === undefined ? 'ignored' : 'warning',
      value,
      what,
      likely && `${likely} is the one that counts.`,
    )
  }
}

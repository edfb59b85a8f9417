import type { Place } from './finding.ts'
import { addElement, type GeneratedFiles, newElement, setText } from './generated-files.ts'
import { child, childrenNamed, elementsNamed, type XmlElement } from './xml.ts'

/** Tables of deployment.toml that become parts of identity.xml and certificate-validation.xml. */
export const identityTables = [
  'client_certificate_based_authentication',
  'intermediate_cert_validation',
  'resource.access_control',
  'event.default_listener.client_certificate_authentication_handler',
  'certificate_validation.ocsp_validator_enabled',
  'certificate_validation.crl_validator_enabled',
] as const

type Table = Readonly<Record<string, unknown>>

/** Lays them over the files as the templates of the products do: facts about Carbon 4.5 to 4.12. `at` tells where a table stands. */
export function applyIdentityTables(files: GeneratedFiles, toml: Table, at: (table: string) => Place): void {
  const { identity, validation } = files
  const mapping = tableOf(toml.client_certificate_based_authentication)
  if (mapping !== undefined) applyMapping(identity, mapping, at('client_certificate_based_authentication'))
  const intermediate = tableOf(toml.intermediate_cert_validation)
  if (intermediate !== undefined) applyIntermediate(identity, intermediate, at('intermediate_cert_validation'))
  const rules = tablesOf(tableOf(toml.resource)?.access_control)
  if (rules.length > 0) applyAccess(identity, rules, at('resource.access_control'))
  const listener = tableOf(tableOf(toml.event)?.default_listener)?.client_certificate_authentication_handler
  const enable = tableOf(listener)?.enable
  if (enable !== undefined)
    applyHandler(identity, String(enable), at('event.default_listener.client_certificate_authentication_handler'))
  const validators = tableOf(toml.certificate_validation)
  for (const [key, name] of validatorKeys) {
    const on = validators?.[key]
    if (on !== undefined) applyValidator(validation, name, String(on), at('certificate_validation'))
  }
}

const validatorKeys = [
  ['ocsp_validator_enabled', 'OCSPValidator'],
  ['crl_validator_enabled', 'CRLValidator'],
] as const

function applyMapping(identity: XmlElement, table: Table, place: Place): void {
  const root = fresh(identity, 'ClientCertBasedAuthentication', place)
  setAttribute(root, 'enable', table.enable ?? false)
  const kinds = [
    ['user_thumbprint_mapping', 'UserThumbprintMappings', 'allowed_username', 'AllowedUsername'],
    ['system_thumbprint_mapping', 'SystemThumbprintMappings', 'allowed_system_user', 'AllowedSystemUser'],
  ] as const
  for (const [key, listName, userKey, userName] of kinds) {
    const list = addElement(root, listName, place)
    for (const entry of tablesOf(table[key])) {
      const mapping = addElement(list, 'Mapping', place)
      for (const [from, to] of [
        ['trusted_issuer', 'TrustedIssuer'],
        ['cert_thumbprint', 'CertThumbprint'],
      ] as const)
        if (entry[from] !== undefined) setText(mapping, to, { ...place, value: String(entry[from]) })
      for (const user of listOf(entry[userKey])) addElement(mapping, userName, place).text = user
    }
  }
}

function applyIntermediate(identity: XmlElement, table: Table, place: Place): void {
  const root = fresh(identity, 'IntermediateCertValidation', place)
  setAttribute(root, 'enable', table.enable ?? false)
  const names = addElement(root, 'IntermediateCerts', place)
  for (const name of listOf(table.cert_cns)) addElement(names, 'CertCN', place).text = name
  const exempt = addElement(root, 'ExemptContext', place)
  for (const context of listOf(table.exempt_contexts)) addElement(exempt, 'Context', place).text = context
}

/** They come before the rules of the product. */
function applyAccess(identity: XmlElement, rules: readonly Table[], place: Place): void {
  const access = child(identity, 'ResourceAccessControl') ?? addElement(identity, 'ResourceAccessControl', place)
  const resources = rules.map(rule => {
    const resource = newElement('Resource', place)
    if (rule.context !== undefined) setAttribute(resource, 'context', rule.context)
    setAttribute(resource, 'secured', rule.secure ?? rule.secured ?? true)
    setAttribute(resource, 'http-method', listOf(rule.http_method ?? '').join(','))
    if (rule.cross_tenant !== undefined) setAttribute(resource, 'cross-tenant', rule.cross_tenant)
    if (rule.allowed_auth_handlers !== undefined)
      setAttribute(resource, 'allowed-auth-handlers', listOf(rule.allowed_auth_handlers).join(','))
    addElement(resource, 'Permissions', place).text = listOf(rule.permissions).join(',')
    for (const scope of listOf(rule.scopes)) addElement(resource, 'Scopes', place).text = scope
    return resource
  })
  access.children.unshift(...resources)
}

function applyHandler(identity: XmlElement, enable: string, place: Place): void {
  const name = 'ClientCertificateBasedAuthenticationHandler'
  const known = [...elementsNamed(identity, 'EventListener')].find(({ attributes }) =>
    attributes.get('name')?.value.trim().endsWith(`.${name}`),
  )
  const listeners = child(identity, 'EventListeners') ?? addElement(identity, 'EventListeners', place)
  const listener = known ?? addElement(listeners, 'EventListener', place)
  if (known === undefined) setAttribute(listener, 'name', `org.wso2.carbon.identity.auth.service.handler.impl.${name}`)
  listener.attributes.set('enable', { ...place, value: enable })
}

function applyValidator(validation: XmlElement, name: string, enable: string, place: Place): void {
  const list = child(validation, 'Validators') ?? addElement(validation, 'Validators', place)
  const isNamed = ({ attributes }: XmlElement) => attributes.get('displayName')?.value === name
  const known = childrenNamed(list, 'Validator').find(isNamed)
  const validator = known ?? addElement(list, 'Validator', place)
  if (known === undefined) {
    setAttribute(validator, 'displayName', name)
    const chain = addElement(validator, 'Parameter', place)
    setAttribute(chain, 'name', 'fullChainValidation')
    chain.text = 'true'
  }
  validator.attributes.set('enable', { ...place, value: enable })
}

function fresh(parent: XmlElement, name: string, place: Place): XmlElement {
  const old = child(parent, name)
  if (old !== undefined) parent.children.splice(parent.children.indexOf(old), 1)
  return addElement(parent, name, place)
}

function setAttribute(element: XmlElement, name: string, value: unknown): void {
  element.attributes.set(name, { file: element.file, line: element.line, value: String(value) })
}

function tableOf(value: unknown): Table | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Table) : undefined
}

function tablesOf(value: unknown): Table[] {
  const values: unknown[] = Array.isArray(value) ? value : [value]
  return values.map(tableOf).filter(table => table !== undefined)
}

function listOf(value: unknown): string[] {
  if (value === undefined) return []
  return (Array.isArray(value) ? value : String(value).split(',')).map(each => String(each).trim()).filter(Boolean)
}

import type { CarbonHome } from './carbon-home.ts'
import type { Place } from './finding.ts'
import { javaBoolean } from './java-boolean.ts'
import { child, childrenNamed, descend, elementsNamed, place, textOf, type XmlElement, type XmlValue } from './xml.ts'

/**
 * What identity.xml says of client certificates on the REST paths. `default`: the authenticator decides, as for SOAP. `off`: certificates say
 * nothing there. `mapped`: ClientCertBasedAuthentication (after CVE-2025-9312). `intermediate`: the subject's CN is the user, below issuers of
 * certain names.
 */
export type RestCertificates =
  | { readonly mode: 'default' | 'off' }
  | { readonly mode: 'mapped'; readonly mappings: readonly RestMapping[] }
  | { readonly mode: 'intermediate'; readonly issuers: readonly XmlValue[] }

export interface RestMapping extends Place {
  /** a distinguished name */
  readonly issuer: XmlValue
  /** SHA-256, lower-case hex; undefined: every certificate of the issuer */
  readonly thumbprint: string | undefined
  /** `['*']`: any */
  readonly users: readonly string[]
  /** whether the first of the users is meant where the request names none */
  readonly byDefault: boolean
}

export function readRestCertificates(home: CarbonHome, root: XmlElement): RestCertificates {
  const handler = listenerOf(root, 'ClientCertificateBasedAuthenticationHandler')
  const mapping = child(root, 'ClientCertBasedAuthentication')
  const intermediate = child(root, 'IntermediateCertValidation')
  const exempt = descend(intermediate, 'ExemptContext')
  if (handler !== undefined && !isOn(home, handler, 'enable')) return { mode: 'off' }
  if (isOn(home, intermediate, 'enable')) {
    if (exempt !== undefined && exempt.children.length > 0)
      home.findings.add('tightened', exempt, 'ExemptContext exempts nothing here', 'There is no switch for it.')
    if (isOn(home, mapping, 'enable'))
      home.findings.add(
        'warning',
        mapping!,
        'IntermediateCertValidation is on too, and is the one that counts, as in the original',
      )
    return { mode: 'intermediate', issuers: listOf(descend(intermediate, 'IntermediateCerts'), 'CertCN') }
  }
  if (mapping === undefined) return { mode: 'default' }
  return isOn(home, mapping, 'enable') ? { mode: 'mapped', mappings: readMappings(home, mapping) } : { mode: 'off' }
}

/** Whether the password handler of the REST paths is switched off. */
export function restPasswordsOff(home: CarbonHome, root: XmlElement): boolean {
  const handler = listenerOf(root, 'BasicAuthenticationHandler')
  return handler !== undefined && !isOn(home, handler, 'enable')
}

function listenerOf(root: XmlElement, className: string): XmlElement | undefined {
  return [...elementsNamed(root, 'EventListener')].find(({ attributes }) =>
    attributes.get('name')?.value.trim().endsWith(`.${className}`),
  )
}

function isOn(home: CarbonHome, element: XmlElement | undefined, attribute: string): boolean {
  return javaBoolean(home.resolve(element?.attributes.get(attribute))?.trim())
}

function listOf(element: XmlElement | undefined, name: string): XmlValue[] {
  return childrenNamed(element, name).flatMap(each => textOf(each) ?? [])
}

function readMappings(home: CarbonHome, root: XmlElement): RestMapping[] {
  const users = childrenNamed(child(root, 'UserThumbprintMappings'), 'Mapping').flatMap(
    element => readMapping(home, element, listOf(element, 'AllowedUsername'), false) ?? [],
  )
  const system = childrenNamed(child(root, 'SystemThumbprintMappings'), 'Mapping').flatMap(
    element => readMapping(home, element, listOf(element, 'AllowedSystemUser'), true) ?? [],
  )
  return [...system, ...users]
}

function readMapping(
  home: CarbonHome,
  element: XmlElement,
  listed: readonly XmlValue[],
  system: boolean,
): RestMapping | undefined {
  const issuer = textOf(child(element, 'TrustedIssuer'))
  if (issuer === undefined || issuer.value === '*') {
    home.findings.add(
      'warning',
      element,
      'a mapping without a TrustedIssuer lets nobody in, as in the original',
      'Name one.',
    )
    return undefined
  }
  const thumbprint = textOf(child(element, 'CertThumbprint'))
  const hex = thumbprint?.value.replaceAll(':', '').toLowerCase()
  const every = hex === undefined || hex === '*'
  if (!every && !/^[0-9a-f]{64}$/.test(hex)) {
    home.findings.add(
      'warning',
      thumbprint!,
      'no SHA-256 thumbprint, so the mapping lets nobody in',
      'Write 64 hexadecimal digits.',
    )
    return undefined
  }
  const names = listed.map(({ value }) => value)
  const any = names.length === 0 || names.includes('*')
  if (any && system) {
    const what =
      'a system mapping without a user let requests in that were nobody’s; here each is somebody’s, so it lets nobody in'
    home.findings.add('tightened', element, what, 'Name an AllowedSystemUser.')
    return undefined
  }
  return {
    ...place(element),
    issuer,
    thumbprint: every ? undefined : hex,
    users: any ? ['*'] : names,
    byDefault: system,
  }
}

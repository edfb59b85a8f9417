import { contextTag, type DerElement, type DerReader, derError, readSmallInteger, tag } from '../asn1/der.ts'
import { dottedOid } from '../asn1/oid-names.ts'
import { type ExtensionReader, extensionReader } from './extensions.ts'

export const anyPolicy = '2.5.29.32.0'

export interface CertificatePolicies {
  /** object identifiers of the policies */
  readonly policies: readonly string[]
  /** object identifiers of the kinds of qualifiers; what they say is for people */
  readonly qualifiers: readonly string[]
}

/** RFC 5280 section 4.2.1.4 */
export const certificatePolicies: ExtensionReader<CertificatePolicies> = extensionReader(
  '2.5.29.32',
  'certificatePolicies',
  reader => {
    const list = reader.enter()
    if (list.done) throw derError('no policy')
    const policies = new Set<string>()
    const qualifiers = new Set<string>()
    while (!list.done) {
      const information = list.enter()
      const policy = dottedOid(information.element(tag.oid))
      if (policies.has(policy)) throw derError(`policy ${policy} occurs twice`)
      policies.add(policy)
      if (!information.done) readQualifiers(information.enter(), qualifiers)
      information.close('the policy information')
    }
    return { policies: [...policies], qualifiers: [...qualifiers] }
  },
)

function readQualifiers(list: DerReader, into: Set<string>): void {
  while (!list.done) {
    const qualifier = list.enter()
    into.add(dottedOid(qualifier.element(tag.oid)))
    qualifier.element()
    qualifier.close('the policy qualifier')
  }
}

export interface PolicyMapping {
  readonly issuerDomain: string
  readonly subjectDomain: string
}

/** RFC 5280 section 4.2.1.5 */
export const policyMappings: ExtensionReader<readonly PolicyMapping[]> = extensionReader(
  '2.5.29.33',
  'policyMappings',
  reader => {
    const list = reader.enter()
    if (list.done) throw derError('no mapping')
    const mappings: PolicyMapping[] = []
    while (!list.done) {
      const fields = list.enter()
      const issuerDomain = dottedOid(fields.element(tag.oid))
      const subjectDomain = dottedOid(fields.element(tag.oid))
      fields.close('the policy mapping')
      mappings.push({ issuerDomain, subjectDomain })
    }
    return mappings
  },
)

export interface PolicyConstraints {
  /** after how many further certificates an acceptable policy is required */
  readonly requireExplicitPolicy: number | undefined
  readonly inhibitPolicyMapping: number | undefined
}

/** RFC 5280 section 4.2.1.11 */
export const policyConstraints: ExtensionReader<PolicyConstraints> = extensionReader(
  '2.5.29.36',
  'policyConstraints',
  reader => {
    const fields = reader.enter()
    const explicit = skipCerts(fields.optional(contextTag(0, 'primitive')))
    const mapping = skipCerts(fields.optional(contextTag(1, 'primitive')))
    fields.close('the policy constraints')
    if (explicit === undefined && mapping === undefined) throw derError('neither constraint is there')
    return { requireExplicitPolicy: explicit, inhibitPolicyMapping: mapping }
  },
)

/** RFC 5280 section 4.2.1.14 */
export const inhibitAnyPolicy: ExtensionReader<{ readonly skipCerts: number }> = extensionReader(
  '2.5.29.54',
  'inhibitAnyPolicy',
  reader => ({ skipCerts: readSmallInteger(reader.element(tag.integer)) }),
)

function skipCerts(element: DerElement | undefined): number | undefined {
  return element === undefined ? undefined : readSmallInteger(element)
}

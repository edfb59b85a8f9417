import { isCoded } from '../../errors.ts'
import type { Certificate } from '../x509/certificate.ts'
import { crlDistributionPoints, freshestCrl } from '../x509/distribution-points.ts'
import {
  authorityInfoAccess,
  authorityKeyIdentifier,
  basicConstraints,
  type ExtensionReader,
  extendedKeyUsage,
  keyUsage,
  subjectAltNames,
  subjectKeyIdentifier,
} from '../x509/extensions.ts'
import { nameConstraints } from '../x509/name-constraints.ts'
import { certificatePolicies, inhibitAnyPolicy, policyConstraints, policyMappings } from '../x509/policies.ts'
import { keyWeakness } from './key-weakness.ts'
import type { PathTrace } from './trace.ts'
import { type Purpose, type Untrusted, untrusted } from './verdict.ts'
import type { InsecureAlgorithm } from './weak-algorithms.ts'

export interface CertificateRules {
  readonly at: number
  readonly purpose: Purpose
  readonly insecure: ReadonlySet<InsecureAlgorithm>
  readonly trace?: PathTrace | undefined
}

type Check = (certificate: Certificate, rules: CertificateRules) => Untrusted | undefined

const everyCertificate: readonly Check[] = [checkForm, checkExtensions, checkAltNames, checkValidity, checkKey]
const ofTarget: readonly Check[] = [...everyCertificate, checkKeyReadable, checkTargetUsage, checkTargetPurpose]
const ofIssuer: readonly Check[] = [checkCertificateSigning, checkIssuerPurpose]
const ofIntermediate: readonly Check[] = [...everyCertificate, checkAuthority, ...ofIssuer]
const ofTop: readonly Check[] = [...everyCertificate, checkTopAuthority, ...ofIssuer]
const ofCrlIssuer: readonly Check[] = [...everyCertificate, checkCrlSigning]

/** The certificate at the end of the path: may it be used as the purpose says? */
export const checkTarget = row(ofTarget)

/** A certificate with an issuer known here: may it issue others? */
export const checkIntermediate = row(ofIntermediate)

/** An entry of the trust store with none of its issuers beside it. */
export const checkTop = row(ofTop)

/** A certificate at the end of a path that is built only to trust a revocation list. */
export const checkCrlIssuer = row(ofCrlIssuer)

/** Whether anything may be verified with the key of a certificate. */
export const checkIssuerKey = row([checkKey, checkKeyReadable])

function row(checks: readonly Check[]): Check {
  return (certificate, rules) => {
    for (const check of checks) {
      const failure = unlessMalformed(check, certificate, rules)
      rules.trace?.({ check: check.name, certificate, failure })
      if (failure !== undefined) return failure
    }
    return undefined
  }
}

function unlessMalformed(check: Check, certificate: Certificate, rules: CertificateRules): Untrusted | undefined {
  try {
    return check(certificate, rules)
  } catch (error) {
    if (!isCoded(error)) throw error
    return untrusted('certificate_malformed', error.message, certificate)
  }
}

// RFC 5280 sections 4.1.1.2, 4.1.2.2 and 4.1.2.4
function checkForm(certificate: Certificate): Untrusted | undefined {
  const wrong = (detail: string) => untrusted('certificate_malformed', detail, certificate)
  if (!certificate.signatureAlgorithm.raw.equals(certificate.tbsSignatureAlgorithm.raw)) {
    return wrong('the signature algorithm inside the certificate is not the one outside')
  }
  // a number that is written in two ways would not be found in a revocation list
  if (/^(00[0-7]|ff[89a-f])/.test(certificate.serialNumber))
    return wrong('the serial number is not in its shortest form')
  return certificate.issuer.rdns.length === 0 ? wrong('the name of the issuer is empty') : undefined
}

// Everything that this room, or a room that builds on its verdict, will read. Values nobody has to process are only recognized.
const understood = new Map<string, ExtensionReader<unknown> | undefined>([
  ['2.5.29.14', subjectKeyIdentifier],
  ['2.5.29.15', keyUsage],
  ['2.5.29.17', subjectAltNames],
  // issuerAltName: "MUST NOT be processed as part of the certification path validation" (section 4.2.1.7)
  ['2.5.29.18', undefined],
  ['2.5.29.19', basicConstraints],
  ['2.5.29.30', nameConstraints],
  ['2.5.29.31', crlDistributionPoints],
  ['2.5.29.32', certificatePolicies],
  ['2.5.29.33', policyMappings],
  ['2.5.29.35', authorityKeyIdentifier],
  ['2.5.29.36', policyConstraints],
  ['2.5.29.37', extendedKeyUsage],
  ['2.5.29.46', freshestCrl],
  ['2.5.29.54', inhibitAnyPolicy],
  ['1.3.6.1.5.5.7.1.1', authorityInfoAccess],
  // OCSP no check (RFC 6960 section 4.2.2.2.1) permits less work; doing the work all the same is right
  ['1.3.6.1.5.5.7.48.1.5', undefined],
])

// RFC 5280 sections 4.2 and 6.1.4 (o): an unknown critical extension; and no known one may be broken
function checkExtensions(certificate: Certificate): Untrusted | undefined {
  for (const { oid, critical } of certificate.extensions.values()) {
    understood.get(oid)?.(certificate)
    if (critical && !understood.has(oid)) {
      return untrusted('certificate_malformed', `the extension ${oid} is critical, and unknown here`, certificate)
    }
  }
  return checkPolicyQualifiers(certificate)
}

const understoodQualifiers = new Set(['1.3.6.1.5.5.7.2.1', '1.3.6.1.5.5.7.2.2'])

// RFC 5280 section 4.2.1.4: in a critical extension the qualifiers have to be understood as well
function checkPolicyQualifiers(certificate: Certificate): Untrusted | undefined {
  if (certificate.extensions.get('2.5.29.32')?.critical !== true) return undefined
  const unknown = certificatePolicies(certificate)?.qualifiers.find(oid => !understoodQualifiers.has(oid))
  if (unknown === undefined) return undefined
  return untrusted(
    'certificate_malformed',
    `the policy qualifier ${unknown} is critical, and unknown here`,
    certificate,
  )
}

const proper = { dNSName: /^[\x21-\x7e]+$/, uniformResourceIdentifier: /^[\x21-\x7e]+$/, rfc822Name: /^[\x20-\x7e]+$/ }

// RFC 5280 section 4.2.1.6. Blanks and controls in a name can only be there to be read in two ways.
function checkAltNames(certificate: Certificate): Untrusted | undefined {
  for (const name of subjectAltNames(certificate) ?? []) {
    if (name.type !== 'otherName' && 'value' in name && !proper[name.type].test(name.value)) {
      return untrusted('certificate_malformed', `a ${name.type} is empty or has control characters`, certificate)
    }
  }
  return undefined
}

// RFC 5280 sections 4.1.2.5 and 6.1.3 (a)(2): both ends included
function checkValidity(certificate: Certificate, { at }: CertificateRules): Untrusted | undefined {
  const { notBefore, notAfter } = certificate
  const day = (time: number) => new Date(time).toISOString().replace('.000Z', 'Z')
  if (at < notBefore) {
    return untrusted('certificate_not_yet_valid', `the certificate is valid from ${day(notBefore)}`, certificate)
  }
  if (at > notAfter) return untrusted('certificate_expired', `the certificate expired on ${day(notAfter)}`, certificate)
  return undefined
}

// Key types, curves and sizes: docs/validation.md
function checkKey(certificate: Certificate, { insecure }: CertificateRules): Untrusted | undefined {
  const weakness = keyWeakness(certificate, insecure)
  return weakness === undefined ? undefined : untrusted('key_too_weak', weakness, certificate)
}

function checkKeyReadable(certificate: Certificate): undefined {
  certificate.publicKey()
}

// RFC 5280 section 4.2.1.3. TLS 1.3 clients sign, so nothing but digitalSignature will do; RSA servers of TLS 1.2 may also decipher.
function checkTargetUsage(certificate: Certificate, { purpose }: CertificateRules): Untrusted | undefined {
  const usage = keyUsage(certificate)
  if (purpose === 'any' || usage === undefined || usage.has('digitalSignature')) return undefined
  if (purpose === 'server' && (usage.has('keyEncipherment') || usage.has('keyAgreement'))) return undefined
  return untrusted('purpose_not_allowed', 'the key usage does not allow digital signatures', certificate)
}

const purposeOids = { client: '1.3.6.1.5.5.7.3.2', server: '1.3.6.1.5.5.7.3.1' } as const
const anyExtendedKeyUsage = '2.5.29.37.0'

// RFC 5280 section 4.2.1.12: no extension means every purpose, and so does anyExtendedKeyUsage
function purposeAllowed(certificate: Certificate, purpose: Purpose): boolean {
  const purposes = extendedKeyUsage(certificate)
  if (purpose === 'any' || purposes === undefined) return true
  return purposes.includes(purposeOids[purpose]) || purposes.includes(anyExtendedKeyUsage)
}

function checkTargetPurpose(certificate: Certificate, { purpose }: CertificateRules): Untrusted | undefined {
  if (purposeAllowed(certificate, purpose)) return undefined
  return untrusted('purpose_not_allowed', `the extended key usage has no ${purpose} authentication`, certificate)
}

/**
 * Whether the certificate says that it is an authority: by its basic constraints (RFC 5280 section 6.1.4 (k)). The top of a trust store
 * may say so by a key usage with keyCertSign alone, as old roots do; without either, an imported client certificate would be one.
 */
export function isAuthority(certificate: Certificate, place: 'top' | 'below'): boolean {
  const constraints = basicConstraints(certificate)
  if (constraints !== undefined || place === 'below') return constraints?.ca === true
  return keyUsage(certificate)?.has('keyCertSign') === true
}

const noAuthority = 'the issuer is no authority: its basic constraints do not say so'

function checkAuthority(certificate: Certificate): Untrusted | undefined {
  return isAuthority(certificate, 'below') ? undefined : untrusted('constraint_violated', noAuthority, certificate)
}

function checkTopAuthority(certificate: Certificate): Untrusted | undefined {
  return isAuthority(certificate, 'top') ? undefined : untrusted('constraint_violated', noAuthority, certificate)
}

// RFC 5280 section 6.1.4 (n)
function checkCertificateSigning(certificate: Certificate): Untrusted | undefined {
  const usage = keyUsage(certificate)
  if (usage === undefined || usage.has('keyCertSign')) return undefined
  return untrusted(
    'constraint_violated',
    'the key usage of the issuer does not allow it to sign certificates',
    certificate,
  )
}

// Nested extended key usage: not in RFC 5280, but what every TLS stack does, and what an authority for servers only relies on
function checkIssuerPurpose(certificate: Certificate, { purpose }: CertificateRules): Untrusted | undefined {
  if (purposeAllowed(certificate, purpose)) return undefined
  return untrusted('purpose_not_allowed', `the issuer may not issue for ${purpose} authentication`, certificate)
}

// RFC 5280 section 6.3.3 (f)
export function checkCrlSigning(certificate: Certificate): Untrusted | undefined {
  const usage = keyUsage(certificate)
  if (usage === undefined || usage.has('cRLSign')) return undefined
  return untrusted(
    'revocation_unknown',
    'the key usage of the issuer of the revocation list does not allow it',
    certificate,
  )
}

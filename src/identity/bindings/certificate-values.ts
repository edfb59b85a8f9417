import { CodedError } from '../../errors.ts'
import { buildName } from '../../pki/x509/build-name.ts'
import type { Certificate } from '../../pki/x509/certificate.ts'
import { subjectAltNames } from '../../pki/x509/extensions.ts'
import { type GeneralName, userPrincipalName } from '../../pki/x509/general-name.ts'
import { readName } from '../../pki/x509/name.ts'

/** Where in a certificate a user's name stands. */
export interface Source {
  /** as people write it: `subject.CN`, `san.email` */
  readonly name: string
  readonly field: { readonly subject: string } | { readonly san: AlternativeKind }
}

export const alternativeKinds = ['email', 'dns', 'uri', 'upn'] as const
export type AlternativeKind = (typeof alternativeKinds)[number]

export type CertificateValues =
  | { readonly kind: 'values'; readonly values: readonly string[] }
  | { readonly kind: 'repeated' }
  | { readonly kind: 'unreadable' }

/** Reads `subject.CN`, `subject.1.2.3`, `san.email`. Throws ERR_BINDING_SOURCE. */
export function sourceOf(name: string): Source {
  const [, place, what] = /^(subject|san)\.([A-Za-z0-9.]+)$/.exec(name) ?? []
  const alternative = alternativeKinds.find(kind => kind === what)
  if (place === 'san' && alternative !== undefined) return { name, field: { san: alternative } }
  const oid = place === 'subject' && what !== undefined ? attributeOid(what) : undefined
  if (oid !== undefined) return { name, field: { subject: oid } }
  throw new CodedError(
    'ERR_BINDING_SOURCE',
    `${JSON.stringify(name)} is no part of a certificate that can name a user`,
    {
      remedy:
        'Write subject. with an attribute (subject.CN, subject.UID, subject.emailAddress, subject.serialNumber, or its object identifier), or san.email, san.dns, san.uri, san.upn.',
    },
  )
}

function attributeOid(type: string): string | undefined {
  try {
    return readName(buildName([{ type, value: 'x', encoding: 'utf8' }])).rdns[0]?.[0]?.oid
  } catch {
    return undefined
  }
}

/**
 * The values of one part of a certificate, read from its DER. An attribute of the subject counts when it stands there once in all,
 * wherever; a subject that holds it twice has none that can be trusted to be the one that was meant. A kind of alternative name is
 * never taken for another: an e-mail address in a URI is no e-mail address.
 */
export function certificateValues(certificate: Certificate, { field }: Source): CertificateValues {
  if ('san' in field) {
    const values = (alternativeNames(certificate) ?? []).flatMap(name => (name.kind === field.san ? [name.value] : []))
    return values.includes(undefined) ? { kind: 'unreadable' } : { kind: 'values', values: values as string[] }
  }
  const found = certificate.subject.rdns.flat().filter(attribute => attribute.oid === field.subject)
  if (found.length > 1) return { kind: 'repeated' }
  const values = found.map(attribute => attribute.value)
  return values.includes(undefined) ? { kind: 'unreadable' } : { kind: 'values', values: values as string[] }
}

export interface AlternativeName {
  readonly kind: AlternativeKind
  /** undefined: a user principal name that is no text */
  readonly value: string | undefined
}

/** The subject alternative names that can name a user. Throws ERR_CERTIFICATE_MALFORMED. */
export function alternativeNames(certificate: Certificate): readonly AlternativeName[] | undefined {
  return subjectAltNames(certificate)?.flatMap(name => alternativeName(name) ?? [])
}

const upnOid = '1.3.6.1.4.1.311.20.2.3'

function alternativeName(name: GeneralName): AlternativeName | undefined {
  switch (name.type) {
    case 'rfc822Name':
      return { kind: 'email', value: name.value }
    case 'dNSName':
      return { kind: 'dns', value: name.value }
    case 'uniformResourceIdentifier':
      return { kind: 'uri', value: name.value }
    case 'otherName':
      return name.oid === upnOid ? { kind: 'upn', value: userPrincipalName(name) } : undefined
    default:
      return undefined
  }
}

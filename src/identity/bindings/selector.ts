import { CodedError } from '../../errors.ts'
import { buildName } from '../../pki/x509/build-name.ts'
import type { Certificate } from '../../pki/x509/certificate.ts'
import { type Name, readName } from '../../pki/x509/name.ts'
import type { Selector, SelectorKind } from './binding.ts'
import { alternativeNames } from './certificate-values.ts'

/** More alternative names than any client has. Beyond, none is looked up (the thumbprint still is). */
const maxAlternativeNames = 200

/** What an administrator wrote, in its normal form. Throws ERR_BINDING_SELECTOR. */
export function selectorOf(kind: SelectorKind, text: string): Selector {
  const value = normalize(kind, text)
  if (value !== undefined) return { kind, value }
  throw new CodedError('ERR_BINDING_SELECTOR', `${JSON.stringify(text)} is no ${nouns[kind]}`, {
    remedy: remedies[kind],
  })
}

/** The words in which principals, logs and lists name the binding. */
export function selectorLabel(kind: SelectorKind, text: string): string {
  return kind === 'thumbprint' ? `thumbprint ${selectorOf(kind, text).value.slice(0, 16)}…` : `${kind} ${text}`
}

export interface CertificateSelectors {
  readonly selectors: readonly Selector[]
  /** there were too many alternative names to look for */
  readonly truncated: boolean
}

/**
 * Everything that a binding for this certificate could look for. `aliases` are those of the anchor that vouches for it.
 * Throws ERR_CERTIFICATE_MALFORMED.
 */
export function selectorsOf(certificate: Certificate, aliases: readonly string[]): CertificateSelectors {
  const selectors: Selector[] = [{ kind: 'thumbprint', value: certificate.thumbprint }]
  if (certificate.subject.rdns.length > 0) selectors.push({ kind: 'subject', value: subjectValue(certificate.subject) })
  const names = alternativeNames(certificate) ?? []
  const truncated = names.length > maxAlternativeNames
  for (const { kind, value } of truncated ? [] : names) {
    const normal = value === undefined ? undefined : normalize(kind, value)
    if (normal !== undefined) selectors.push({ kind, value: normal })
  }
  for (const alias of aliases) selectors.push({ kind: 'anchor', value: normalize('anchor', alias)! })
  return { selectors, truncated }
}

export function selectorKey({ kind, value }: Selector): string {
  return `${kind} ${value}`
}

function normalize(kind: SelectorKind, text: string): string | undefined {
  switch (kind) {
    case 'thumbprint':
      return normalThumbprint(text)
    case 'sha1-thumbprint':
      return normalSha1Thumbprint(text)
    case 'subject':
      return normalSubject(text)
    case 'email':
      return normalEmail(text)
    case 'dns':
      return /^[\x21-\x7e]+$/.test(text) ? text.toLowerCase() : undefined
    case 'uri':
      return /^[A-Za-z][A-Za-z0-9+.-]*:[\x21-\x7e]+$/.test(text) ? text : undefined
    case 'upn':
      return text === '' ? undefined : text
    case 'anchor':
      // Java's key stores know aliases in lower case only
      return text === '' ? undefined : text.toLowerCase()
  }
}

/** SHA-256 in hex, with or without colons, in any case. */
export function normalThumbprint(text: string): string | undefined {
  const hex = text.replaceAll(':', '').toLowerCase()
  return /^[0-9a-f]{64}$/.test(hex) ? hex : undefined
}

/** SHA-1 in hex: only where a WSO2 file asks for it. */
export function normalSha1Thumbprint(text: string): string | undefined {
  const hex = text.replaceAll(':', '').toLowerCase()
  return /^[0-9a-f]{40}$/.test(hex) ? hex : undefined
}

// RFC 5280 section 4.2.1.6: the host part in any case, the local part exactly
function normalEmail(text: string): string | undefined {
  const at = text.lastIndexOf('@')
  if (at < 1 || at === text.length - 1 || !/^[\x21-\x7e]+$/.test(text)) return undefined
  return text.slice(0, at) + text.slice(at).toLowerCase()
}

function normalSubject(text: string): string | undefined {
  try {
    const name = readName(buildName(text))
    return name.rdns.length === 0 ? undefined : subjectValue(name)
  } catch {
    return undefined
  }
}

/**
 * A name by its attributes: the relative names in the order of the encoding, within one (a set) sorted. Values are compared
 * exactly as text; how they were encoded (PrintableString, UTF8String) does not matter, a value without text counts by its bytes.
 * Names as text are never compared: no comma, plus sign or backslash in a value can move the borders (invariant 7).
 */
function subjectValue(name: Name): string {
  const rdns = name.rdns.map(rdn =>
    rdn.map(({ oid, value, raw }) => JSON.stringify([oid, value ?? { der: raw.toString('hex') }])).toSorted(),
  )
  return JSON.stringify(rdns)
}

const nouns: Readonly<Record<SelectorKind, string>> = {
  thumbprint: 'SHA-256 thumbprint',
  'sha1-thumbprint': 'SHA-1 thumbprint',
  subject: 'distinguished name',
  email: 'e-mail address',
  dns: 'DNS name',
  uri: 'URI',
  upn: 'user principal name',
  anchor: 'alias',
}

const remedies: Readonly<Record<SelectorKind, string>> = {
  thumbprint:
    'Write the 64 hexadecimal digits of the SHA-256 thumbprint; `countersign cert show FILE` prints it. SHA-1 thumbprints are too short to trust.',
  'sha1-thumbprint':
    'Write the 40 hexadecimal digits of the SHA-1 thumbprint, or better thumbprint: with the SHA-256 one.',
  subject: 'Write the name as in RFC 4514, most specific first: CN=alice,O=Example,C=DE.',
  email: 'Write an address such as alice@example.org.',
  dns: 'Write a host name such as machine.example.org.',
  uri: 'Write a whole URI such as spiffe://example.org/machine.',
  upn: 'Write a name such as alice@corp.example.org.',
  anchor: 'Write the alias of an entry of a trust store.',
}

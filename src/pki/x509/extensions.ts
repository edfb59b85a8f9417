import {
  content,
  contextTag,
  type DerElement,
  DerReader,
  derError,
  inside,
  readBitString,
  readBoolean,
  readOid,
  readSmallInteger,
  tag,
} from '../asn1/der.ts'
import { dottedOid } from '../asn1/oid-names.ts'
import { asBuffer } from '../asn1/strings.ts'
import { type Certificate, malformed } from './certificate.ts'
import { type GeneralName, generalNameOf, readGeneralNames } from './general-name.ts'

/** Reads one extension of a certificate; undefined when absent. Throws ERR_CERTIFICATE_MALFORMED when its content is broken. */
export type ExtensionReader<T> = (certificate: Certificate) => T | undefined

/** Makes a reader that decodes at first use and keeps the value as long as the certificate lives. */
export function extensionReader<T extends object>(
  oid: string,
  name: string,
  read: (value: DerReader) => T,
): ExtensionReader<T> {
  const kept = new WeakMap<Certificate, T>()
  return certificate => {
    const extension = certificate.extensions.get(oid)
    if (extension === undefined) return undefined
    const before = kept.get(certificate)
    if (before !== undefined) return before
    try {
      const reader = new DerReader(extension.value)
      const value = read(reader)
      reader.close('the extension')
      kept.set(certificate, value)
      return value
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause)
      throw malformed(new Error(`extension ${name}: ${reason}`, { cause }))
    }
  }
}

export interface BasicConstraints {
  readonly ca: boolean
  /** how many further authorities, not counting self-issued ones, may stand below this one; undefined: any number */
  readonly pathLength: number | undefined
}

/** RFC 5280 section 4.2.1.9 */
export const basicConstraints: ExtensionReader<BasicConstraints> = extensionReader(
  '2.5.29.19',
  'basicConstraints',
  reader => {
    const fields = reader.enter()
    const flag = fields.optional(tag.boolean)
    const ca = flag !== undefined && readBoolean(flag)
    const limit = fields.optional(tag.integer)
    const pathLength = limit === undefined ? undefined : readSmallInteger(limit)
    fields.close('the basic constraints')
    return { ca, pathLength }
  },
)

export const keyUsages = [
  'digitalSignature',
  'nonRepudiation',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
  'encipherOnly',
  'decipherOnly',
] as const

export type KeyUsage = (typeof keyUsages)[number]

/** RFC 5280 section 4.2.1.3 */
export const keyUsage: ExtensionReader<ReadonlySet<KeyUsage>> = extensionReader('2.5.29.15', 'keyUsage', reader => {
  const { octets } = readBitString(reader.element(tag.bitString))
  return new Set(keyUsages.filter((_, bit) => bitAt(octets, bit)))
})

/** Bit 0 is the highest of the first octet (X.690 section 8.6.2). */
export function bitAt(octets: Uint8Array, bit: number): boolean {
  return ((octets[bit >> 3] ?? 0) & (0x80 >> (bit & 7))) !== 0
}

/** RFC 5280 section 4.2.1.12: object identifiers of the purposes */
export const extendedKeyUsage: ExtensionReader<readonly string[]> = extensionReader(
  '2.5.29.37',
  'extendedKeyUsage',
  reader => {
    const list = reader.enter()
    const purposes = [dottedOid(list.element(tag.oid))]
    while (!list.done) purposes.push(dottedOid(list.element(tag.oid)))
    return purposes
  },
)

/** RFC 5280 section 4.2.1.6 */
export const subjectAltNames: ExtensionReader<readonly GeneralName[]> = extensionReader(
  '2.5.29.17',
  'subjectAltName',
  reader => {
    const names = readGeneralNames(reader.enter())
    for (const name of names) {
      if (name.type === 'iPAddress' && name.octets.length !== 4 && name.octets.length !== 16) {
        throw derError(`IP address of ${name.octets.length} octets`)
      }
    }
    return names
  },
)

/** RFC 5280 section 4.2.1.2 */
export const subjectKeyIdentifier: ExtensionReader<Buffer> = extensionReader(
  '2.5.29.14',
  'subjectKeyIdentifier',
  reader => asBuffer(content(reader.element(tag.octetString))),
)

export interface AuthorityKeyIdentifier {
  readonly keyIdentifier: Buffer | undefined
  readonly issuer: readonly GeneralName[] | undefined
  /** lower-case hex, as in Certificate.serialNumber */
  readonly serialNumber: string | undefined
}

/** RFC 5280 section 4.2.1.1 */
export const authorityKeyIdentifier: ExtensionReader<AuthorityKeyIdentifier> = extensionReader(
  '2.5.29.35',
  'authorityKeyIdentifier',
  readAuthorityKeyIdentifier,
)

export function readAuthorityKeyIdentifier(reader: DerReader): AuthorityKeyIdentifier {
  const fields = reader.enter()
  const keyIdentifier = fields.optional(contextTag(0, 'primitive'))
  const issuer = fields.optional(contextTag(1))
  const serialNumber = fields.optional(contextTag(2, 'primitive'))
  fields.close('the authority key identifier')
  const octets = (element: DerElement | undefined) => (element === undefined ? undefined : asBuffer(content(element)))
  return {
    keyIdentifier: octets(keyIdentifier),
    issuer: issuer === undefined ? undefined : readGeneralNames(inside(issuer)),
    serialNumber: octets(serialNumber)?.toString('hex'),
  }
}

export interface AccessDescription {
  /** object identifier of the method: 1.3.6.1.5.5.7.48.1 is OCSP, …48.2 is the issuer's certificate */
  readonly method: string
  readonly location: GeneralName
}

/** RFC 5280 section 4.2.2.1. Addresses that a stranger chose: nothing is fetched before the path is trusted (invariant 6). */
export const authorityInfoAccess: ExtensionReader<readonly AccessDescription[]> = extensionReader(
  '1.3.6.1.5.5.7.1.1',
  'authorityInfoAccess',
  reader => {
    const list = reader.enter()
    const descriptions: AccessDescription[] = []
    while (!list.done) {
      const fields = list.enter()
      descriptions.push({ method: readOid(fields.element(tag.oid)), location: generalNameOf(fields.element()) })
      fields.close('the access description')
    }
    return descriptions
  },
)

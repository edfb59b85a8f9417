import {
  contextTag,
  type DerElement,
  type DerReader,
  derError,
  encoded,
  inside,
  readBitString,
  readBoolean,
} from '../asn1/der.ts'
import { asBuffer } from '../asn1/strings.ts'
import { bitAt, type ExtensionReader, extensionReader } from './extensions.ts'
import { type GeneralName, readGeneralNames } from './general-name.ts'

/** Bit numbers of ReasonFlags (RFC 5280 section 4.2.1.13). Bit 0 is unused. */
export const allReasons: ReadonlySet<number> = new Set([1, 2, 3, 4, 5, 6, 7, 8])

export type DistributionPointName =
  | { readonly fullName: readonly GeneralName[] }
  /** one RelativeDistinguishedName with the implicit tag [1] in place of SET, DER */
  | { readonly relativeToIssuer: Buffer }

export interface DistributionPoint {
  readonly name: DistributionPointName | undefined
  /** undefined: all reasons */
  readonly reasons: ReadonlySet<number> | undefined
  readonly crlIssuer: readonly GeneralName[] | undefined
}

/** RFC 5280 section 4.2.1.13 */
export const crlDistributionPoints: ExtensionReader<readonly DistributionPoint[]> = extensionReader(
  '2.5.29.31',
  'cRLDistributionPoints',
  readDistributionPoints,
)

/** RFC 5280 section 4.2.1.15: where delta lists are */
export const freshestCrl: ExtensionReader<readonly DistributionPoint[]> = extensionReader(
  '2.5.29.46',
  'freshestCRL',
  readDistributionPoints,
)

function readDistributionPoints(reader: DerReader): DistributionPoint[] {
  const list = reader.enter()
  if (list.done) throw derError('no distribution point')
  const points: DistributionPoint[] = []
  while (!list.done) {
    const fields = list.enter()
    const name = fields.optional(contextTag(0))
    const reasons = fields.optional(contextTag(1, 'primitive'))
    const crlIssuer = fields.optional(contextTag(2))
    fields.close('the distribution point')
    if (name === undefined && crlIssuer === undefined) throw derError('a distribution point without name and issuer')
    points.push({
      name: name === undefined ? undefined : readPointName(name),
      reasons: reasons === undefined ? undefined : readReasons(reasons),
      crlIssuer: crlIssuer === undefined ? undefined : readGeneralNames(inside(crlIssuer)),
    })
  }
  return points
}

/** DistributionPointName: a CHOICE, so its tag is always explicit. */
function readPointName(element: DerElement): DistributionPointName {
  const choice = inside(element)
  const inner = choice.element()
  choice.close('the distribution point name')
  if (inner.tag === contextTag(0)) return { fullName: readGeneralNames(inside(inner)) }
  if (inner.tag === contextTag(1)) return { relativeToIssuer: asBuffer(encoded(inner)) }
  throw derError(`tag 0x${inner.tag.toString(16)} at offset ${inner.start} is no distribution point name`)
}

function readReasons(element: DerElement): ReadonlySet<number> {
  const { octets } = readBitString(element)
  return new Set([...allReasons].filter(bit => bitAt(octets, bit)))
}

export interface IssuingDistributionPoint {
  readonly name: DistributionPointName | undefined
  readonly onlyContains: 'everything' | 'userCertificates' | 'authorityCertificates' | 'attributeCertificates'
  /** undefined: all reasons */
  readonly onlySomeReasons: ReadonlySet<number> | undefined
  readonly indirect: boolean
}

/** RFC 5280 section 5.2.5: what part of the revocations a list holds. */
export function readIssuingDistributionPoint(reader: DerReader): IssuingDistributionPoint {
  const fields = reader.enter()
  const name = fields.optional(contextTag(0))
  const user = flag(fields.optional(contextTag(1, 'primitive')))
  const authority = flag(fields.optional(contextTag(2, 'primitive')))
  const reasons = fields.optional(contextTag(3, 'primitive'))
  const indirect = flag(fields.optional(contextTag(4, 'primitive')))
  const attribute = flag(fields.optional(contextTag(5, 'primitive')))
  fields.close('the issuing distribution point')
  // "at most one of" the three
  if (Number(user) + Number(authority) + Number(attribute) > 1)
    throw derError('a list for contradictory kinds of certificates')
  return {
    name: name === undefined ? undefined : readPointName(name),
    onlyContains: user
      ? 'userCertificates'
      : authority
        ? 'authorityCertificates'
        : attribute
          ? 'attributeCertificates'
          : 'everything',
    onlySomeReasons: reasons === undefined ? undefined : readReasons(reasons),
    indirect,
  }
}

function flag(element: DerElement | undefined): boolean {
  return element !== undefined && readBoolean(element)
}

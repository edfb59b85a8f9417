import { contextTag, DerReader, readBitString, readOid, tag } from '../../pki/asn1/der.ts'
import { readTime } from '../../pki/asn1/time.ts'
import type { Certificate, Extension } from '../../pki/x509/certificate.ts'
import { crlDistributionPoints, type DistributionPoint, freshestCrl } from '../../pki/x509/distribution-points.ts'
import {
  authorityInfoAccess,
  authorityKeyIdentifier,
  basicConstraints,
  bitAt,
  extendedKeyUsage,
  keyUsage,
  subjectAltNames,
  subjectKeyIdentifier,
} from '../../pki/x509/extensions.ts'
import { type GeneralName, readGeneralNames } from '../../pki/x509/general-name.ts'
import { nameConstraints } from '../../pki/x509/name-constraints.ts'
import { inhibitAnyPolicy, policyConstraints } from '../../pki/x509/policies.ts'
import { hexDump } from './hex-dump.ts'
import { javaDate } from './java-date.ts'
import { javaGeneralName } from './java-general-name.ts'

type HasExtensions = Pick<Certificate, 'extensions'>

/** All extensions as the JDK's keytool numbers and prints them, each text ending in a line feed; empty for none. */
export function javaExtensions(certificate: HasExtensions): string {
  const sorted = [...certificate.extensions.values()].toSorted((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1))
  return sorted.map((extension, i) => `#${i + 1}: ${javaExtension(certificate, extension)}\n`).join('')
}

// Java keeps them in a TreeMap by name; what it has no class for goes by its object identifier.
function sortKey({ oid }: Extension): string {
  return known[oid]?.name ?? oid
}

function javaExtension(certificate: HasExtensions, { oid, critical, value }: Extension): string {
  const head = `ObjectId: ${oid} Criticality=${critical}\n`
  try {
    const body = known[oid]?.body(certificate as Certificate, value)
    if (body !== undefined) return head + body
  } catch {
    // What cannot be read is shown as it is.
  }
  return `${head}${value.length === 0 ? '(Empty value)\n' : hexDump(value)}\n`
}

interface Known {
  /** what Java's class calls the extension: it decides the order */
  readonly name: string
  body(certificate: Certificate, value: Buffer): string | undefined
}

const known: Readonly<Record<string, Known>> = {
  '1.3.6.1.5.5.7.1.1': {
    name: 'AuthorityInfoAccess',
    body: certificate =>
      `AuthorityInfoAccess [\n  [${(authorityInfoAccess(certificate) ?? [])
        .map(
          ({ method, location }) =>
            `\n   accessMethod: ${accessMethods[method] ?? method}\n   accessLocation: ${javaGeneralName(location)}\n`,
        )
        .join(', ')}]\n]\n`,
  },
  '2.5.29.35': { name: 'AuthorityKeyIdentifier', body: authorityKey },
  '2.5.29.19': { name: 'BasicConstraints', body: constraints },
  '2.5.29.31': {
    name: 'CRLDistributionPoints',
    body: certificate => points('CRLDistributionPoints', crlDistributionPoints(certificate)),
  },
  '2.5.29.32': { name: 'CertificatePolicies', body: (_, value) => policies(new DerReader(value)) },
  '2.5.29.37': {
    name: 'ExtendedKeyUsage',
    body: certificate =>
      `ExtendedKeyUsages [\n${(extendedKeyUsage(certificate) ?? []).map(oid => `  ${purposes[oid] ?? oid}\n`).join('')}]\n`,
  },
  '2.5.29.46': { name: 'FreshestCRL', body: certificate => points('FreshestCRL', freshestCrl(certificate)) },
  '2.5.29.54': {
    name: 'InhibitAnyPolicy',
    body: certificate => `InhibitAnyPolicy: ${inhibitAnyPolicy(certificate)?.skipCerts}\n`,
  },
  '2.5.29.18': {
    name: 'IssuerAlternativeName',
    body: (_, value) => alternativeNames('Issuer', readGeneralNames(whole(value))),
  },
  '2.5.29.15': {
    name: 'KeyUsage',
    body: certificate => {
      const usages = keyUsage(certificate)
      return `KeyUsage [\n${Object.entries(usageNames)
        .map(([usage, name]) => (usages?.has(usage as never) ? `  ${name}\n` : ''))
        .join('')}]\n`
    },
  },
  '2.5.29.30': { name: 'NameConstraints', body: subtrees },
  '2.5.29.36': { name: 'PolicyConstraints', body: policyLimits },
  '2.5.29.16': { name: 'PrivateKeyUsage', body: (_, value) => privateKeyUsage(whole(value)) },
  '2.5.29.33': { name: 'PolicyMappings', body: (_, value) => policyMappings(whole(value)) },
  '2.16.840.1.113730.1.1': { name: 'NetscapeCertType', body: (_, value) => netscapeCertType(new DerReader(value)) },
  '2.5.29.17': {
    name: 'SubjectAlternativeName',
    body: certificate => alternativeNames('Subject', subjectAltNames(certificate) ?? []),
  },
  '2.5.29.14': {
    name: 'SubjectKeyIdentifier',
    body: certificate =>
      `SubjectKeyIdentifier [\nKeyIdentifier [\n${hexDump(subjectKeyIdentifier(certificate) ?? Buffer.of())}]\n]\n`,
  },
}

const accessMethods: Readonly<Record<string, string>> = {
  '1.3.6.1.5.5.7.48.1': 'ocsp',
  '1.3.6.1.5.5.7.48.2': 'caIssuers',
  '1.3.6.1.5.5.7.48.3': 'timeStamping',
  '1.3.6.1.5.5.7.48.5': 'caRepository',
}

const purposes: Readonly<Record<string, string>> = {
  '2.5.29.37.0': 'anyExtendedKeyUsage',
  '1.3.6.1.5.5.7.3.1': 'serverAuth',
  '1.3.6.1.5.5.7.3.2': 'clientAuth',
  '1.3.6.1.5.5.7.3.3': 'codeSigning',
  '1.3.6.1.5.5.7.3.4': 'emailProtection',
  '1.3.6.1.5.5.7.3.5': 'ipsecEndSystem',
  '1.3.6.1.5.5.7.3.6': 'ipsecTunnel',
  '1.3.6.1.5.5.7.3.7': 'ipsecUser',
  '1.3.6.1.5.5.7.3.8': 'timeStamping',
  '1.3.6.1.5.5.7.3.9': 'OCSPSigning',
  '1.3.6.1.4.1.311.10.3.3': 'MICROSOFT_ExportApproved',
  '2.16.840.1.113730.4.1': 'NETSCAPE_ExportApproved',
}

const usageNames = {
  digitalSignature: 'DigitalSignature',
  nonRepudiation: 'Non_repudiation',
  keyEncipherment: 'Key_Encipherment',
  dataEncipherment: 'Data_Encipherment',
  keyAgreement: 'Key_Agreement',
  keyCertSign: 'Key_CertSign',
  cRLSign: 'Crl_Sign',
  encipherOnly: 'Encipher_Only',
  decipherOnly: 'Decipher_Only',
}

function whole(value: Buffer): DerReader {
  return new DerReader(value).enter()
}

function authorityKey(certificate: Certificate): string {
  const { keyIdentifier, issuer, serialNumber } = authorityKeyIdentifier(certificate) ?? {}
  const key = keyIdentifier ? `KeyIdentifier [\n${hexDump(keyIdentifier)}]\n` : ''
  const names = issuer ? `[${issuer.map(javaGeneralName).join(', ')}]\n` : ''
  const serial = serialNumber ? `SerialNumber: ${serialNumber.replace(/..(?=.)/gu, '$&:')}\n` : ''
  return `AuthorityKeyIdentifier [\n${key}${names}${serial}]\n`
}

function constraints(certificate: Certificate): string {
  const { ca, pathLength } = basicConstraints(certificate) ?? { ca: false, pathLength: undefined }
  const limit = pathLength === undefined ? (ca ? ' no limit' : ' undefined') : pathLength
  return `BasicConstraints:[\n  CA:${ca}\n  PathLen:${limit}\n]\n`
}

function points(title: string, list: readonly DistributionPoint[] = []): string | undefined {
  const texts = list.map(({ name, reasons, crlIssuer }) => {
    if (reasons || (name !== undefined && !('fullName' in name))) return undefined
    const full = name === undefined ? '' : `[${name.fullName.map(javaGeneralName).join(', ')}]`
    const issuer = crlIssuer === undefined ? '' : `   CRLIssuer:[${crlIssuer.map(javaGeneralName).join(', ')}]\n`
    return `DistributionPoint:\n     ${full}\n${issuer}`
  })
  return texts.includes(undefined) ? undefined : `${title} [\n  [${texts.join(', ')}]]\n`
}

function subtrees(certificate: Certificate): string {
  const { permitted = [], excluded = [] } = nameConstraints(certificate) ?? {}
  const part = (title: string, names: readonly GeneralName[]) => {
    const trees = names.map(
      name =>
        `\n   GeneralSubtree: [\n    GeneralName: ${javaGeneralName(name)}\n    Minimum: 0\n    Maximum: undefined    ]\n`,
    )
    return names.length === 0 ? '' : `\n    ${title}:   GeneralSubtrees:\n[${trees.join(', ')}]\n`
  }
  return `NameConstraints: [${part('Permitted', permitted)}${part('Excluded', excluded)}   ]\n`
}

function policyLimits(certificate: Certificate): string {
  const { requireExplicitPolicy: require, inhibitPolicyMapping: inhibit } = policyConstraints(certificate) ?? {}
  return `PolicyConstraints: [  Require: ${require ?? 'unspecified'};\tInhibit: ${inhibit ?? 'unspecified'} ]\n`
}

function policies(reader: DerReader): string {
  let text = 'CertificatePolicies [\n'
  const list = reader.enter()
  while (!list.done) {
    const fields = list.enter()
    text += `  [CertificatePolicyId: [${readOid(fields.element(tag.oid))}]\n[`
    const qualifiers: string[] = []
    for (const each = fields.done ? fields : fields.enter(); !each.done; ) {
      const qualifier = each.enter()
      const id = readOid(qualifier.element(tag.oid))
      const value = qualifier.element()
      qualifiers.push(
        `PolicyQualifierInfo: [\n  qualifierID: ${id}\n  qualifier: ${hexDump(value.bytes.subarray(value.start, value.end))}\n]`,
      )
    }
    text += `${qualifiers.join(', ')}]  ]\n`
  }
  return `${text}]\n`
}

function alternativeNames(whose: string, names: readonly GeneralName[]): string {
  return `${whose}AlternativeName [\n${names.map(name => `  ${javaGeneralName(name)}\n`).join('')}]\n`
}

function privateKeyUsage(fields: DerReader): string {
  const moment = (n: number) => {
    const element = fields.optional(contextTag(n, 'primitive'))
    return element && javaDate(readTime({ ...element, tag: tag.generalizedTime }))
  }
  const [from, to] = [moment(0), moment(1)]
  return `PrivateKeyUsage: [\n${from ? `From: ${from}` : ''}${from && to ? ', ' : ''}${to ? `To: ${to}` : ''}]\n`
}

function policyMappings(list: DerReader): string {
  const maps: string[] = []
  while (!list.done) {
    const fields = list.enter()
    const [issuer, subject] = [readOid(fields.element(tag.oid)), readOid(fields.element(tag.oid))]
    maps.push(
      `CertificatePolicyMap: [\nIssuerDomain:CertificatePolicyId: [${issuer}]\nSubjectDomain:CertificatePolicyId: [${subject}]\n]\n`,
    )
  }
  return `PolicyMappings [\n[${maps.join(', ')}]]\n`
}

// Java writes a line feed after every type but the last of all.
const netscapeTypes = ['SSL client', 'SSL server', 'S/MIME', 'Object Signing', '', 'SSL CA', 'S/MIME CA']

function netscapeCertType(reader: DerReader): string {
  const { octets } = readBitString(reader.element(tag.bitString))
  const names = netscapeTypes.map((name, bit) => (name && bitAt(octets, bit) ? `   ${name}\n` : ''))
  return `NetscapeCertType [\n${names.join('')}${bitAt(octets, 7) ? '   Object Signing CA' : ''}]\n`
}

import { isCoded } from '../errors.ts'
import { algorithmNames, extensionNames, purposeNames } from '../pki/asn1/oid-names.ts'
import type { Certificate } from '../pki/x509/certificate.ts'
import { basicConstraints, extendedKeyUsage, keyUsage, subjectAltNames } from '../pki/x509/extensions.ts'
import { generalNameText } from '../pki/x509/general-name.ts'

/** A certificate as `--json` shows it. What is broken inside an extension is told, and hides nothing else. */
export function certificateSummary(certificate: Certificate) {
  const broken: string[] = []
  const read = <T>(reader: () => T): T | undefined => {
    try {
      return reader()
    } catch (error) {
      if (!isCoded(error, 'ERR_CERTIFICATE_MALFORMED')) throw error
      broken.push(error.message)
      return undefined
    }
  }
  const constraints = read(() => basicConstraints(certificate))
  return {
    ...certificateIdentity(certificate),
    version: certificate.version,
    key: read(() => keyText(certificate)) ?? null,
    signatureAlgorithm: named(algorithmNames, certificate.signatureAlgorithm.oid),
    subjectAltNames: (read(() => subjectAltNames(certificate)) ?? []).map(generalNameText),
    authority: constraints?.ca === true,
    pathLength: constraints?.pathLength ?? null,
    keyUsage: [...(read(() => keyUsage(certificate)) ?? [])],
    extendedKeyUsage: (read(() => extendedKeyUsage(certificate)) ?? []).map(oid => named(purposeNames, oid)),
    extensions: [...certificate.extensions.values()].map(({ oid, critical }) => ({
      oid,
      name: extensionNames.get(oid) ?? null,
      critical,
    })),
    broken,
  }
}

export type CertificateSummary = ReturnType<typeof certificateSummary>

/** What tells one certificate from another. */
export function certificateIdentity(certificate: Certificate) {
  return {
    subject: String(certificate.subject),
    issuer: String(certificate.issuer),
    serialNumber: certificate.serialNumber,
    notBefore: new Date(certificate.notBefore).toISOString(),
    notAfter: new Date(certificate.notAfter).toISOString(),
    thumbprint: certificate.thumbprint,
  }
}

const named = (names: ReadonlyMap<string, string>, oid: string) => names.get(oid) ?? oid

const curveNames: Readonly<Record<string, string>> = { prime256v1: 'P-256', secp384r1: 'P-384', secp521r1: 'P-521' }

function keyText(certificate: Certificate): string {
  const key = certificate.publicKey()
  const { modulusLength, namedCurve } = key.asymmetricKeyDetails ?? {}
  const size = namedCurve === undefined ? modulusLength : (curveNames[namedCurve] ?? namedCurve)
  return [key.asymmetricKeyType?.toUpperCase(), size].filter(part => part !== undefined).join(' ')
}

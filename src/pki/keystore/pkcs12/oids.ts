/** Object identifiers of RFC 7292 and its surroundings. */
export const contentType = {
  data: '1.2.840.113549.1.7.1',
  signedData: '1.2.840.113549.1.7.2',
  envelopedData: '1.2.840.113549.1.7.3',
  encryptedData: '1.2.840.113549.1.7.6',
} as const

const bags = '1.2.840.113549.1.12.10.1'

/** RFC 7292 section 4.2 */
export const bagType = {
  key: `${bags}.1`,
  shroudedKey: `${bags}.2`,
  certificate: `${bags}.3`,
  crl: `${bags}.4`,
  secret: `${bags}.5`,
  safeContents: `${bags}.6`,
} as const

export const x509CertificateOid = '1.2.840.113549.1.9.22.1'
export const friendlyNameOid = '1.2.840.113549.1.9.20'
export const localKeyIdOid = '1.2.840.113549.1.9.21'
/** Java's mark of a trusted certificate: a set of the key usages that it is trusted for */
export const trustedKeyUsageOid = '2.16.840.1.113894.746875.1.1'
export const anyExtendedKeyUsageOid = '2.5.29.37.0'
export const pbmac1Oid = '1.2.840.113549.1.5.14'

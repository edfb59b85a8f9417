import { type Certificate, parseStoredCertificate } from '../x509/certificate.ts'
import { keyStoreError } from './keystore-error.ts'

/** Throws ERR_KEYSTORE_CERTIFICATE_MALFORMED that says where in the store the certificate stands. */
export function readCertificate(
  der: Uint8Array,
  where: string,
  octets?: Parameters<typeof parseStoredCertificate>[1],
): Certificate {
  try {
    return parseStoredCertificate(der, octets)
  } catch (cause) {
    throw keyStoreError(
      'ERR_KEYSTORE_CERTIFICATE_MALFORMED',
      `the certificate of ${where} cannot be read: ${reason(cause)}`,
      { cause },
    )
  }
}

const reason = (cause: unknown) => (cause instanceof Error ? cause.message : String(cause))

import { X509Certificate } from 'node:crypto'
import type { Certificate } from '../../pki/x509/certificate.ts'
import { sameName } from '../../pki/x509/name.ts'

/**
 * The chain from `certificate` to a self-signed one among `others`, leaf first, as the JDK's keytool builds it: by names and
 * signatures only. What a chain means for trust is for pki/path to say.
 */
export function buildChain(certificate: Certificate, others: readonly Certificate[]): Certificate[] | undefined {
  return grow(certificate, others, new Set())
}

// Each certificate is tried once, so that stores full of equal names cost no more than their size squared.
function grow(
  certificate: Certificate,
  others: readonly Certificate[],
  tried: Set<Certificate>,
): Certificate[] | undefined {
  if (sameName(certificate.subject, certificate.issuer)) return [certificate]
  tried.add(certificate)
  for (const issuer of others) {
    if (tried.has(issuer) || !isSignedBy(certificate, issuer)) continue
    const above = grow(issuer, others, tried)
    if (above !== undefined) return [certificate, ...above]
  }
  return undefined
}

export function isSignedBy(certificate: Certificate, issuer: Certificate): boolean {
  if (!sameName(certificate.issuer, issuer.subject)) return false
  try {
    return new X509Certificate(certificate.raw).verify(issuer.publicKey())
  } catch {
    return false
  }
}

import type { Certificate } from '../x509/certificate.ts'
import type { Name } from '../x509/name.ts'
import { nameMatchKey } from '../x509/name-match.ts'

/** Certificates by the name of their subject. */
export interface CertificatesByName {
  named(name: Name): readonly Certificate[]
}

export function indexBySubject(certificates: Iterable<Certificate>): CertificatesByName {
  const bySubject = new Map<string, Certificate[]>()
  for (const certificate of certificates) {
    bySubject.getOrInsertComputed(nameMatchKey(certificate.subject), () => []).push(certificate)
  }
  return { named: name => bySubject.get(nameMatchKey(name)) ?? [] }
}

import { X509Certificate } from 'node:crypto'
import type { Certificate } from '../x509/certificate.ts'
import { nameKey, sameName } from '../x509/name.ts'

/** No chain of the field is longer than a handful; a file may hold any number of certificates. */
const maxChain = 32
const maxCandidates = 16

/**
 * Puts chains together from loose certificates, as PKCS#12 and PEM files hold them. Nothing is trusted by this: it only orders what
 * the file says belongs together.
 */
export class IssuerIndex {
  readonly #bySubject = new Map<string, Certificate[]>()

  constructor(certificates: readonly Certificate[]) {
    for (const certificate of certificates) {
      const key = nameKey(certificate.subject)
      const same = this.#bySubject.get(key)
      if (same === undefined) this.#bySubject.set(key, [certificate])
      else if (same.length < maxCandidates) same.push(certificate)
    }
  }

  /** `leaf` and its issuers, up to a self-issued one or as far as they are there. */
  chainOf(leaf: Certificate): Certificate[] {
    const chain = [leaf]
    let last = leaf
    while (!sameName(last.issuer, last.subject) && chain.length < maxChain) {
      const issuer = this.#issuerOf(last)
      if (issuer === undefined || chain.some(one => one.raw.equals(issuer.raw))) break
      chain.push(issuer)
      last = issuer
    }
    return chain
  }

  #issuerOf(certificate: Certificate): Certificate | undefined {
    const candidates = this.#bySubject.get(nameKey(certificate.issuer)) ?? []
    if (candidates.length < 2) return candidates[0]
    // several of one name, an old key and its successor say: the one that signed
    return candidates.find(candidate => signed(candidate, certificate)) ?? candidates[0]
  }
}

function signed(issuer: Certificate, certificate: Certificate): boolean {
  try {
    return new X509Certificate(certificate.raw).verify(issuer.publicKey())
  } catch {
    return false
  }
}

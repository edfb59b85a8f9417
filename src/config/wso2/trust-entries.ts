import { hash } from 'node:crypto'
import { publishedKey } from '../../identity/trust/published-keys.ts'
import { readKeyStoreFile } from '../../pki/keystore/file.ts'
import type { KeyStore } from '../../pki/keystore/keystore.ts'
import { isAuthority } from '../../pki/path/check-certificate.ts'
import type { Certificate } from '../../pki/x509/certificate.ts'
import { isSelfIssued } from '../../pki/x509/name-match.ts'
import { thumbprint } from '../../pki/x509/thumbprint.ts'

/** One certificate of a trust store, and what it can be here. */
export interface TrustEntry {
  readonly alias: string
  readonly certificate: Certificate
  /**
   * `client`: a client's own certificate. `authority`: says that it is one. `old-root`: version 1 and issued by itself, as the public roots
   * of the nineties are: nothing in it tells a client from an authority. `published`: anybody has its private key. `shipped`: looks like a
   * client's, and came with the product, so that no administrator vouched for it.
   */
  readonly kind: 'client' | 'authority' | 'old-root' | 'published' | 'shipped'
}

/** The certificates of a trust store, in its order. Throws what opening it throws. */
export async function readTrustEntries(
  file: string,
  password: string | undefined,
  allowPublished: boolean,
): Promise<TrustEntry[]> {
  const store: KeyStore = await readKeyStoreFile(file, { password })
  return store.entries.flatMap(entry =>
    entry.kind === 'trusted-certificate'
      ? [{ alias: entry.alias, certificate: entry.certificate, kind: kindOf(entry.certificate, allowPublished) }]
      : [],
  )
}

function kindOf(certificate: Certificate, allowPublished: boolean): TrustEntry['kind'] {
  if (!allowPublished && publishedKey(certificate) !== undefined) return 'published'
  if (claimsAuthority(certificate)) return 'authority'
  if (shipped.has(hash('sha256', certificate.spki))) return 'shipped'
  return certificate.version < 3 && isSelfIssued(certificate) ? 'old-root' : 'client'
}

/** By the SHA-256 of the SubjectPublicKeyInfo: end entities in the trust stores of carbon-kernel whose private keys are not known to be public. */
const shipped: ReadonlySet<string> = new Set([
  // wso2carbonv5, from 4.4.40 on
  '85c9aa36100b3d93aa1aefd2ea84c9a10935afd7a9a931c11d8bc8a82d002834',
])

/** An extension that cannot be read is no reason to take an authority for a client. */
function claimsAuthority(certificate: Certificate): boolean {
  try {
    return isAuthority(certificate, 'top')
  } catch {
    return true
  }
}

export function sha1Of({ raw }: Certificate): string {
  return thumbprint(raw, 'sha1')
}

import type { Certificate } from '../x509/certificate.ts'
import type { Name } from '../x509/name.ts'
import { nameMatchKey, nameMatchKeyOf } from '../x509/name-match.ts'
import type { TrustAnchor } from './verdict.ts'

/** Trust anchors, found without a scan: made once for each state of a trust store, of any size. Immutable. */
export interface AnchorIndex {
  /** in the order of the trust store */
  readonly anchors: readonly TrustAnchor[]
  /** the anchors that bear this name; whether one issued a certificate, only its key can tell */
  named(name: Name): readonly TrustAnchor[]
  /** the anchor that is this very certificate, byte for byte; the first one where several aliases hold it */
  same(certificate: Certificate): TrustAnchor | undefined
}

export function indexAnchors(anchors: Iterable<TrustAnchor>): AnchorIndex {
  const list = [...anchors]
  // An array only where several share a name: of pinned leaves there may be a hundred thousand.
  const bySubject = new Map<string, TrustAnchor | TrustAnchor[]>()
  const byThumbprint = new Map<string, TrustAnchor>()
  for (const anchor of list) {
    // the same certificate under a second alias adds nothing but work
    if (byThumbprint.has(anchor.certificate.thumbprint)) continue
    byThumbprint.set(anchor.certificate.thumbprint, anchor)
    const key = nameMatchKeyOf(anchor.certificate.subjectDer)
    const named = bySubject.get(key)
    if (named === undefined) bySubject.set(key, anchor)
    else if (Array.isArray(named)) named.push(anchor)
    else bySubject.set(key, [named, anchor])
  }
  return {
    anchors: list,
    named(name) {
      const found = bySubject.get(nameMatchKey(name)) ?? []
      return Array.isArray(found) ? found : [found]
    },
    same: certificate => byThumbprint.get(certificate.thumbprint),
  }
}

import type { Certificate } from '../x509/certificate.ts'
import type { Name } from '../x509/name.ts'
import { nameMatchKey } from '../x509/name-match.ts'
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
  const bySubject = new Map<string, TrustAnchor[]>()
  const byThumbprint = new Map<string, TrustAnchor>()
  for (const anchor of list) {
    // the same certificate under a second alias adds nothing but work
    if (byThumbprint.has(anchor.certificate.thumbprint)) continue
    byThumbprint.set(anchor.certificate.thumbprint, anchor)
    const key = nameMatchKey(anchor.certificate.subject)
    const named = bySubject.get(key)
    if (named === undefined) bySubject.set(key, [anchor])
    else named.push(anchor)
  }
  return {
    anchors: list,
    named: name => bySubject.get(nameMatchKey(name)) ?? [],
    same: certificate => byThumbprint.get(certificate.thumbprint),
  }
}

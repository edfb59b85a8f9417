import type { Certificate } from '../x509/certificate.ts'
import type { Name } from '../x509/name.ts'
import { nameMatchKey, nameMatchKeyOf } from '../x509/name-match.ts'
import type { TrustAnchor } from './verdict.ts'

/** Trust anchors, found without a scan: made once for each state of a trust store, of any size. Immutable. */
export interface AnchorIndex<Anchor extends TrustAnchor = TrustAnchor> {
  /** in the order of the trust store */
  readonly anchors: readonly Anchor[]
  /** the anchors that bear this name; whether one issued a certificate, only its key can tell */
  named(name: Name): readonly Anchor[]
  /** the anchor that is this very certificate, byte for byte; the first one where several aliases hold it */
  same(certificate: Certificate): Anchor | undefined
  /** every entry of the authority that this certificate is of: its exact name and its key, whatever a renewal changed (invariant 7) */
  ofAuthority(certificate: Certificate): readonly Anchor[]
  /** entries of a certificate that an earlier entry holds, each with that one */
  readonly repeated: ReadonlyMap<Anchor, Anchor>
}

export function indexAnchors<Anchor extends TrustAnchor>(anchors: Iterable<Anchor>): AnchorIndex<Anchor> {
  const list = [...anchors]
  // An array only where several share a name: of pinned leaves there may be a hundred thousand.
  const bySubject = new Map<string, Anchor | Anchor[]>()
  const byThumbprint = new Map<string, Anchor>()
  const repeated = new Map<Anchor, Anchor>()
  for (const anchor of list) {
    const { thumbprint, subjectDer } = anchor.certificate
    const first = byThumbprint.getOrInsert(thumbprint, anchor)
    if (first !== anchor) {
      // For a path the same certificate under a second alias adds nothing but work.
      repeated.set(anchor, first)
      continue
    }
    const key = nameMatchKeyOf(subjectDer)
    const named = bySubject.getOrInsert(key, anchor)
    if (named === anchor) continue
    if (Array.isArray(named)) named.push(anchor)
    else bySubject.set(key, [named, anchor])
  }
  const again = Map.groupBy(repeated.keys(), anchor => repeated.get(anchor)!)
  const byAuthority = new Map<readonly Anchor[], ReadonlyMap<string, readonly Anchor[]>>()
  const authoritiesOf = (named: readonly Anchor[]) =>
    byAuthority.getOrInsertComputed(named, () => Map.groupBy(named, ({ certificate }) => authorityOf(certificate)))
  return {
    anchors: list,
    named(name) {
      const found = bySubject.get(nameMatchKey(name)) ?? []
      return Array.isArray(found) ? found : [found]
    },
    same: certificate => byThumbprint.get(certificate.thumbprint),
    ofAuthority(certificate) {
      const found = bySubject.get(nameMatchKey(certificate.subject))
      if (found === undefined) return []
      const firsts = Array.isArray(found)
        ? (authoritiesOf(found).get(authorityOf(certificate)) ?? [])
        : [found].filter(only => isOfAuthority(only.certificate, certificate))
      return repeated.size === 0 ? firsts : firsts.flatMap(first => [first, ...(again.get(first) ?? [])])
    },
    repeated,
  }
}

/** Whether both have the same exact name and key. Both parts say their own length, so that nothing moves from one into the other. */
export function isOfAuthority(one: Certificate, other: Certificate): boolean {
  return one.subjectAndSpki.equals(other.subjectAndSpki)
}

/** The same as a key for maps. */
export function authorityOf({ subjectAndSpki }: Certificate): string {
  return subjectAndSpki.toString('latin1')
}

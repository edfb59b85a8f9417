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
  // Namesakes only where several share a name: of pinned leaves there may be a hundred thousand.
  const bySubject = new Map<string, Anchor | Namesakes<Anchor>>()
  const repeated = new Map<Anchor, Anchor>()
  for (const anchor of list) {
    const key = nameMatchKeyOf(anchor.certificate.subjectDer)
    const found = bySubject.getOrInsert(key, anchor)
    if (found === anchor) continue
    const first = sameOf(found, anchor.certificate)
    // For a path the same certificate under a second alias adds nothing but work.
    if (first !== undefined) repeated.set(anchor, first)
    else if (found instanceof Namesakes) found.add(anchor)
    else bySubject.set(key, new Namesakes(found, anchor))
  }
  const again = Map.groupBy(repeated.keys(), anchor => repeated.get(anchor)!)
  return {
    anchors: list,
    named(name) {
      const found = bySubject.get(nameMatchKey(name))
      if (found === undefined) return []
      return found instanceof Namesakes ? found.anchors : [found]
    },
    same(certificate) {
      const found = bySubject.get(nameMatchKeyOf(certificate.subjectDer))
      return found && sameOf(found, certificate)
    },
    ofAuthority(certificate) {
      const found = bySubject.get(nameMatchKeyOf(certificate.subjectDer))
      if (found === undefined) return []
      const firsts =
        found instanceof Namesakes
          ? found.ofAuthority(certificate)
          : [found].filter(only => isOfAuthority(only.certificate, certificate))
      return repeated.size === 0 ? firsts : firsts.flatMap(first => [first, ...(again.get(first) ?? [])])
    },
    repeated,
  }
}

/** Different certificates of one name, any number of them. */
class Namesakes<Anchor extends TrustAnchor> {
  readonly anchors: Anchor[]
  readonly #byThumbprint: Map<string, Anchor>
  #byAuthority: ReadonlyMap<string, readonly Anchor[]> | undefined

  constructor(...anchors: Anchor[]) {
    this.anchors = anchors
    this.#byThumbprint = new Map(anchors.map(anchor => [anchor.certificate.thumbprint, anchor]))
  }

  add(anchor: Anchor): void {
    this.anchors.push(anchor)
    this.#byThumbprint.set(anchor.certificate.thumbprint, anchor)
  }

  same(certificate: Certificate): Anchor | undefined {
    return this.#byThumbprint.get(certificate.thumbprint)
  }

  ofAuthority(certificate: Certificate): readonly Anchor[] {
    this.#byAuthority ??= Map.groupBy(this.anchors, anchor => authorityOf(anchor.certificate))
    return this.#byAuthority.get(authorityOf(certificate)) ?? []
  }
}

// A name of its own needs no thumbprint: computing one for each of many would cost a start more than anything else here.
function sameOf<Anchor extends TrustAnchor>(
  found: Anchor | Namesakes<Anchor>,
  certificate: Certificate,
): Anchor | undefined {
  if (found instanceof Namesakes) return found.same(certificate)
  return found.certificate.raw.equals(certificate.raw) ? found : undefined
}

/** Whether both have the same exact name and key. Both parts say their own length, so that nothing moves from one into the other. */
export function isOfAuthority(one: Certificate, other: Certificate): boolean {
  return one.subjectAndSpki.equals(other.subjectAndSpki)
}

/** The same as a key for maps. */
export function authorityOf({ subjectAndSpki }: Certificate): string {
  return subjectAndSpki.toString('latin1')
}

import type { TrustAnchor } from '../../pki/path/verdict.ts'
import type { Certificate } from '../../pki/x509/certificate.ts'

/** The trust anchors of all listeners, by who they are: exact name and key (invariant 7). */
export interface AnchorDirectory {
  /** Aliases of the anchor that vouches for the leaf of this path; bindings may name any of them. Empty when there is none. */
  aliases(path: readonly Certificate[]): readonly string[]
  /** aliases that name two different authorities, in lower case: no binding may count on them */
  readonly ambiguous: ReadonlySet<string>
  /** every alias that can be named, in lower case */
  readonly known: ReadonlySet<string>
}

/**
 * Two entries with the same name and key are one authority, however often its certificate was renewed or imported, and a binding
 * to either alias holds for both. An alias that stands for two authorities, in two trust stores say, stands for none.
 */
export function createAnchorDirectory(anchors: readonly TrustAnchor[]): AnchorDirectory {
  const byAlias = new Map<string, Set<string>>()
  const byAuthority = new Map<string, Set<string>>()
  for (const { alias, certificate } of anchors) {
    const name = alias.toLowerCase()
    const authority = authorityKey(certificate)
    add(byAlias, name, authority)
    add(byAuthority, authority, name)
  }
  const ambiguous = new Set([...byAlias].flatMap(([alias, authorities]) => (authorities.size > 1 ? [alias] : [])))
  const known = new Set([...byAlias.keys()].filter(alias => !ambiguous.has(alias)))
  return {
    ambiguous,
    known,
    aliases(path) {
      // The nearest authority of the path that the trust stores know is the one that vouches. Were it the last one, a client
      // could choose, by the intermediates that it sends, between the anchors of a cross-signed authority and their bindings.
      const above = path.length === 1 ? path : path.slice(1)
      for (const certificate of above) {
        const aliases = byAuthority.get(authorityKey(certificate))
        if (aliases !== undefined) return [...aliases].filter(alias => known.has(alias))
      }
      return []
    },
  }
}

function add(map: Map<string, Set<string>>, key: string, value: string): void {
  const set = map.get(key)
  if (set === undefined) map.set(key, new Set([value]))
  else set.add(value)
}

/** An authority is its exact name and its key; all else about its certificate may change with a renewal. */
function authorityKey(certificate: Certificate): string {
  return `${certificate.subject.raw.toString('latin1')} ${certificate.spki.toString('latin1')}`
}

import { isOfAuthority } from '../../pki/path/anchors.ts'
import type { Certificate } from '../../pki/x509/certificate.ts'
import { anchorIndexOf, sharedAnchors, type TenantAnchor } from '../trust/tenant-paths.ts'

/** The trust anchors of all listeners, by who they are: exact name and key (invariant 7). */
export interface AnchorDirectory {
  /** The anchors as the bindings of one tenant see them: its own, and those for everybody. */
  seenBy(tenant: string): AnchorView
  /** Aliases by which bindings of any tenant could name what vouches for the leaf of this path. */
  aliases(path: readonly Certificate[]): readonly string[]
}

export interface AnchorView {
  /** undefined: the view of every tenant that has no anchors of its own */
  readonly owner: string | undefined
  /** Aliases of the anchor that vouches for the leaf of this path; bindings may name any of them. Empty when there is none. */
  aliases(path: readonly Certificate[]): readonly string[]
  /** aliases that name two different authorities, in lower case: no binding may count on them */
  readonly ambiguous: ReadonlySet<string>
  /** every alias that can be named, in lower case */
  readonly known: { readonly size: number; has(alias: string): boolean }
  /** one of them */
  example(): string | undefined
}

export function createAnchorDirectory(anchors: readonly TenantAnchor[]): AnchorDirectory {
  const shared = sharedAnchors(anchors)
  const everybody = createView(shared, undefined)
  const views = new Map<string, AnchorView>()
  const owned = shared === anchors ? [] : anchors.filter(({ tenant }) => tenant !== undefined)
  for (const [tenant, own] of Map.groupBy(owned, anchor => anchor.tenant!))
    views.set(tenant, createView([...shared, ...own], tenant))
  return {
    seenBy: tenant => views.get(tenant) ?? everybody,
    aliases: path => [...new Set([everybody, ...views.values()].flatMap(view => view.aliases(path)))],
  }
}

/**
 * Two entries with the same name and key are one authority, however often its certificate was renewed or imported, and a binding
 * to either alias holds for both. An alias that stands for two authorities, in two trust stores say, stands for none.
 */
function createView(anchors: readonly TenantAnchor[], owner: string | undefined): AnchorView {
  const index = anchorIndexOf(anchors)
  const byAlias = new Map<string, TenantAnchor>()
  const ambiguous = new Set<string>()
  for (const anchor of anchors) {
    const alias = anchor.alias.toLowerCase()
    const first = byAlias.getOrInsert(alias, anchor)
    if (first !== anchor && !isOfAuthority(first.certificate, anchor.certificate)) ambiguous.add(alias)
  }
  const known = {
    size: byAlias.size - ambiguous.size,
    has: (alias: string) => byAlias.has(alias) && !ambiguous.has(alias),
  }
  return {
    owner,
    ambiguous,
    known,
    example: () => byAlias.keys().find(known.has),
    aliases(path) {
      // The nearest authority of the path that the trust stores know is the one that vouches. Were it the last one, a client
      // could choose, by the intermediates that it sends, between the anchors of a cross-signed authority and their bindings.
      const above = path.length === 1 ? path : path.slice(1)
      for (const certificate of above) {
        const entries = index.ofAuthority(certificate)
        if (entries.length > 0) return [...new Set(entries.map(({ alias }) => alias.toLowerCase()))].filter(known.has)
      }
      return []
    },
  }
}

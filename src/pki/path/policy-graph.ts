import { anyPolicy, type PolicyMapping } from '../x509/policies.ts'

interface Node {
  readonly policy: string
  expected: Iterable<string>
  /** of the level above */
  readonly parents: readonly Node[]
}

/**
 * valid_policy_graph of RFC 9618, which replaces the policy tree of RFC 5280: one node for each policy and level, so that the work
 * grows with the certificates and not with the product of their mappings (the tree cost OpenSSL CVE-2023-0464, Go CVE-2026-32281).
 */
export class PolicyGraph {
  #level: Map<string, Node> = new Map([[anyPolicy, { policy: anyPolicy, expected: [anyPolicy], parents: [] }]])

  /** Whether no policy is left that is valid for the whole path down to here. */
  get empty(): boolean {
    return this.#level.size === 0
  }

  clear(): void {
    this.#level = new Map()
  }

  /** RFC 9618 section 5.3, step (d) of RFC 5280 section 6.1.3: one level down, with the policies of the next certificate. */
  descend(policies: readonly string[], any: 'any allowed' | 'any inhibited'): void {
    const wanted = new Map<string, Node[]>()
    for (const node of this.#level.values()) {
      for (const policy of node.expected) wanted.getOrInsert(policy, []).push(node)
    }
    const anyNode = this.#level.get(anyPolicy)
    const next = new Map<string, Node>()
    const add = (policy: string, parents: readonly Node[]) => next.set(policy, { policy, expected: [policy], parents })
    for (const policy of policies) {
      if (policy === anyPolicy) continue
      const parents = wanted.get(policy) ?? (anyNode === undefined ? [] : [anyNode])
      if (parents.length > 0) add(policy, parents)
    }
    if (any === 'any allowed' && policies.includes(anyPolicy)) {
      for (const [policy, parents] of wanted) if (!next.has(policy)) add(policy, parents)
    }
    this.#level = next
  }

  /** RFC 9618 section 5.4, step (b) of RFC 5280 section 6.1.4. */
  map(mappings: readonly PolicyMapping[], how: 'mapped' | 'inhibited'): void {
    const grouped = Map.groupBy(mappings, ({ issuerDomain }) => issuerDomain)
    const anyNode = this.#level.get(anyPolicy)
    for (const [policy, pairs] of grouped) {
      const expected = new Set(pairs.map(({ subjectDomain }) => subjectDomain))
      const node = this.#level.get(policy)
      if (how === 'inhibited') this.#level.delete(policy)
      else if (node !== undefined) node.expected = expected
      else if (anyNode !== undefined) this.#level.set(policy, { policy, expected, parents: anyNode.parents })
    }
  }

  /** RFC 9618 section 5.5, step (g) of RFC 5280 section 6.1.5: whether one of `accepted` (undefined: any) is valid for the path. */
  allows(accepted: readonly string[] | undefined): boolean {
    if (accepted === undefined || accepted.includes(anyPolicy)) return !this.empty
    if (this.#level.has(anyPolicy)) return true
    const seen = new Set<Node>(this.#level.values())
    // sets are walked in the order of insertion, including what is added on the way: up to the first authority that named a policy
    for (const node of seen) {
      if (accepted.includes(node.policy) && node.parents.some(({ policy }) => policy === anyPolicy)) return true
      for (const parent of node.parents) seen.add(parent)
    }
    return false
  }
}

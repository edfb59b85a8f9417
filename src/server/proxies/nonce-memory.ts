/** What was used once, for as long as it could be used again. */
export interface NonceMemory {
  /** `full`: so many came at a time that nobody can tell any more */
  note(nonce: string): 'new' | 'used' | 'full'
}

/**
 * Two generations, each of which lasts as long as a nonce has to be remembered: nothing is looked for by its age, and forgetting is one
 * assignment. `span` and `now` in milliseconds.
 */
export function createNonceMemory(span: number, now: () => number, capacity = 500_000): NonceMemory {
  let young = new Set<string>()
  let old = new Set<string>()
  let since = now()
  return {
    note(nonce) {
      const age = now() - since
      if (age < 0 || age >= span) {
        // A clock that was set back says nothing about what is still good: nothing is forgotten then.
        old = age >= 2 * span ? new Set() : age < 0 ? new Set([...old, ...young]) : young
        young = new Set()
        since = now()
      }
      if (young.has(nonce) || old.has(nonce)) return 'used'
      if (young.size + old.size >= capacity) return 'full'
      young.add(nonce)
      return 'new'
    },
  }
}

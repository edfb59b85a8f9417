/** Tells entries of one name apart by a number: ca, ca-2, ca-3. */
export class UniqueAliases {
  readonly #taken: Set<string>
  /** by name: the number to try next, so that many entries of one name cost no more than others */
  readonly #next = new Map<string, number>()

  constructor(taken: Iterable<string> = []) {
    this.#taken = new Set([...taken].map(alias => alias.toLowerCase()))
  }

  of(name: string): string {
    const key = name.toLowerCase()
    if (!this.#taken.has(key)) {
      this.#taken.add(key)
      return name
    }
    let number = this.#next.get(key) ?? 2
    while (this.#taken.has(`${key}-${number}`)) number++
    this.#next.set(key, number + 1)
    this.#taken.add(`${key}-${number}`)
    return `${name}-${number}`
  }
}

const prefix = 'bulkId:'

/** The bulkId that a text refers to. */
export function bulkIdOf(text: unknown): string | undefined {
  return typeof text === 'string' && text.startsWith(prefix) ? text.slice(prefix.length) : undefined
}

/** Every bulkId that the data refers to. */
export function referencesIn(data: unknown): ReadonlySet<string> {
  const found = new Set<string>()
  replaceTexts(data, text => {
    const id = bulkIdOf(text)
    if (id !== undefined) found.add(id)
    return text
  })
  return found
}

/** Puts the identifiers in the place of the references, in the data itself. What `ids` does not have is left. */
export function resolveReferences(data: unknown, ids: ReadonlyMap<string, string>): unknown {
  return replaceTexts(data, text => ids.get(bulkIdOf(text) ?? '') ?? text)
}

/** Replaces every text in the data. Without recursion: JSON may be nested deeper than calls can be. */
function replaceTexts(data: unknown, replace: (text: string) => string): unknown {
  if (typeof data === 'string') return replace(data)
  const waiting: object[] = typeof data === 'object' && data !== null ? [data] : []
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    for (const [name, value] of Object.entries(next)) {
      if (typeof value === 'object' && value !== null) waiting.push(value)
      // What is called so is read by nobody, and setting it would set something else.
      else if (typeof value === 'string' && name !== '__proto__') Object.assign(next, { [name]: replace(value) })
    }
  }
  return data
}

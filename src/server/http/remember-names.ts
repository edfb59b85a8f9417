/**
 * What a field's name means, found out once. Names repeat from message to message. The memory is bounded, and an answer of undefined is not
 * kept: whoever invents names makes messages a little slower, and nothing else.
 */
export function rememberNames<T>(find: (name: string) => T): (name: string) => T {
  const known = new Map<string, T>()
  return name => {
    const before = known.get(name)
    if (before !== undefined) return before
    const found = find(name)
    if (known.size < 512 && name.length < 64 && found !== undefined) known.set(name, found)
    return found
  }
}

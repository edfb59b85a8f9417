/** A client that sends more under one name means something else by it, or nothing good. */
const maxValues = 4

/**
 * The values of one cookie, in their order (RFC 6265 section 5.4: a client may send several of one name, set for several paths). Values in
 * quotation marks are not taken apart: this server sets none.
 */
export function cookieValues(field: string | readonly string[] | undefined, name: string): readonly string[] {
  if (typeof field !== 'string' || !field.includes(name)) return []
  const values: string[] = []
  for (const pair of field.split(';')) {
    const equals = pair.indexOf('=')
    if (equals > 0 && pair.slice(0, equals).trim() === name) values.push(pair.slice(equals + 1).trim())
    if (values.length === maxValues) break
  }
  return values
}

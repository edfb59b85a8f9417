/**
 * A name as a header field value that no name can break out of: UTF-8, percent-encoded (RFC 3986 section 2.1) wherever an octet is not
 * visible ASCII, and for `%` itself and the separators `"`, `,` and `;`. So two different names never look the same, a list of
 * names can be joined with commas, and `alice`, `alice@example.org` and `partner/alice` stay as they are.
 */
export function encodeFieldValue(name: string): string {
  if (plain.test(name)) return name
  // A lone surrogate has no UTF-8; replacing it would let two names meet.
  if (!name.isWellFormed()) throw new TypeError('a name with a lone surrogate cannot be sent in a header')
  let encoded = ''
  for (const octet of Buffer.from(name, 'utf8')) {
    const character = String.fromCharCode(octet)
    encoded += plain.test(character) ? character : `%${octet.toString(16).toUpperCase().padStart(2, '0')}`
  }
  return encoded
}

/** Visible ASCII without `"` (22), `%` (25), `,` (2c) and `;` (3b). */
const plain = /^[\x21\x23\x24\x26-\x2b\x2d-\x3a\x3c-\x7e]+$/

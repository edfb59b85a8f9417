import { isUserName } from '../bindings/user-name.ts'

export interface AssertionHeader {
  /** as the administrator spells it */
  readonly name: string
  /** base64 of UTF-8, as WSO2's clients send it; or plain: UTF-8 as it is */
  readonly encoding: 'base64' | 'plain'
}

export type Assertion =
  | { readonly kind: 'absent' }
  | { readonly kind: 'user'; readonly user: string }
  | { readonly kind: 'malformed'; readonly reason: string }

/** Of a request header: an array when it came more than once. */
type FieldValue = string | readonly string[] | undefined

/** Longer values are not looked at: base64 of the longest user name in four-byte characters, and some. */
const maxLength = 1400

/**
 * The user that the client names. Strict: there is one way to write each name, so that no proxy, log or other decoder before or
 * after this one reads another. HTTP joins a header that came twice with a comma; neither encoding lets one through.
 */
export function readAssertion(value: FieldValue, { encoding }: AssertionHeader): Assertion {
  if (value === undefined) return { kind: 'absent' }
  if (typeof value !== 'string') return malformed('came more than once')
  if (value.length > maxLength) return malformed('is too long')
  if (value.includes(',')) return malformed('came more than once, or holds a comma')
  const octets = encoding === 'base64' ? canonicalBase64(value) : Buffer.from(value, 'latin1')
  if (octets === undefined) return malformed('is not base64 in its canonical form, with padding')
  const user = utf8(octets)
  return user === undefined ? malformed('does not hold UTF-8') : readName(user)
}

/** The same from text that was decoded already, such as that of a SOAP header block. Every character counts, blanks as well. */
export function readAssertedText(text: string): Assertion {
  return text.length > maxLength ? malformed('is too long') : readName(text)
}

/**
 * What a plain header such as `WSO2-Identity-User` asserts, as text for `ChainRequest.assertedUser`; undefined when it did not come. One
 * that came twice, or is not UTF-8, becomes the empty name, which is refused as malformed.
 */
export function assertedByHeader(value: FieldValue): string | undefined {
  if (value === undefined) return undefined
  return typeof value === 'string' && !value.includes(',') ? (utf8(Buffer.from(value, 'latin1')) ?? '') : ''
}

function readName(user: string): Assertion {
  return isUserName(user)
    ? { kind: 'user', user }
    : malformed('holds no user name, or characters that no user name has')
}

function malformed(reason: string): Assertion {
  return { kind: 'malformed', reason }
}

// RFC 4648 section 4; encoding the octets again tells of a missing padding, stray bits in it, and letters of other alphabets
function canonicalBase64(text: string): Buffer | undefined {
  const octets = Buffer.from(text, 'base64')
  return octets.toString('base64') === text ? octets : undefined
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function utf8(octets: Buffer): string | undefined {
  try {
    return strictUtf8.decode(octets)
  } catch {
    return undefined
  }
}

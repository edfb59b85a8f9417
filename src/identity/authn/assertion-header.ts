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

/** Longer values are not looked at: base64 of the longest user name in four-byte characters, and some. */
const maxLength = 1400

/**
 * The user that the client names. Strict: there is one way to write each name, so that no proxy, log or other decoder before or
 * after this one reads another. HTTP joins a header that came twice with a comma; neither encoding lets one through.
 */
export function readAssertion(value: string | readonly string[] | undefined, { encoding }: AssertionHeader): Assertion {
  if (value === undefined) return { kind: 'absent' }
  if (typeof value !== 'string') return malformed('came more than once')
  if (value.length > maxLength) return malformed('is too long')
  if (value.includes(',')) return malformed('came more than once, or holds a comma')
  const octets = encoding === 'base64' ? canonicalBase64(value) : Buffer.from(value, 'latin1')
  if (octets === undefined) return malformed('is not base64 in its canonical form, with padding')
  const user = utf8(octets)
  if (user === undefined) return malformed('does not hold UTF-8')
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

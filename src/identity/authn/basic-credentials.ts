export interface BasicCredentials {
  readonly name: string
  readonly password: string
}

/** Characters of the longest header value that is looked at: the longest name and password, and then some. */
const maxLength = 4096

const scheme = /^basic(?: +|$)/i

/** Whether an Authorization header is of the Basic scheme, well-formed or not. */
export function isBasic(authorization: string): boolean {
  return scheme.test(authorization)
}

/**
 * Reads `Basic BASE64(user-id ":" password)` (RFC 7617 section 2), or answers undefined. Strict, so that no two programs read one
 * header differently: canonical base64, valid UTF-8, no control characters. The first colon divides; the password may hold more.
 */
export function readBasicCredentials(authorization: string): BasicCredentials | undefined {
  if (authorization.length > maxLength || !isBasic(authorization)) return undefined
  const token = authorization.replace(scheme, '')
  const bytes = Buffer.from(token, 'base64')
  if (bytes.toString('base64') !== token) return undefined
  const text = decodeUtf8(bytes)
  const colon = text?.indexOf(':') ?? -1
  if (text === undefined || colon < 1 || /\p{Cc}/u.test(text)) return undefined
  return { name: text.slice(0, colon), password: text.slice(colon + 1) }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes)
  } catch {
    return undefined
  }
}

/** Where a request goes, read once for everyone. */
export interface Target {
  readonly path: string
  readonly query: string
}

/** Nothing to decode, nothing to doubt: what nearly every request is. */
const plain = /^(?:\/[A-Za-z0-9_~!$&'()*+,=:@-][A-Za-z0-9_~!$&'()*+,=:@.-]*)+\/?$|^\/$/

/**
 * Reads an origin-form request target (RFC 9112 section 3.2.1). A string is the reason why it is refused: whatever a resource behind
 * the gateway might read as another path than the access policy did is not passed on (dot segments, empty segments, path parameters,
 * encoded slashes, a second layer of percent-encoding).
 */
export function readTarget(target: string): Target | string {
  const known = recent.get(target)
  if (known !== undefined) return known
  const read = readNew(target)
  if (typeof read === 'string' || target.length > longestKept) return read
  if (recent.size >= mostKept) recent.clear()
  recent.set(target, read)
  return read
}

// Most requests are for something that was just asked for.
const recent = new Map<string, Target>()
const mostKept = 500
const longestKept = 200

function readNew(target: string): Target | string {
  const mark = target.indexOf('?')
  const path = mark === -1 ? target : target.slice(0, mark)
  const query = mark === -1 ? '' : target.slice(mark + 1)
  if (plain.test(path)) return query.includes('#') ? fragment : { path, query }
  return readPath(path, query)
}

const fragment = 'A request target has no fragment.'

function readPath(raw: string, query: string): Target | string {
  if (!raw.startsWith('/')) return 'The request target is not a path.'
  if (raw.includes('#') || query.includes('#')) return fragment
  if (/[^\x21-\x7e]/.test(raw)) return 'The path holds a character that has to be percent-encoded.'
  if (/%(?![0-9A-Fa-f]{2})/.test(raw)) return 'The path holds a percent sign that starts no encoded octet.'
  if (/%(?:2f|5c)/i.test(raw)) return 'The path holds an encoded slash or backslash.'
  const path = decode(raw)
  if (path === undefined) return 'The path is not UTF-8.'
  if (/\p{Cc}/u.test(path)) return 'The path holds a control character.'
  if (path.includes('\\')) return 'The path holds a backslash.'
  if (path.includes(';')) return 'The path holds a parameter (a semicolon).'
  if (/%[0-9A-Fa-f]{2}/.test(path)) return 'The path is percent-encoded twice.'
  if (path.includes('//')) return 'The path holds an empty segment.'
  if (/\/\.{1,2}(?:\/|$)/.test(path)) return 'The path holds a dot segment.'
  return { path, query }
}

function decode(raw: string): string | undefined {
  try {
    return decodeURIComponent(raw)
  } catch {
    return undefined
  }
}

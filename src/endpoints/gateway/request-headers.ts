import { rememberNames } from '../../server/http/remember-names.ts'
import { isProtectedName, ownNames } from './protected-names.ts'

export interface RequestHeaderRules {
  /** lower-case names that do not pass, whatever they are: the header that names a user, `authorization`, what the route drops */
  readonly dropped: readonly string[]
  /** lower-case names that pass although other software takes them for identity; never those that this server sets */
  readonly passed: readonly string[]
}

/** Makes the function that says which of a client's header lines an upstream gets to see: names and values in turn, as they came. */
export function createRequestHeaderFilter(
  isWithheld: (name: string) => boolean,
): (rawHeaders: readonly string[]) => string[] {
  const passes = rememberNames(name => {
    const lower = name.toLowerCase()
    return !(hopByHop.has(lower) || framing.has(lower) || isWithheld(lower))
  })
  return rawHeaders => {
    const named = connectionOptions(rawHeaders)
    const kept: string[] = []
    let cookie = -1
    for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
      const name = rawHeaders[i]!
      const value = rawHeaders[i + 1]!
      if (!passes(name) || named?.has(name.toLowerCase())) continue
      // RFC 9113 section 8.2.3: HTTP/2 may split the cookie; in HTTP/1.1 it is one line.
      if (name.length === 6 && name.toLowerCase() === 'cookie') {
        if (cookie >= 0) {
          kept[cookie] = `${kept[cookie]}; ${value}`
          continue
        }
        cookie = kept.length + 1
      }
      kept.push(name, value)
    }
    return kept
  }
}

/** Makes the function that says whether a field (lower-case name) is nothing that a client may tell an upstream. */
export function createWithholding(rules: RequestHeaderRules): (name: string) => boolean {
  const dropped = new Set(rules.dropped.map(name => name.toLowerCase()))
  const passed = new Set(rules.passed.map(name => name.toLowerCase()).filter(name => !ownNames.has(name)))
  return name => dropped.has(name) || (isProtectedName(name) && !passed.has(name))
}

/**
 * RFC 9110 section 7.6.1: what a Connection header names belongs to that connection and goes no further. Only the
 * client's own lines are looked up here. Ours are added later, so that `Connection: x-forwarded-user` removes nothing.
 */
export function connectionOptions(rawHeaders: readonly string[]): ReadonlySet<string> | undefined {
  let named: Set<string> | undefined
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!
    if (name.length !== 10 || name.toLowerCase() !== 'connection') continue
    const value = rawHeaders[i + 1]!
    if (value === 'keep-alive' || value === 'close') continue
    named ??= new Set()
    for (const option of value.split(',')) named.add(option.trim().toLowerCase())
  }
  return named
}

/** RFC 9110 section 7.6.1, with the older names of the same, and what is agreed with the next hop only. */
export const hopByHop: ReadonlySet<string> = new Set([
  'connection',
  'expect',
  'http2-settings',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authentication-info',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** Written anew for the upstream from what the parser understood. */
const framing: ReadonlySet<string> = new Set(['content-length', 'host'])

import type { Remote } from '../connection.ts'
import { readVersion1 } from './version-1.ts'
import { readVersion2 } from './version-2.ts'

/** What stands before the first byte of the client, by the balancer that passes the connection on. */
export type ProxyHeader =
  /** so far it can become one */
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'complete'; readonly length: number; readonly source: ProxySource }
  /** `started`: what came is the beginning of one at least */
  | { readonly kind: 'refused'; readonly started: boolean; readonly reason: string }

/** Where the client is. `unknown`: the balancer does not know. `balancer`: it is the balancer itself, which looks whether somebody is here. */
export type ProxySource = Remote | 'unknown' | 'balancer'

/**
 * Reads the header of the PROXY protocol, version 1 or 2, at the beginning of these octets; what follows it is not looked at. Asked again
 * with more octets for as long as it is incomplete, which `longestHeader` octets of version 2 are at most.
 */
export function readProxyHeader(octets: Buffer): ProxyHeader {
  return readVersion1(octets) ?? readVersion2(octets) ?? notOne
}

const notOne: ProxyHeader = {
  kind: 'refused',
  started: false,
  reason: 'does not begin with a header of the PROXY protocol',
}

import { isIPv4, isIPv6, SocketAddress } from 'node:net'
import { beginsLike } from './begins-like.ts'
import type { ProxyHeader } from './proxy-header.ts'

/** Section 2.1: one line of text. undefined: it is none of this version. */
export function readVersion1(octets: Buffer): ProxyHeader | undefined {
  if (!beginsLike(octets, beginning)) return undefined
  const end = octets.subarray(0, longestLine).indexOf(lineFeed)
  if (end === -1) return octets.length < longestLine ? { kind: 'incomplete' } : malformed('is longer than 107 octets')
  const line = octets.toString('latin1', 0, end + 1)
  if (!line.endsWith('\r\n')) return malformed('ends with a line feed alone')
  const [, family = '', ...rest] = line.slice(0, -2).split(' ')
  if (family === 'UNKNOWN') return { kind: 'complete', length: end + 1, source: 'unknown' }
  const isAddress = families.get(family)
  if (isAddress === undefined) return malformed('names neither TCP4 nor TCP6 nor UNKNOWN')
  const [source = '', destination = '', sourcePort = '', destinationPort = ''] = rest
  if (rest.length !== 4) return malformed('has not two addresses and two ports')
  if (![source, destination].every(isAddress)) return malformed(`has an address that is not one of ${family}`)
  if (![sourcePort, destinationPort].every(isPort)) return malformed('has a port that is none')
  const { address } = new SocketAddress({ address: source, family: isIPv4(source) ? 'ipv4' : 'ipv6' })
  return { kind: 'complete', length: end + 1, source: { address, port: Number(sourcePort) } }
}

function malformed(reason: string): ProxyHeader {
  return { kind: 'refused', started: true, reason: `begins with a line of PROXY that ${reason}` }
}

const beginning = Buffer.from('PROXY ')
const lineFeed = 0x0a

/** With both ends of the line. */
const longestLine = 107

/** A zone (`%eth0`) means something on the balancer only. */
const families = new Map<string, (text: string) => boolean>([
  ['TCP4', isIPv4],
  ['TCP6', text => isIPv6(text) && !text.includes('%')],
])

const isPort = (text: string): boolean => /^(?:0|[1-9]\d{0,4})$/.test(text) && Number(text) <= 65_535
